"""The catalogue as arrays: pictures, the pieces that they show, what is said of them, and which are held out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.fields import Vector
from shared.contracts.training import TrainingPicture

HELD_OUT = 5
"""One piece of so many is held out: never learned from, only measured by."""
FOLDS = 3
"""The others are cut in so many parts, by which settings are chosen."""
RECIPE = "1"
"""Part of the fingerprint: raise it when learning from the same catalogue gives another model."""
_UNSEEN = re.compile(r"\d|carat|karat|genuine|certified", re.IGNORECASE)
"""Words for what no photo shows: fineness, carat, genuineness."""

Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Words = Sequence[str | None]


@dataclass(frozen=True)
class Lessons:
    """N pictures by their main piece, in order of SKU and content.

    `searched` float32 [N, D] are the vectors of the model in use, `besides` float32 [N, F] what its heads see besides.
    `piece` [N] numbers what is shown: items that share a
    picture are one piece, so that nothing learned from is measured by. `fold` [N] is -1 for those held out. `said` are
    the words of the shop or, where `corrected`, of a merchant; `told` what the model in use says. `fingerprint` is of
    the catalogue, whatever model sees it.
    """

    searched: Vector
    besides: Vector
    piece: Ints
    fold: Ints
    said: Mapping[AttributeName, Words]
    corrected: Mapping[AttributeName, Bools]
    told: Mapping[AttributeName, Words]
    fingerprint: str

    @property
    def held_out(self) -> Bools:
        return self.fold < 0

    @property
    def paired(self) -> Bools:
        """The pictures of pieces that have another picture."""
        return np.asarray(np.bincount(self.piece)[self.piece] > 1)


def lessons(found: Iterable[TrainingPicture]) -> Lessons:
    """The same catalogue gives the same lessons, in whatever order its pictures come and whatever their ids."""
    pictures = sorted(found, key=lambda one: (one.sku, one.sha256))
    names = _pieces(pictures)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return Lessons(
        searched=np.stack([one.piece.embedding() for one in pictures]) if pictures else np.zeros((0, 1), np.float32),
        besides=np.stack([one.piece.seen_besides() for one in pictures]) if pictures else np.zeros((0, 0), np.float32),
        piece=np.array([numbers[name] for name in names], dtype=np.intp),
        fold=np.array([_fold(name) for name in names], dtype=np.intp),
        said={name: [_word(one.corrected.get(name) or one.said.get(name)) for one in pictures] for name in ATTRIBUTES},
        corrected={name: np.array([name in one.corrected for one in pictures], dtype=bool) for name in ATTRIBUTES},
        told={name: [_told(one, name) for one in pictures] for name in ATTRIBUTES},
        fingerprint=hashlib.sha256("\n".join([RECIPE, *map(_line, pictures)]).encode()).hexdigest(),
    )


def _line(one: TrainingPicture) -> str:
    return f"{one.sku} {one.sha256} {sorted(one.said.items())} {sorted(one.corrected.items())}"


def _pieces(pictures: Sequence[TrainingPicture]) -> list[str]:
    """The first SKU of each picture's piece: of all items that are linked by pictures of the same bytes."""
    parent: dict[str, str] = {one.sku: one.sku for one in pictures}

    def first(sku: str) -> str:
        while parent[sku] != sku:
            parent[sku] = sku = parent[parent[sku]]
        return sku

    owner: dict[str, str] = {}
    for one in pictures:
        one_sku, other = first(one.sku), first(owner.setdefault(one.sha256, one.sku))
        parent[max(one_sku, other)] = min(one_sku, other)
    return [first(one.sku) for one in pictures]


def _fold(name: str) -> int:
    """By the name alone: a piece that is held out stays so when the catalogue grows."""
    digest = hashlib.sha256(name.encode()).digest()
    return -1 if digest[0] % HELD_OUT == 0 else digest[1] % FOLDS


def _word(said: str | None) -> str | None:
    """As it is learned: in lower case; None for what is empty, too long, or of something that no photo shows."""
    word = " ".join((said or "").lower().split())
    return word if 0 < len(word) <= 64 and not _UNSEEN.search(word) else None


def _told(one: TrainingPicture, name: AttributeName) -> str | None:
    attribute = getattr(one.piece, name)
    return attribute.value if attribute else None
