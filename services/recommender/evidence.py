"""How each candidate is like each item that tells of a taste, and the features that follow.

All of it is computed from the items themselves, never from how they were found: so the features without one event are
those that a shopper without it would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.recommender.features import NAMES, Floats
from services.recommender.items import CODED, NUMBERS, Item, code
from services.recommender.taste import LIKED_ITEMS, SEARCHED_ITEMS, Seed, Taste
from shared.contracts.internal import Context
from shared.contracts.models import Model

OTHER_TYPE = 0.5
"""How much a piece of another type than the liked one counts: whoever looks at hoops looks for earrings first."""
_DESCRIBED_AT_LEAST = 0.7
"""Cosine of meanings: 95% of the pairs of pieces of the sample catalogue are below it, all pairs of a kind above."""
_SET_AT_LEAST = 0.5
_WISHES = 0.2
_NOT_OWNED = 0.5
"""How much a set with a piece counts that is not yet in the cart."""
_NO_PART_OF_A_SET = "loose-stone"
_MATCHING = ("metal", "stone")
_PAGE_LOOKS: dict[Context, float] = {"home": 0.0, "item": 1.0, "cart": 0.3}
_PAGE_SETS: dict[Context, float] = {"home": 0.0, "item": 0.5, "cart": 1.0}
_OWN_BESIDE_A_PAGE = 0.5
_PRICE_SPREAD = 0.4
"""The least standard deviation of the log of liked prices: with one price known, half as much again is still alike."""
_DAY_S = 86_400.0
_NEW_FOR_DAYS = 30.0
_FRESH_FOR_DAYS = 2.0


@dataclass(frozen=True, slots=True)
class Strengths:
    """Of each seed in each part that it plays, in 0..1: float64 [seeds]."""

    liked: Floats
    sets: Floats
    searched: Floats
    disliked: Floats
    page: Floats
    page_sets: Floats


class Seeds:
    """The items that a list is made by, those of the page first."""

    def __init__(self, taste: Taste, page: Sequence[str], context: Context, items: Mapping[str, Item]) -> None:
        told = [*page, *(seed.act.sku for part in (taste.liked, taste.searched, taste.disliked) for seed in part)]
        self.items = [items[sku] for sku in dict.fromkeys(told) if sku in items]
        self.row = {item.sku: row for row, item in enumerate(self.items)}
        self._page = page
        self._context = context

    def strengths(self, taste: Taste, without_page: str | None = None) -> Strengths:
        """As of a taste of some of the same acts; beside a page what it shows counts twice as much as what is past."""
        own = _OWN_BESIDE_A_PAGE if self._page else 1.0
        liked, searched = taste.liked[:LIKED_ITEMS], taste.searched[:SEARCHED_ITEMS]
        page = [(sku, 1.0) for sku in self._page if sku != without_page]
        return Strengths(
            liked=self._row([(seed.act.sku, own * seed.strength) for seed in liked]),
            sets=self._row([(seed.act.sku, own * seed.strength * _owned(seed)) for seed in liked]),
            searched=self._row([(seed.act.sku, own * seed.strength) for seed in searched]),
            disliked=self._row([(seed.act.sku, seed.strength) for seed in taste.disliked]),
            page=self._row(page) * _PAGE_LOOKS[self._context],
            page_sets=self._row(page) * _PAGE_SETS[self._context],
        )

    def _row(self, strengths: Sequence[tuple[str, float]]) -> Floats:
        row = np.zeros(len(self.items))
        for sku, strength in strengths:
            if sku in self.row:
                row[self.row[sku]] = strength
        return row


class Evidence:
    """Of n candidates and s seeds: chances in 0..1 that whoever likes the seed likes the candidate, float32 [s, n]."""

    def __init__(
        self, seeds: Sequence[Item], candidates: Sequence[Item], model: Model, popular: Floats, now: float
    ) -> None:
        """`popular`: of each candidate, in 0..1; `now` in seconds since 1970."""
        ours, theirs = _numbers(seeds), _numbers(candidates)
        self.cosines, colours = nearest(seeds, candidates, model.form_dimension)
        other = _of_other_types(seeds, theirs["type"])
        halved = np.where(other, np.float32(OTHER_TYPE), np.float32(1))
        self.look = _squared(self.cosines, model.look_at_least) * halved
        self._alike_at_all = np.maximum(self.cosines, 0) * halved
        self.meanings = _meanings(seeds, candidates)
        self.described = _squared(self.meanings, _DESCRIBED_AT_LEAST) * halved
        self._alike = {name: (ours[name][:, None] == theirs[name]) & (ours[name][:, None] > 0) for name in CODED}
        whole = other & (theirs["type"] != code(_NO_PART_OF_A_SET))
        self.set = _sets(self.cosines, colours, [(ours[name], self._alike[name]) for name in _MATCHING]) * whole
        self._prices = ours["price"], theirs["price"]
        self._popular = popular
        ages = np.maximum(now - theirs["created"], 0) / _DAY_S
        self._new = 1 / (1 + ages / _NEW_FOR_DAYS)
        self._fresh = np.exp(-ages / _FRESH_FOR_DAYS)
        self.types = theirs["type"]
        self.age_days = ages

    def features(self, by: Strengths, together: Floats, of: NDArray[np.intp] | None = None) -> Floats:
        """float64 [n, features], or those of the candidates `of`. `together`: of each of these, in 0..1."""
        of = np.arange(len(self._new)) if of is None else of
        look = _any(by.liked, self.look[:, of])
        tastes = np.maximum(by.liked, by.page)
        columns = {
            "look": look,
            "alike": by.liked @ self._alike_at_all[:, of] / (by.liked.sum() + 1),
            "described": _any(by.liked, self.described[:, of]),
            "together": together,
            "searched": _any(by.searched, self.look[:, of]),
            "set": _any(by.sets, self.set[:, of]),
            "page": _any(by.page, self.look[:, of]),
            "page_set": _any(by.page_sets, self.set[:, of]),
            "disliked": _any(by.disliked, self.look[:, of]),
            "popular": self._popular[of],
            "new": self._new[of],
            "fresh": self._fresh[of] * np.sqrt(look),
            "price": _priced_alike(tastes, self._prices[0], self._prices[1][of]),
            **{name: tastes @ agree[:, of] / (tastes.sum() + 1) for name, agree in self._alike.items()},
        }
        return np.stack([columns[name] for name in NAMES], axis=1)


def _owned(seed: Seed) -> float:
    return 1.0 if seed.act.type in ("carted", "purchased") else _NOT_OWNED


def _any(strengths: Floats, chances: NDArray[np.float32]) -> Floats:
    """Noisy-or: [n] that at least one of the seeds speaks for the candidate."""
    rows = np.flatnonzero(strengths)
    return np.asarray(1 - np.prod(1 - strengths[rows, None] * chances[rows], axis=0))


def nearest(
    seeds: Sequence[Item], candidates: Sequence[Item], form: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines [s, n] of the nearest pieces of the two, and those of their colours alone, where the model tells them
    from form: all of a vector but its first `form` numbers, of the same length in all vectors."""
    if not seeds or not candidates:
        nothing = np.zeros((len(seeds), len(candidates)), dtype=np.float32)
        return nothing, nothing
    rows, of_rows = _pieces(candidates)
    columns, of_columns = _pieces(seeds)

    def best(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        return _most(np.ascontiguousarray(_most(cosines, of_rows).T), of_columns)

    if form is None:
        whole = best(rows @ columns.T)
        return whole, whole
    colours = rows[:, form:] @ columns[:, form:].T
    length = max(float(rows[0, form:] @ rows[0, form:]), 1e-9)
    return best(rows[:, :form] @ columns[:, :form].T + colours), best(colours) / length


_Starts = tuple[NDArray[np.intp], NDArray[np.intp]]


def _pieces(items: Sequence[Item]) -> tuple[NDArray[np.float32], _Starts]:
    """The vectors of all pieces; where those of each item start, and how many they are."""
    counts = np.array([len(item.images) for item in items])
    return np.concatenate([item.vectors for item in items]), (np.cumsum(counts) - counts, counts)


def _most(cosines: NDArray[np.float32], of: _Starts) -> NDArray[np.float32]:
    """The largest row of each item; in a third of the time of `np.maximum.reduceat`."""
    starts, counts = of
    best = cosines[starts]
    for turn in range(1, int(counts.max())):
        more = np.flatnonzero(counts > turn)
        best[more] = np.maximum(best[more], cosines[starts[more] + turn])
    return best


def _squared(cosines: NDArray[np.float32], at_least: float) -> NDArray[np.float32]:
    return np.asarray(np.clip((cosines - at_least) / (1 - at_least), 0, 1) ** 2, dtype=np.float32)


def _meanings(seeds: Sequence[Item], candidates: Sequence[Item]) -> NDArray[np.float32]:
    """[s, n] cosines of their words, 0 where one has none."""
    cosines = np.zeros((len(seeds), len(candidates)), dtype=np.float32)
    rows = [row for row, item in enumerate(seeds) if item.meaning is not None]
    columns = [column for column, item in enumerate(candidates) if item.meaning is not None]
    if rows and columns:
        ours, theirs = _stacked(seeds), _stacked(candidates)
        cosines[np.ix_(rows, columns)] = ours @ theirs.T
    return cosines


def _stacked(items: Sequence[Item]) -> NDArray[np.float32]:
    meanings = [item.meaning for item in items if item.meaning is not None]
    return np.concatenate(meanings).reshape(len(meanings), -1)


def _of_other_types(seeds: Sequence[Item], theirs: Floats) -> NDArray[np.bool_]:
    """[s, n] that the types of both are known, and none of the seed's pictures shows that of the candidate."""
    other = np.zeros((len(seeds), len(theirs)), dtype=np.bool_)
    for row, item in enumerate(seeds):
        if item.types:
            other[row] = ~np.isin(theirs, [0.0, *map(code, item.types)])
    return other


def _numbers(items: Sequence[Item]) -> dict[str, Floats]:
    table = np.array([item.numbers for item in items], dtype=np.float64).reshape(len(items), len(NUMBERS))
    return dict(zip(NUMBERS, np.ascontiguousarray(table.T), strict=True))


def _sets(
    cosines: NDArray[np.float32],
    colours: NDArray[np.float32],
    wishes: Sequence[tuple[Floats, NDArray[np.bool_]]],
) -> NDArray[np.float32]:
    """As `completes.py` has it: half by the whole look, half by colours, and a fifth by the metal and stone wished."""
    likeness = 0.5 * np.clip(cosines, 0, 1) + 0.5 * np.clip(colours, 0, 1)
    known = np.stack([ours > 0 for ours, _ in wishes], axis=1).sum(axis=1, keepdims=True)
    wished = np.stack([agreeing for _, agreeing in wishes]).sum(axis=0)
    weighed = (1 - _WISHES) * likeness + _WISHES * wished / np.maximum(known, 1)
    return _squared(np.where(known > 0, weighed, likeness), _SET_AT_LEAST)


def _priced_alike(tastes: Floats, ours: Floats, theirs: Floats) -> Floats:
    """How near to what is liked the price is, in 0..1, the more sure the more prices are known."""
    told = (tastes > 0) & ~np.isnan(ours)
    weight = tastes[told].sum()
    if weight == 0:
        return np.zeros(len(theirs))
    mean = tastes[told] @ ours[told] / weight
    spread = max(float(np.sqrt(tastes[told] @ (ours[told] - mean) ** 2 / weight)), _PRICE_SPREAD)
    near = np.exp(-0.5 * ((theirs - mean) / spread) ** 2)
    return np.asarray(np.where(np.isnan(near), 0.0, near) * weight / (weight + 1))
