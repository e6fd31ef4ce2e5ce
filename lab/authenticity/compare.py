"""Compares the families that are rendered, by several processes: `python -m lab.authenticity.compare --split test`.

With `--families 500` it runs beside the renders, and ends when so many are compared. A run that was killed goes on.
What it keeps is what `fit` and `evaluate` ask for; where what compares has changed since, all is compared anew.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from functools import cache
from pathlib import Path
from typing import get_args

from lab.authenticity.engine import Served
from lab.authenticity.families import Split
from lab.authenticity.measured import Group, Seen, asked, measured
from lab.authenticity.pairs import claims
from lab.authenticity.render import CACHE
from lab.processes import pool

PATIENCE = 15.0
"""Seconds between two looks for new families."""


def compare(split: Split, families: int | None = None, cache: Path = CACHE, workers: int = 2) -> Iterator[int]:
    """Compare what is rendered of the split, or until so many `families` are; yields how many are compared, each time
    that it has seen to all that there were."""
    engine = _engine()
    with pool(workers) as started:

        def spread(groups: Sequence[Group]) -> Iterator[tuple[Group, list[Seen]]]:
            open_groups = {started.submit(_seen, group): group for group in groups}
            for task in as_completed(open_groups):
                yield open_groups[task], task.result()

        done = -1
        while done < (families or 0):
            found = claims(cache / split, count=families)
            ready = len({claim.group for claim in found})
            if ready == done:
                time.sleep(PATIENCE)
                continue
            measured(found, engine, cache, spread)
            done = ready
            yield done


def _seen(group: Group) -> list[Seen]:
    return asked(_engine(), group)


@cache
def _engine() -> Served:
    """One a process."""
    return Served()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=get_args(Split), required=True)
    parser.add_argument("--families", type=int, help="wait until so many are rendered; those that are by default")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    began = time.perf_counter()
    for done in compare(options.split, options.families, options.cache, options.workers):
        print(f"{done} families of {options.split} compared in {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
