"""Which pieces are of one style: HDBSCAN over their looks, then who stands nearest for those between.

Campello et al. 2013: groups are where looks lie dense, so nobody says beforehand how many styles a shop has, and a
piece unlike any other is of none. A piece's shares are the votes of its neighbours, each weighted by how likely the two
are of a similar style: so a piece may sit between two styles, and one that is new can be placed without a new run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.contracts.fields import Vector

Labels = npt.NDArray[np.int64]
Similar = Callable[[Vector], Vector]
"""From cosines to how likely two pieces are of a similar style."""

SMALLEST = 3
"""Pieces: fewer alike are no style that demand could be told of."""
DIMENSIONS = 40
"""Of the space that is searched for dense places; what is beyond is mostly of how the photo was taken."""
TYPE_WEIGHT = 0.2
"""How far apart two pieces are by being of two types alone; two looks are at most 2 apart."""
VOTERS = 8
LEAST_SHARE = 0.25
"""A piece is told to sit between two styles when the second has so much of its neighbours' votes."""
HELD_BY = 0.25
LEAST_SIMILAR = 0.5
"""A piece in no dense place is of its neighbours' style where one of them is as likely as not of a similar style."""
_ROWS = 1_024


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a piece is of a style, in 0..1."""

    group: int
    share: float


def grouped(vectors: Vector, types: Sequence[str | None], smallest: int = SMALLEST) -> Labels:
    """The group of each piece, numbered from 0; -1 where it is like too few others. `vectors`: [n, d], unit length."""
    from sklearn.cluster import HDBSCAN  # half a second, and needed in the child process alone

    if len(vectors) < 2 * smallest:
        return np.zeros(len(vectors), np.int64) - 1
    space = _space(vectors, types)
    how: dict[str, Any] = {"min_cluster_size": smallest, "min_samples": 2, "copy": True}
    found = HDBSCAN(**how, cluster_selection_method="leaf").fit_predict(space)
    if (found < 0).all():  # of a shop of one style it tells none, unless it may tell one
        found = HDBSCAN(**how, allow_single_cluster=True).fit_predict(space)
    return np.asarray(found, np.int64)


def shares(
    vectors: Vector, types: Sequence[str | None], labels: Labels, similar: Similar, before: Labels | None = None
) -> list[list[Share]]:
    """Of which groups each piece is, the most likely first: one, or two where it sits between, or none.

    What HDBSCAN put in a group stays there first; its neighbours say what else it is like. `before`: the group that is
    now the style which the piece was of, -1 where there is none: it stays of that one while so many of its neighbours
    are, whatever was put on the other side of a border that moved.
    """
    members = np.flatnonzero(labels >= 0)
    if not len(members):
        return [[] for _ in labels]
    found: list[list[Share]] = []
    groups = labels[members]
    for rows, likely in _likely(vectors, types, members, similar):
        inside = np.searchsorted(members, rows)
        own = np.flatnonzero(members[np.minimum(inside, len(members) - 1)] == rows)
        likely[own, inside[own]] = 0.0
        count = min(VOTERS, len(members))
        voters = np.argpartition(-likely, count - 1, axis=1)[:, :count]
        for row, chosen, each in zip(rows, voters, np.take_along_axis(likely, voters, axis=1), strict=True):
            found.append(_voted(each, groups[chosen], int(labels[row]), -1 if before is None else int(before[row])))
    return found


def typical(vectors: Vector, members: Labels) -> int:
    """The row of the member that is most like the others."""
    inside = vectors[members]
    return int(members[np.argmax(inside @ inside.mean(axis=0))])


def neighbours(
    vectors: Vector, of: Vector, count: int, similar: Similar
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The rows of `vectors` nearest to each row of `of`, nearest first, and how likely they are of a similar style."""
    count = min(count, len(vectors))
    places, likely = [], []
    for start in range(0, len(of), _ROWS):
        cosines = of[start : start + _ROWS] @ vectors.T
        best = np.argpartition(-cosines, count - 1, axis=1)[:, :count] if count else np.zeros((len(cosines), 0), int)
        near = np.take_along_axis(cosines, best, axis=1)
        order = np.argsort(-near, axis=1, kind="stable")
        places.append(np.take_along_axis(best, order, axis=1))
        likely.append(similar(np.take_along_axis(near, order, axis=1)))
    if not places:
        return np.zeros((0, count), np.int64), np.zeros((0, count), np.float32)
    return np.concatenate(places).astype(np.int64), np.concatenate(likely).astype(np.float32)


def _space(vectors: Vector, types: Sequence[str | None]) -> Vector:
    """The looks in fewer dimensions, turned so that the first tell most, and a dimension for each type."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    reduced = centred @ axes[:, ::-1][:, :DIMENSIONS]
    names = sorted({kind for kind in types if kind})
    beside = np.zeros((len(vectors), len(names)), np.float32)
    for row, kind in enumerate(types):
        if kind:
            beside[row, names.index(kind)] = TYPE_WEIGHT / np.sqrt(2)
    return np.hstack([reduced, beside]).astype(np.float32)


def _likely(
    vectors: Vector, types: Sequence[str | None], members: Labels, similar: Similar
) -> Iterator[tuple[range, Vector]]:
    """How likely each piece is of a similar style as each member; of another type it is of another style."""
    numbers = {kind: number for number, kind in enumerate(sorted({kind for kind in types if kind}), 1)}
    kind = np.array([numbers.get(one or "", 0) for one in types])
    for start in range(0, len(vectors), _ROWS):
        rows = range(start, min(start + _ROWS, len(vectors)))
        likely = similar(vectors[rows.start : rows.stop] @ vectors[members].T)
        mine, theirs = kind[rows.start : rows.stop, None], kind[members][None]
        yield rows, np.where((mine == theirs) | (mine == 0) | (theirs == 0), likely, 0).astype(np.float32)


def _voted(likely: Vector, groups: Labels, own: int, held: int) -> list[Share]:
    """`likely`: that the piece is of a similar style as each of its voters, and of which groups those are."""
    votes: dict[int, float] = {}
    for group, vote in zip(groups.tolist(), likely.tolist(), strict=True):
        votes[group] = votes.get(group, 0.0) + vote
    total = sum(votes.values())
    if own < 0 and (not total or float(likely.max()) < LEAST_SIMILAR):
        return []
    told = {group: vote / total for group, vote in votes.items()} if total else {}
    own = held if held >= 0 and told.get(held, 0.0) >= HELD_BY else own
    first = own if own >= 0 else max(told, key=lambda group: told[group])
    others = sorted((group for group in told if group != first), key=lambda group: -told[group])
    if not others or told[others[0]] < LEAST_SHARE:
        return [Share(first, 1.0)]
    second = others[0]
    whole = told.get(first, 0.0) + told[second]
    share = max(told.get(first, 0.0) / whole, 0.5 if own >= 0 else 0.0)
    return [Share(first, share), Share(second, 1 - share)]
