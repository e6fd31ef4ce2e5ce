"""Measures the served model against its peers on the public interactions, in one run; goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.recommend import figures, peers, served
from lab.recommend.figures import Figures, Lister
from lab.recommend.interactions import Interactions, Questions
from services.recommender.together_counting import Recipe

CHOSEN_ON = 10_000
Options = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """`fit` learns with one of the `grid`'s options; the one with the best NDCG@10 on validation targets is tested."""

    name: str
    fit: Callable[[Interactions, Options], Lister]
    grid: Sequence[Options] = field(default_factory=lambda: [{}])


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tried`: every option with its figures on validation targets; `test` is of the `chosen` one, `seconds` of all."""

    name: str
    chosen: Options
    tried: Sequence[tuple[Options, Figures]]
    test: Figures
    seconds: float


def models() -> list[Model]:
    """The served model, by recipes around the recommender's own, and its peers."""
    own = asdict(Recipe()) | {"nearness": 0.95, "backward": 0.8, "damping": 0.2, "fading": 0.8}
    others: list[Options] = [
        {"nearness": 0.9, "backward": 0.7},
        {"nearness": 1.0, "backward": 1.0},
        {"backward": 1.0},
        {"backward": 0.6},
        {"damping": 0.0},
        {"damping": 0.4},
        {"fading": 0.7},
        {"fading": 0.9},
    ]
    return [
        Model("popularity", peers.popularity),
        Model("co-occurrence", peers.cooccurrence),
        Model("ItemKNN", peers.item_knn, [{"shrinkage": s, "fading": f} for s in (10, 100, 1000) for f in (1.0, 0.8)]),
        Model("BPR", peers.bpr, [{"factors": 64, "regularization": r} for r in (0.01, 0.05)]),
        Model(
            "ALS",
            peers.als,
            [
                {"factors": 64, "regularization": 5.0, "alpha": 10.0},
                {"factors": 128, "regularization": 5.0, "alpha": 10.0},
                {"factors": 256, "regularization": 10.0, "alpha": 10.0},
                {"factors": 256, "regularization": 20.0, "alpha": 20.0},
                {"factors": 512, "regularization": 20.0, "alpha": 10.0},
            ],
        ),
        Model("EASE", peers.ease, [{"ridge": r, "fading": f} for r in (200.0, 800.0) for f in (1.0, 0.8)]),
        Model("together (served)", served.together, [own, *({**own, **other} for other in others)]),
    ]


def evaluate(data: Interactions, all_models: Sequence[Model], cache: Path) -> list[Outcome]:
    """Choose each model's options on the validation targets of 10,000 shoppers, then ask it once for the test's."""
    return [_outcome(data, model, cache) for model in all_models]


def _outcome(data: Interactions, model: Model, cache: Path) -> Outcome:
    validation = data.validation.sample(CHOSEN_ON)
    tried = [(options, measured(data, model, options, "validation", validation, cache)) for options in model.grid]
    chosen = max(tried, key=lambda one: one[1][0].ndcg10)[0]
    test, seconds = measured(data, model, chosen, "test", data.test, cache)
    total = seconds + sum(one[1][1] for one in tried)
    return Outcome(model.name, chosen, [(options, found[0]) for options, found in tried], test, total)


def measured(
    data: Interactions, model: Model, options: Options, part: str, questions: Questions, cache: Path
) -> tuple[Figures, float]:
    """The figures and how many seconds they took; kept in `cache`, where a run that was stopped finds them again."""
    name = json.dumps([model.name, dict(options), part, len(questions.had), data.items, len(data.sequences)])
    kept = cache / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"
    if kept.exists():
        told: dict[str, Any] = json.loads(kept.read_text())
        return Figures(**told["figures"]), told["seconds"]
    started = time.monotonic()
    lists = model.fit(data, options)(questions)
    found, seconds = figures.measure(lists, questions.targets, data.popularity), time.monotonic() - started
    print(
        f"{model.name} {dict(options)} {part}: HR@10 {found.hr10:.4f}, NDCG@10 {found.ndcg10:.4f}, {seconds:.0f} s",
        flush=True,
    )
    cache.mkdir(parents=True, exist_ok=True)
    written = kept.with_suffix(f".{os.getpid()}")
    written.write_text(json.dumps({"of": name, "figures": found.told(), "seconds": seconds}))
    written.rename(kept)
    return found, seconds
