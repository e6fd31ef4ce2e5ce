"""Pieces in groups of a kind: types, styles. A piece may be in several, by shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.inventory.forecast.sales import Floats, Ints

Rows = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Groups:
    """Row by row a piece, a group it is in and by which share; rows are ordered by group. The shares of a piece sum to
    1, or it is in no group."""

    names: Sequence[str]
    pieces: int
    piece: Ints
    group: Ints
    share: Floats

    @classmethod
    def of(cls, names: Sequence[str]) -> Groups:
        """Each piece in the one group that it is named for; an empty name is no group."""
        known = sorted({name for name in names if name})
        place = {name: at for at, name in enumerate(known)}
        pieces = np.array([at for at, name in enumerate(names) if name], np.intp)
        groups = np.array([place[name] for name in names if name], np.intp)
        return cls.rows(known, len(names), pieces, groups, np.ones(len(pieces)))

    @classmethod
    def rows(cls, names: Sequence[str], pieces: int, piece: Ints, group: Ints, share: Floats) -> Groups:
        """Rows in any order, shares not yet of sum 1."""
        order = np.argsort(group, kind="stable")
        total = np.bincount(piece, share, pieces)
        return cls(list(names), pieces, piece[order], group[order], (share / np.maximum(total[piece], 1e-12))[order])

    def total(self, rows: Rows) -> Floats:
        """[pieces, ...] -> [groups, ...]: sums by share."""
        out = np.zeros((len(self.names), *rows.shape[1:]))
        if len(self.group):
            shares = self.share.reshape(-1, *[1] * (rows.ndim - 1)).astype(rows.dtype)
            starts = np.flatnonzero(np.diff(self.group, prepend=-1))
            out[self.group[starts]] = np.add.reduceat(rows[self.piece] * shares, starts, axis=0)
        return out

    def spread(self, values: Floats) -> npt.NDArray[np.float32]:
        """[groups, ...] -> float32 [pieces, ...]: the mean by share of a piece's groups; 1 where it is in none."""
        out = np.zeros((self.pieces, *values.shape[1:]), np.float32)
        shares = self.share.reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
        order = np.argsort(self.piece, kind="stable")
        piece = self.piece[order]
        if len(piece):
            starts = np.flatnonzero(np.diff(piece, prepend=-1))
            rows = values[self.group[order]].astype(np.float32) * shares[order]
            out[piece[starts]] = np.add.reduceat(rows, starts, axis=0)
        alone = np.ones(self.pieces, bool)
        alone[piece] = False
        out[alone] = 1
        return out

    def only(self, places: Ints) -> Groups:
        """The same groups with the pieces at these places alone."""
        new = np.full(self.pieces, -1, np.intp)
        new[places] = np.arange(len(places))
        kept = new[self.piece] >= 0
        return Groups(self.names, len(places), new[self.piece[kept]], self.group[kept], self.share[kept])


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Row by row a piece, another that looks like it, and how likely they are of a similar style, 0..1."""

    piece: Ints
    other: Ints
    similar: Floats

    def only(self, places: Ints, pieces: int) -> Neighbours:
        """The pairs among the pieces at these places."""
        new = np.full(pieces, -1, np.intp)
        new[places] = np.arange(len(places))
        kept = (new[self.piece] >= 0) & (new[self.other] >= 0)
        return Neighbours(new[self.piece[kept]], new[self.other[kept]], self.similar[kept])
