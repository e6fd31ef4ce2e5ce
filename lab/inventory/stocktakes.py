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
from services.inventory.stocktake.sureness import UNEXPECTED, Sureness
from shared.contracts.analysis import Box, TrayAnalysis
from shared.contracts.models import Sameness

Floats = npt.NDArray[np.float64]
OVERLAP = 0.3
"""Intersection over union from which on a piece was found where one is."""
WITHIN = 0.6
MOST_ASTRAY, MOST_MISSING = 2, 3
"""Of a tray: pieces that should not lie there, and pieces that should and do not."""
SHARPER = (0.8, 1.2, 1.6, 2.0, 2.4)
EASIER = (0.0, 3.0, 6.0, 9.0, 12.0)
ASTRAY = (0.02, 0.05)
PRESENT = (0.9, 0.95, 0.98)


@dataclass(frozen=True, slots=True)
class Case:
    """A photo of a tray, what should lie there, and what its pieces really are: None for what is no piece, or two taken
    for one; then `within` are those in it, and telling one of them is right.

    `cosines`: of each piece found to each of the shop's `skus`.
    """

    cosines: Floats
    skus: Sequence[str]
    truth: Sequence[str | None]
    within: Sequence[frozenset[str]]
    shown: frozenset[str]
    expected: Mapping[str, int]

    @property
    def missing(self) -> set[str]:
        return set(self.expected) - self.shown


@dataclass(frozen=True, slots=True)
class Score:
    """Of one tray. `found`: of the pieces shown those that were found at all; `right`: those that were told. `wrong`:
    pieces told to be what they are not, without a word of doubt; `missed`: items told to be missing that are there.
    `unsure`: pieces of which nobody is sure; `spurious`: those found where none is."""

    shown: int
    found: int
    right: int
    wrong: int
    missed: int
    unsure: int
    spurious: int
    missing_told: int
    missing: int

    @property
    def every_piece_right(self) -> bool:
        return self.right == self.shown and not self.wrong and self.missing_told == self.missing

    @property
    def nothing_wrong(self) -> bool:
        """Whoever looks at what is unsure, and for what is missing, counts right."""
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
    truth = _truth(tray, analysis)
    within = [
        frozenset(sku for sku, true in tray.boxes.items() if own is None and _inside(true, piece.box) >= WITHIN)
        for own, piece in zip(truth, analysis.pieces, strict=True)
    ]
    return Case(cosines, shop.skus, truth, within, frozenset(shown), expected)


def score(one: Case, sureness: Sureness) -> Score:
    told = matched(one.cosines, one.skus, one.expected, sureness)
    return scored(one, told)


def scored(one: Case, told: Matching) -> Score:
    right = wrong = unsure = spurious = 0
    for truth, within, match in zip(one.truth, one.within, told.matches, strict=True):
        spurious += truth is None
        unsure += match.outcome == "unsure"
        if match.sku is not None:
            right += match.sku == truth
            wrong += match.sku != truth and match.sku not in within
    said_missing = set(told.missing)
    return Score(
        shown=len(one.shown),
        found=sum(truth is not None for truth in one.truth),
        right=right,
        wrong=wrong,
        missed=len(said_missing & one.shown),
        unsure=unsure,
        spurious=spurious,
        missing_told=len(said_missing & one.missing),
        missing=len(one.missing),
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """As the constants of `services/inventory/stocktake/sureness.py` are named."""

    sharper: float
    easier: float
    astray: float
    present: float

    def of(self, same: Sameness) -> Sureness:
        slope, offset = self.sharper * same.slope, self.sharper * same.offset + self.easier
        return Sureness(slope, offset, self.astray, self.present, max(self.present, UNEXPECTED))


def fitted(cases: Sequence[Case], same: Sameness) -> Setting:
    """What tells most pieces right with none wrong; of those as good, the most careful."""
    best: tuple[tuple[float, ...], Setting] = ((-np.inf,), Setting(1, 0, 0.05, 1))
    for each in product(SHARPER, EASIER, ASTRAY, PRESENT):
        setting = Setting(*each)
        scores = [score(one, setting.of(same)) for one in cases]
        key = (-float(total(scores, "wrong")), float(total(scores, "right")), setting.present)
        if key > best[0]:
            best = (key, setting)
    return best[1]


def total(scores: Sequence[Score], name: str) -> int:
    return sum(getattr(one, name) for one in scores)


def _common(found: Box, true: Box) -> float:
    """Intersection over union; half of how much of what was found is of the piece, where that is more: the drop of a
    pendant without its chain shows which one it is."""
    return max(found.overlap(true), _inside(found, true) / 2)


def _inside(one: Box, other: Box) -> float:
    """How much of one box is in the other, 0..1."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0) / max(one.area, 1e-9)


def _truth(tray: Tray, analysis: TrayAnalysis) -> list[str | None]:
    """What each piece found is, by where it is; of two about one piece the better is it."""
    skus = list(tray.boxes)
    overlaps = np.array([[_common(piece.box, tray.boxes[sku]) for sku in skus] for piece in analysis.pieces])
    found: list[str | None] = [None] * len(analysis.pieces)
    if overlaps.size:
        for row, column in zip(*linear_sum_assignment(overlaps, maximize=True), strict=True):
            if overlaps[row, column] >= OVERLAP:
                found[row] = skus[column]
    return found
