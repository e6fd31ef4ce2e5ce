"""`make evaluate-authenticity`: what is decided of the test families, the table of targets, and the report.

The operating point is that of `services/authenticity/models/decision.json`, fitted on other families.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.authenticity import copies
from lab.authenticity.edits import edited
from lab.authenticity.engine import Served
from lab.authenticity.figures import judged
from lab.authenticity.fit import fit
from lab.authenticity.measured import measured
from lab.authenticity.pairs import claims
from lab.authenticity.real import real_claims
from lab.authenticity.render import CACHE
from lab.authenticity.report import Cost, Fooled, Found, written
from lab.evaluate import sets
from services.authenticity.deciding import MODEL, fitted

OUT = Path("lab/reports/authenticity")
ORIGINALS, OTHERS = 100, 300
"""Pictures that are edited, and pictures that are no copies."""
FOOLED = 40
TIMED = 20
ATTEMPTS = ("sent again", "re-photographed print", "re-photographed screen", "partly pasted", "crop", "JPEG 30")


def evaluate(out: Path = OUT, cache: Path = CACHE, count: int | None = None) -> str:
    """Measure all of it on the test families that are rendered, `count` of them; the report's text."""
    engine = Served()
    model = fitted(MODEL)
    found = claims(cache / "test", count=count)
    seen = measured(found, engine, cache)
    fit_claims = [*claims(cache / "fit"), *real_claims("train", "val")]
    alone = fit(fit_claims, measured(fit_claims, engine, cache), "vectors alone", only=("deep",)).model
    real = real_claims("test")
    real_seen = measured(real, engine, cache)
    references = [
        claim.reference.read_bytes() for claim in found if claim.query.stem[-2:] == "q0" and claim.truth == "same"
    ]
    others = [claim.query.read_bytes() for claim in found if claim.truth == "same"]
    others += [record.path.read_bytes() for record in sets.single_renders()[: 2 * OTHERS : 2]]
    looked = _copies(engine, references[:ORIGINALS], others[:OTHERS], cache)
    told = Found(
        judged(found, seen, model),
        judged(found, seen, alone),
        judged(real, real_seen, model),
        looked,
        [
            *_fooled(engine, references[:FOOLED]),
            Fooled(
                "none: another photo of the piece",
                np.array([one.features["same_picture"] for i, one in enumerate(seen) if found[i].truth == "same"]),
            ),
        ],
        _cost(engine, references, looked),
        model,
        engine.method,
        len({claim.group for claim in fit_claims if not claim.real}),
    )
    engine.close()
    return written(told, out)


def _copies(engine: Served, originals: Sequence[bytes], others: Sequence[bytes], cache: Path) -> list[copies.Copy]:
    """Kept once found: it takes minutes."""
    path = cache / "features" / f"copies-{len(originals)}-{len(others)}-{engine.method.split()[-1]}.json"
    if not path.is_file():
        made = copies.looked_for(engine, originals, others, copies.ASKED)
        path.write_text(json.dumps([[one.edit, one.of, list(one.found), one.seconds] for one in made]))
    rows = json.loads(path.read_text())
    return [copies.Copy(edit, of, [(n, p) for n, p in near], seconds) for edit, of, near, seconds in rows]


def _fooled(engine: Served, references: Sequence[bytes]) -> list[Fooled]:
    """The registered picture itself, sent as if it were a photo of one's own."""
    pictures = [copies.opened(data) for data in references]
    found = []
    for name in ATTEMPTS:
        told = []
        for number, data in enumerate(references):
            beside = [pictures[(number + step) % len(pictures)] for step in (1, 2, 3)]
            query = (
                data if name == "sent again" else copies.as_jpeg(edited(name, pictures[number], 31 + number, beside))
            )
            told.append(engine.compare(query, [data])[0].features["same_picture"])
        found.append(Fooled(name, np.array(told)))
    return found


def _cost(engine: Served, references: Sequence[bytes], looked: Sequence[copies.Copy]) -> Cost:
    """Seconds of one photo against three pictures never seen before, and against known ones; of one copy check."""
    fresh: list[float] = []
    known: list[float] = []
    for number in range(min(TIMED, len(references) // 4)):
        query, *three = references[4 * number : 4 * number + 4]
        for kept in (fresh, known):
            began = time.perf_counter()
            engine.compare(query, three)
            kept.append(time.perf_counter() - began)
            query = copies.as_jpeg(edited("JPEG 30", copies.opened(query), number))
    return Cost(np.array(fresh), np.array(known), np.array([one.seconds for one in looked if one.found]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--count", type=int, help="families; all that are rendered by default")
    options = parser.parse_args()
    print(evaluate(options.out, options.cache, options.count))


if __name__ == "__main__":
    main()
