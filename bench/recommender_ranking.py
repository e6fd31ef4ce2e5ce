"""How long 500 candidates take to be ranked for a shopper with 20 liked items: features, scores, the chosen 20.

`OMP_NUM_THREADS=1 python -m bench.recommender_ranking` prints it, and writes bench/reports/recommender-ranking.md. The
recommender answers several requests at once, so one thread is what each has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from services.embedder.manifest import SHIPPED, model_of, read_manifest
from services.recommender.choosing import Field, choose
from services.recommender.evidence import Evidence, Seeds
from services.recommender.features import plain, score
from services.recommender.history import Act
from services.recommender.items import Item, item_of
from services.recommender.settings import Settings
from services.recommender.taste import taste_of

REPORT = Path(__file__).parent / "reports" / "recommender-ranking.md"
CANDIDATES, LIKED, PICTURES, TIMES = 500, 20, 3, 1_000


def items(dimension: int) -> list[Item]:
    """Of vectors by chance: the time does not depend on what they show."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(LIKED + CANDIDATES):
        vectors = rng.standard_normal((PICTURES, dimension)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        kind = ("ring", "earring", "necklace")[number % 3]
        facts = {"type": kind, "metal": "gold", "price": 100.0 + number, "created_ts": 1.7e9 + number}
        made.append(item_of(f"P-{number}", vectors, ("",) * PICTURES, facts, None, (kind,)))
    return made


def timed() -> Sequence[float]:
    """ms of each ranking."""
    model = model_of(read_manifest(SHIPPED))
    made = items(model.dimension)
    liked, candidates = {item.sku: item for item in made[:LIKED]}, made[LIKED:]
    now = datetime.now(UTC)
    acts = [Act(sku, "clicked", now - timedelta(hours=hours)) for hours, sku in enumerate(liked)]
    weights = Settings(broker_url="", vector_store_url="", database_url="").weights
    nobody = np.zeros(CANDIDATES)
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        taste = taste_of(acts, weights, now)
        seeds = Seeds(taste, (), "home", liked)
        evidence = Evidence(seeds.items, candidates, model, nobody, now.timestamp())
        x = evidence.features(seeds.strengths(taste), nobody)
        field = Field(
            scores=score(plain.logits(x)),
            vectors=np.stack([item.vectors[0] for item in candidates]),
            types=evidence.types,
            spoken_for=x[:, 0] > 0,
            age_days=evidence.age_days,
        )
        choose(field, 20, diversity=0.1, looked_for=(), explore=0.05, draw=lambda _: (0.5, 0.5))
        took.append((time.perf_counter() - started) * 1e3)
    return took


def main() -> None:
    load = os.getloadavg()[0]
    p50, p99 = np.quantile(timed()[10:], [0.5, 0.99])
    lines = [
        "# Ranking",
        "",
        f"Made by `make bench-recommender` on one thread of {os.cpu_count()} cores; the load was {load:.1f}.",
        f"{CANDIDATES} candidates of {PICTURES} pictures each, for a shopper with {LIKED} liked items: features,",
        "scores, and the 20 that are shown.",
        "",
        "| p50 ms | p99 ms (target: 10) |",
        "| --- | --- |",
        f"| {p50:.1f} | {p99:.1f} |",
        "",
    ]
    text = "\n".join(lines)
    print(text)
    REPORT.write_text(text)


if __name__ == "__main__":
    main()
