"""How fast the running local stack answers searches, how soon it knows of a change, and whether pages fit together.

`python -m bench.search_api [--items 10000]` prints the figures, and writes them to bench/reports/search-api.md. Each
search is followed by the bare model and the bare engine on the same photo, in this process on a copy of the index, so
that all of them meet the same load.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench.search_freshness import Paged, freshness, paged
from bench.search_questions import pieces_of_renders
from bench.search_shop import Shop, opened
from bench.search_stack import ask, made_by
from bench.search_timing import LIMIT, Bare, Timed, by_photo, by_words
from tests.support.stack import RunningStack

REPORT = Path(__file__).parent / "reports" / "search-api.md"
CLIENTS, CACHED_SECONDS = 2, 5.0


def cached_rate(stack: RunningStack, query: Mapping[str, Any], photo: Path | None) -> float:
    """Answers/s of one query by two clients."""

    def client(_: int) -> int:
        answered = 0
        with stack.api as api:
            while time.perf_counter() < until:
                ask(api, query, photo)
                answered += 1
        return answered

    with stack.api as api:
        ask(api, query, photo)
    started = time.perf_counter()
    until = started + CACHED_SECONDS
    with ThreadPoolExecutor(CLIENTS) as pool:
        answered = sum(pool.map(client, range(CLIENTS)))
    return answered / (time.perf_counter() - started)


def report(
    made: str, items: int, timed: Sequence[Timed], rates: Mapping[str, float], fresh: Mapping[str, Sequence[float]],
    pages: Paged,
) -> str:  # fmt: skip
    return "\n".join(
        [
            "# Search through the local stack",
            "",
            made,
            f"{items:,} items with a picture and words each.",
            "",
            *(line for one in timed for line in one.lines()),
            "## Asked again",
            "",
            f"One query by {CLIENTS} clients in one process, {CACHED_SECONDS:g} s each.",
            "",
            "| query | answers/s (target: 100) |",
            "| --- | --- |",
            *(f"| {name} | {rate:.0f} |" for name, rate in rates.items()),
            "",
            "## Changes",
            "",
            "From the request that makes a change until searches show it.",
            "",
            "| change | times | p50 ms | p99 ms (target: 1,000) |",
            "| --- | --- | --- | --- |",
            *(
                f"| {name} | {len(took)} | {np.quantile(took, 0.5):.0f} | {np.quantile(took, 0.99):.0f} |"
                for name, took in fresh.items()
            ),
            "",
            "## Pages",
            "",
            f"{pages.listed:,} results in {pages.pages} pages by a photo, while {pages.changed:,} items changed",
            f"({pages.gone} of them were removed): {pages.repeated} came twice (target: 0), {pages.skipped} were left",
            f"out though they were there all the time (target: 0). A page took {pages.p50_ms:.0f} ms at p50.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--changes", type=int, default=50, help="So many of each kind are timed.")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    pieces = pieces_of_renders()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stack = RunningStack(folder / "home")
        try:
            shop: Shop = opened(stack, pieces, given.items, folder)
            stack.stop()
            bare = Bare(stack.home, folder)
            stack.start()
            titles = [str(item["title"]) for item in shop.items.values()]
            timed = [
                by_photo(stack, bare, pieces),
                by_words(stack, bare, "By words: titles, mostly understood", titles),
                by_words(stack, bare, "By words: sentences", [piece.words.description for piece in pieces]),
            ]
            bare.store.close()
            rates = {
                "a photo": cached_rate(stack, {"limit": LIMIT}, pieces[0].photo),
                "words": cached_rate(stack, {"limit": LIMIT, "words": titles[0]}, None),
            }
            fresh = freshness(stack, shop, given.changes)
            pages = paged(stack, shop, pieces[1].photo, min(1_000, given.items // 2))
        finally:
            stack.stop()
    text = report(made_by("bench-search-api", load), given.items, timed, rates, fresh, pages)
    print(text)
    given.report.write_text(text)


if __name__ == "__main__":
    main()
