"""What searches find, through the whole local stack, in a catalogue of renders whose every truth is known.

`python -m bench.search_quality [--designs 500] [--each 25] [--pairs 180]` prints the figures, and writes them to
bench/reports/search-quality.md; with `--only photos`, `composed` or `pairs` it prints those alone and writes nothing.
A design's first picture is the shop's, its second one the query's photo.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.search_pairs import Halves, halves, halves_found
from bench.search_questions import COMPOSED, TOP, WORDS_ALONE, Judged, Piece, by_kind, drawn, judged, pieces_of_renders
from bench.search_stack import ask, imported, listed, made_by
from lab.statistics import wilson
from tests.support.stack import RunningStack

REPORT = Path(__file__).parent / "reports" / "search-quality.md"
SEED = 7
PAIRS = 220
"""With the designs' own 61 earrings they are 500 items."""
VOCABULARY_SECONDS = 11
"""After so long the gateway has read the shop's words anew."""
ARMS = {"the shop says attributes, tags and a description": True, "the shop says a title alone": False}
PARTS = ("photos", "composed", "pairs")


@dataclass
class Share:
    right: int = 0
    of: int = 0

    def add(self, right: int, of: int = 1) -> None:
        self.right += right
        self.of += of

    def __str__(self) -> str:
        if not self.of:
            return "none asked"
        low, high = wilson(self.right, self.of)
        return f"{self.right / self.of:.3f} ({low:.2f}-{high:.2f}), {self.right} of {self.of}"


@dataclass
class Figures:
    absent: Share = field(default_factory=Share)
    missed: Share = field(default_factory=Share)
    twins: Share = field(default_factory=Share)
    first: Share = field(default_factory=Share)
    arms: dict[str, list[Judged]] = field(default_factory=dict)
    pairs: Share = field(default_factory=Share)
    earrings: int = 0

    def text(self, made: str) -> str:
        rows = [
            "| what | figure (95% interval) |",
            "| --- | --- |",
            f"| photos of pieces that are not there, answered `no_match` | {self.absent} |",
            f"| photos of pieces that are there, answered `no_match` | {self.missed} |",
            f"| the photographed piece first, all designs there | {self.first} |",
            f"| the right one of its family of near-twins first | {self.twins} |",
            f"| the other half first by `/completes`, among {self.earrings} items with an earring | {self.pairs} |",
        ]
        for arm, judgements in self.arms.items():
            rows += ["", f"## Where {arm}", "", *_table(judgements)]
        return "\n".join(
            [
                "# What searches find among renders",
                "",
                made,
                "",
                *rows,
                "",
                f"Places are the first {TOP} of an answer, or as many as there are pieces that answer; an empty place",
                "does not hold. A metal is its colour (gold, rose gold, or silver for white ones), a stone the main",
                "one. `Show` counts places with what was not to be.",
                "",
            ]
        )


def _table(judgements: Sequence[Judged]) -> list[str]:
    lines = ["| question | asked | places that hold | show |", "| --- | --- | --- | --- |"]
    groups = [(kind, group) for kind, group in by_kind(judgements)]
    for name, kinds in (("words alone, all", WORDS_ALONE), ("composed, all", COMPOSED)):
        groups.append((f"**{name}**", [one for one in judgements if one.question.kind in kinds]))
    for kind, group in groups:
        held = Share()
        for one in group:
            held.add(one.hold, one.places)
        shows = sum(one.shown for one in group) if any(one.question.shows for one in group) else ""
        lines.append(f"| {kind} | {len(group)} | {held} | {shows} |")
    return lines


def measure(
    pieces: Sequence[Piece], each: int, pairs: Sequence[Halves], folder: Path, parts: Collection[str] = PARTS
) -> Figures:
    """The figures of `parts`."""
    stack = RunningStack(folder / "home")
    figures = Figures()
    try:
        with stack.api as api:
            if "photos" in parts:
                _absent_and_missed(stack, api, pieces, folder, figures)
                _import(stack, pieces, folder / "all.csv", attributes=True)
                _photographed(api, pieces, figures)
            for number, (arm, attributes) in enumerate(ARMS.items() if "composed" in parts else ()):
                _import(stack, pieces, folder / f"arm-{number}.csv", attributes=attributes)
                time.sleep(VOCABULARY_SECONDS)
                figures.arms[arm] = list(_asked(api, pieces, each))
            if "pairs" in parts and pairs:
                earrings = [piece for piece in pieces if piece.type == "earring"]
                _import(stack, earrings, folder / "earrings.csv", attributes=False)
                figures.pairs.add(halves_found(stack, pairs, folder / "pairs.csv"), 2 * len(pairs))
                figures.earrings = 2 * len(pairs) + len(earrings)
    finally:
        stack.stop()
    return figures


def _absent_and_missed(
    stack: RunningStack, api: httpx.Client, pieces: Sequence[Piece], folder: Path, figures: Figures
) -> None:
    half = _every_other_family(pieces)
    _import(stack, half, folder / "half.csv", attributes=True)
    there = {piece.sku for piece in half}
    for piece in pieces:
        told = ask(api, {"limit": 1}, piece.photo)["no_match"]
        (figures.missed if piece.sku in there else figures.absent).add(told)


def _asked(api: httpx.Client, pieces: Sequence[Piece], each: int) -> Iterable[Judged]:
    by_sku = {piece.sku: piece for piece in pieces}
    for question in drawn(pieces, each, SEED):
        found = ask(api, {**question.query, "limit": TOP}, question.photo)
        yield judged(question, [by_sku[sku] for sku in listed(found)])


def _photographed(api: httpx.Client, pieces: Sequence[Piece], figures: Figures) -> None:
    for piece in pieces:
        found = ask(api, {"limit": TOP}, piece.photo)
        figures.first.add(listed(found)[:1] == [piece.sku])
        if piece.family:
            others = [other.sku for other in pieces if other.family != piece.family]
            among = ask(api, {"limit": 1, "filters": {"exclude_skus": others}}, piece.photo)
            figures.twins.add(listed(among) == [piece.sku])


def _every_other_family(pieces: Sequence[Piece]) -> list[Piece]:
    """About half of the pieces: near-twins are there together, or not at all."""
    families = list(dict.fromkeys(piece.family or piece.sku for piece in pieces))
    there = set(families[::2])
    return [piece for piece in pieces if (piece.family or piece.sku) in there]


def _import(stack: RunningStack, pieces: Sequence[Piece], file: Path, *, attributes: bool) -> None:
    rows = []
    for piece in pieces:
        row: dict[str, Any] = {"sku": piece.sku, "title": piece.words.title, "price": piece.words.price}
        row |= {"currency": "EUR", "stock": piece.stock, "images": piece.picture}
        if attributes:
            row |= {"description": piece.words.description, "tags": "|".join(piece.words.tags), "type": piece.type}
            row |= {"metal": piece.made_of, "stone": piece.stone}
        rows.append(row)
    imported(stack, rows, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=500)
    parser.add_argument("--each", type=int, default=25, help="So many questions of a kind.")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="So many pairs of earrings, to be rendered; 0: none.")
    parser.add_argument("--only", choices=PARTS, action="append", help="This part alone; may be said again.")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    pieces = pieces_of_renders()[: given.designs]
    parts = given.only or PARTS
    pairs = halves(given.pairs) if "pairs" in parts else []
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(pieces, given.each, pairs, Path(folder), parts)
    text = figures.text(made_by("bench-search-quality", load))
    print(text)
    if not given.only:
        given.report.write_text(text)


if __name__ == "__main__":
    main()
