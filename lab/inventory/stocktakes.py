"""How often a stock-take by photo is right: trays of known pieces, some astray, some missing, and what is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from lab.inventory.trays import Tray
from services.embedder.analyse import Analyser
from services.inventory.looks import Pieces
from services.inventory.stocktake.matching import Matching, matched
from services.inventory.stocktake.sureness import Sureness
from shared.contracts.analysis import TrayAnalysis
from shared.contracts.models import Sameness

Floats = npt.NDArray[np.float64]
OVERLAP = 0.3
"""Intersection over union from which on a piece was found where one is."""
MOST_ASTRAY, MOST_MISSING = 2, 3
"""Of a tray: pieces that should not lie there, and pieces that should and do not."""
SHARPER = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
HARDER = (0.0, -2.0, -4.0, -6.0, -8.0)
EXPECTED = (1.0, 3.0, 5.0)
PRESENT = (0.8, 0.9, 0.95, 0.97, 0.98, 0.99)


@dataclass(frozen=True, slots=True)
class Case:
    """A photo of a tray, what should lie there, and what its pieces really are: None for what is no piece.

    `cosines`: of each piece found to each of the shop's `skus`.
    """

    cosines: Floats
    skus: Sequence[str]
    truth: Sequence[str | None]
    shown: frozenset[str]
    expected: Mapping[str, int]

    @property
    def missing(self) -> set[str]:
        return set(self.expected) - self.shown


@dataclass(frozen=True, slots=True)
class Score:
    """Of one tray. `found`: of the pieces shown those that were found at all; `right`: those that were told. `wrong`:
    pieces told to be what they are not, and items told to be missing that are there, without a word of doubt. `unsure`:
    pieces of which nobody is sure; `spurious`: those found where none is."""

    shown: int
    found: int
    right: int
    wrong: int
    unsure: int
    spurious: int
    missing_told: int
    missing: int

    @property
    def every_piece_right(self) -> bool:
        return self.right == self.shown and not self.wrong and not self.unsure and self.missing_told == self.missing

    @property
    def nothing_wrong(self) -> bool:
        """A person who follows what is told, and looks at what is unsure, counts right."""
        return not self.wrong


def analysed(analyse: Analyser, trays: Sequence[Tray], cache: Path) -> list[TrayAnalysis]:
    """What the embedder tells of each photo; kept in `cache`, by the photo and the model."""
    cache.mkdir(parents=True, exist_ok=True)
    found = []
    for tray in trays:
        data = tray.picture.read_bytes()
        file = cache / f"{hashlib.sha256(data).hexdigest()[:24]}-{analyse.model_version}.json"
        if not file.is_file():
            file.write_text(analyse.tray(data).model_dump_json())
            print(f"{tray.picture.name}: {len(tray.boxes)} pieces", flush=True)
        found.append(TrayAnalysis.model_validate_json(file.read_text()))
    return found


def case(tray: Tray, analysis: TrayAnalysis, shop: Pieces, seed: Sequence[int]) -> Case:
    """A tray on which, by chance, some lie astray and some lack."""
    random = np.random.default_rng(list(seed))
    shown = list(tray.boxes)
    astray = set(random.permutation(shown)[: random.integers(MOST_ASTRAY + 1)].tolist())
    others = [sku for sku in shop.skus if sku not in tray.boxes]
    lacking = random.permutation(others)[: random.integers(MOST_MISSING + 1)].tolist()
    vectors = [piece.embedding() for piece in analysis.pieces]
    cosines = shop.cosines(np.stack(vectors)) if vectors else np.zeros((0, len(shop.skus)))
    expected = dict.fromkeys([*(sku for sku in shown if sku not in astray), *map(str, lacking)], 1)
    return Case(cosines, shop.skus, _truth(tray, analysis), frozenset(shown), expected)


def score(one: Case, sureness: Sureness) -> Score:
    told = matched(one.cosines, one.skus, one.expected, sureness)
    return scored(one, told)


def scored(one: Case, told: Matching) -> Score:
    right = wrong = unsure = spurious = 0
    for truth, match in zip(one.truth, told.matches, strict=True):
        spurious += truth is None
        unsure += match.outcome == "unsure"
        if match.sku is not None:
            right += match.sku == truth
            wrong += match.sku != truth
    said_missing = set(told.missing)
    return Score(
        shown=len(one.shown),
        found=sum(truth is not None for truth in one.truth),
        right=right,
        wrong=wrong + len(said_missing & one.shown),
        unsure=unsure,
        spurious=spurious,
        missing_told=len(said_missing & one.missing),
        missing=len(one.missing),
    )


def fitted(cases: Sequence[Case], same: Sameness) -> tuple[float, float, float, float]:
    """`SHARPER`, `HARDER`, `EXPECTED` and the threshold `present` that tell most pieces right with none wrong; of
    those as good, the most careful."""
    best: tuple[float, ...] = (-np.inf,)
    chosen = (SHARPER[0], HARDER[0], EXPECTED[0], PRESENT[0])
    for sharper, harder, expected in product(SHARPER, HARDER, EXPECTED):
        for present in PRESENT:
            sure = Sureness(
                sharper * same.slope, sharper * same.offset + harder, expected, present, max(present, 0.97), 0.9
            )
            scores = [score(one, sure) for one in cases]
            wrong = sum(each.wrong for each in scores)
            good = sum(each.right for each in scores) + sum(each.missing_told for each in scores)
            key = (-float(wrong), float(good), present)
            if key > best:
                best, chosen = key, (sharper, harder, expected, present)
    return chosen


def _truth(tray: Tray, analysis: TrayAnalysis) -> list[str | None]:
    """What each piece found is, by where it is; of two about one piece the better is it."""
    skus = list(tray.boxes)
    overlaps = np.array([[piece.box.overlap(tray.boxes[sku]) for sku in skus] for piece in analysis.pieces])
    found: list[str | None] = [None] * len(analysis.pieces)
    if overlaps.size:
        for row, column in zip(*linear_sum_assignment(overlaps, maximize=True), strict=True):
            if overlaps[row, column] >= OVERLAP:
                found[row] = skus[column]
    return found
