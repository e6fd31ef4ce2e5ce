"""How fast suggestions are made, how many events are taken in, and how soon the next list knows of one.

`python -m bench.recommender [--users 1000000]` prints the figures, and writes them to bench/reports/recommender.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.recommender_index import fill_index
from bench.recommender_shop import (
    LIMIT,
    events,
    inserted,
    list_times,
    recorded,
    resident_mib,
)
from bench.recommender_stack import BATCH, events_a_second, freshness, skus_of
from bench.search_stack import made_by
from tests.support.stack import RunningStack

REPORT = Path(__file__).parent / "reports" / "recommender.md"
_EACH = 2
"""Events of each of the many users."""
_BUSY, _BUSY_EACH = 500, 40
"""Shoppers whose lists are timed, and their events."""


@dataclass(frozen=True)
class Figures:
    """Times in ms, rates a second."""

    items: int
    users: int
    lists: Sequence[float]
    recorded: float
    plain: float
    resident_mib: float
    batches: int
    accepted: float
    through: float
    fresh: Mapping[str, Sequence[float]]


def report(made: str, found: Figures) -> str:
    def quantiles(took: Sequence[float]) -> str:
        return f"{np.quantile(took, 0.5):.1f} | {np.quantile(took, 0.99):.1f}"

    return "\n".join(
        [
            "# Suggestions",
            "",
            made,
            "",
            "## A list",
            "",
            f"{LIMIT} suggestions out of {found.items:,} items, in this process, for {len(found.lists)} shoppers with",
            f"{_BUSY_EACH} events each, one after the other: history, candidates of all sources, ranking, reasons.",
            "Ranking alone is timed in recommender-ranking.md.",
            "",
            "| p50 ms | p99 ms |",
            "| --- | --- |",
            f"| {quantiles(found.lists)} |",
            "",
            "## Events",
            "",
            f"Through `POST /v1/events` of the local stack: {found.batches} batches of {BATCH:,} by two clients.",
            "Recorded: by the recommender, every message settled. Alone: its own recording, in this process, against",
            "plain `INSERT`s of the same fields with the same two indexes by sqlite3, a commit a batch.",
            "",
            "| what | events/s (target: 5,000) |",
            "| --- | --- |",
            f"| accepted, so durable | {found.accepted:,.0f} |",
            f"| recorded | {found.through:,.0f} |",
            f"| recording alone | {found.recorded:,.0f} |",
            f"| plain sqlite3 | {found.plain:,.0f} |",
            f"| **recording alone / plain sqlite3** | **{found.recorded / found.plain:.2f}** |",
            "",
            "## The next list after an event",
            "",
            "From before a shopper's first event is sent until an answer knows of it.",
            "",
            "| way in | times | p50 ms | p99 ms (target: 1,000) |",
            "| --- | --- | --- | --- |",
            *(f"| {name} | {len(took)} | {quantiles(took)} |" for name, took in found.fresh.items()),
            "",
            "## Memory",
            "",
            f"The history of {found.users:,} users with {_EACH} events each, and an index of {found.items:,} items.",
            f"A process that answered 2,000 of them had at most {found.resident_mib:,.0f} MiB (target: 1,024).",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--changes", type=int, default=100, help="Events whose way to the next list is timed.")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        busy, many = Path(name) / "busy", Path(name) / "many"
        for folder in (busy, many):
            folder.mkdir()
            fill_index(folder, given.items)
        recorded(busy, events(_BUSY, _BUSY_EACH, given.items))
        lists = list_times(busy, range(_BUSY))
        alone = recorded(many, events(given.users, _EACH, given.items))
        plain = inserted(many, events(given.users, _EACH, given.items))
        memory = resident_mib(many, given.users, 2_000)
        stack = RunningStack(Path(name) / "home", sample=True)
        try:
            skus = skus_of(stack)
            fresh = freshness(stack, given.changes, skus)
            accepted, through = events_a_second(stack, given.batches, skus)
        finally:
            stack.stop()
    found = Figures(given.items, given.users, lists, alone, plain, memory, given.batches, accepted, through, fresh)
    text = report(made_by("bench-recommender", load), found)
    print(text)
    given.report.write_text(text)


if __name__ == "__main__":
    main()
