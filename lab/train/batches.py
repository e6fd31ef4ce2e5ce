"""Which views make a batch: a few shops at a time, so that a backdrop tells nothing, and near-twins side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.train.sources import Picture

BLOCKS = 4
"""Shops a batch."""
VIEWS = 2
"""Views a piece, of different photographs where there are several."""
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """`rows` int64 [N] of the maps; the labels int64 [N] of their pictures, -1 = not known; `told_apart` bool [N]."""

    rows: Places
    piece: Places
    style: Places
    type: Places
    told_apart: npt.NDArray[np.bool_]


class Batches:
    """Batch `step` is drawn from the seed and the step alone, so that a run goes on where it stopped."""

    def __init__(self, pictures: Sequence[Picture], rows: Sequence[Sequence[int]], size: int, seed: int) -> None:
        self._pictures, self._rows, self._seed = pictures, rows, seed
        self._pieces_a_block = size // (BLOCKS * VIEWS)
        self._shops: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._families: dict[int, set[int]] = defaultdict(set)
        self._styles: dict[int, list[int]] = defaultdict(list)
        for place, picture in enumerate(pictures):
            self._shops[picture.shop][picture.piece].append(place)
            if picture.family >= 0:
                self._families[picture.family].add(picture.piece)
            if picture.style >= 0:
                self._styles[picture.style].append(picture.piece)
        self._names = sorted(self._shops)
        weights = np.array([min(len(self._shops[name]), 4_000) ** 0.5 for name in self._names])
        self._chances = weights / weights.sum()

    def __call__(self, step: int) -> Batch:
        rng = np.random.default_rng([self._seed, step])
        count = min(BLOCKS, len(self._names))
        shops = rng.choice(len(self._names), count, replace=False, p=self._chances).tolist()
        chosen: list[tuple[int, int]] = []
        for shop in shops:
            pieces = self._shops[self._names[shop]]
            for piece in self._drawn(pieces, BLOCKS * self._pieces_a_block // count, rng):
                chosen += self._views(pieces[piece], rng)
        pictures = [self._pictures[place] for place, _ in chosen]
        return Batch(
            np.array([self._rows[place][view] for place, view in chosen], np.int64),
            np.array([picture.piece for picture in pictures], np.int64),
            np.array([picture.style for picture in pictures], np.int64),
            np.array([picture.type for picture in pictures], np.int64),
            np.array([picture.told_apart for picture in pictures], np.bool_),
        )

    def _drawn(self, pieces: dict[int, list[int]], count: int, rng: np.random.Generator) -> list[int]:
        """Pieces of one shop; each brings its near-twins, or, where styles are known, three of its style."""
        order = rng.permutation(sorted(pieces)).tolist()
        drawn: dict[int, None] = {}
        for piece in order:
            if len(drawn) >= count:
                break
            first = self._pictures[pieces[piece][0]]
            drawn[piece] = None
            if first.family >= 0:
                drawn |= dict.fromkeys(sorted(self._families[first.family] & pieces.keys()))
            if first.style >= 0:
                alike = self._styles[first.style]
                drawn |= dict.fromkeys(alike[at] for at in rng.integers(len(alike), size=3).tolist())
        return [piece for piece in list(drawn)[:count] if piece in pieces]

    def _views(self, places: Sequence[int], rng: np.random.Generator) -> list[tuple[int, int]]:
        shown = rng.permutation(len(places)).tolist()[:VIEWS]
        if len(shown) == VIEWS:
            return [(places[at], int(rng.integers(len(self._rows[places[at]])))) for at in shown]
        views = rng.permutation(len(self._rows[places[0]])).tolist()[:VIEWS]
        return [(places[0], view) for view in views]
