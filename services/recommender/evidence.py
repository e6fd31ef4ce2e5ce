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
from services.recommender.items import Item
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
_ALIKE = ("type", "metal", "stone")
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
        self.cosines = nearest(seeds, candidates)
        other = _of_other_types(seeds, candidates)
        self.look = _squared(self.cosines, model.look_at_least) * np.where(other, np.float32(OTHER_TYPE), 1)
        self.meanings = _meanings(seeds, candidates)
        self.described = _squared(self.meanings, _DESCRIBED_AT_LEAST) * np.where(other, np.float32(OTHER_TYPE), 1)
        colours = self.cosines
        if model.form_dimension:
            colours = nearest(seeds, candidates, slice(model.form_dimension, None))
        facts = {name: _codes(seeds, candidates, name) for name in _ALIKE}
        self.set = _sets(self.cosines, colours, [facts[name] for name in _MATCHING]) * other
        self.set *= np.array([item.facts.get("type") != _NO_PART_OF_A_SET for item in candidates], dtype=np.float32)
        self._alike = {name: _agreeing(codes) for name, codes in facts.items()}
        self._prices = _logs(seeds), _logs(candidates)
        self._popular = popular
        ages = (now - np.array([item.facts["created_ts"] for item in candidates])) / _DAY_S
        self._new = 1 / (1 + np.maximum(ages, 0) / _NEW_FOR_DAYS)
        self._fresh = np.exp(-np.maximum(ages, 0) / _FRESH_FOR_DAYS)
        self.types = [item.facts.get("type") for item in candidates]
        self.arrived_within_a_day = ages < 1

    def features(self, by: Strengths, together: Floats, of: NDArray[np.intp] | None = None) -> Floats:
        """float64 [n, features], or those of the candidates `of`. `together`: of each of these, in 0..1."""
        of = np.arange(len(self._new)) if of is None else of
        look = _any(by.liked, self.look[:, of])
        tastes = np.maximum(by.liked, by.page)
        columns = {
            "look": look,
            "described": _any(by.liked, self.described[:, of]),
            "together": together,
            "searched": _any(by.searched, self.look[:, of]),
            "set": _any(by.sets, self.set[:, of]),
            "page": _any(by.page, self.look[:, of]),
            "page_set": _any(by.page_sets, self.set[:, of]),
            "disliked": _any(by.disliked, self.look[:, of]),
            "popular": self._popular[of],
            "new": self._new[of],
            "fresh": self._fresh[of] * look,
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


def nearest(seeds: Sequence[Item], candidates: Sequence[Item], part: slice = slice(None)) -> NDArray[np.float32]:
    """Cosines [s, n] of the nearest pieces of the two, by a part of their vectors."""
    if not seeds or not candidates:
        return np.zeros((len(seeds), len(candidates)), dtype=np.float32)
    rows, row_starts = _pieces(seeds, part)
    columns, column_starts = _pieces(candidates, part)
    by_seed = np.maximum.reduceat(rows @ columns.T, row_starts, axis=0)
    return np.asarray(np.maximum.reduceat(by_seed, column_starts, axis=1))


def _pieces(items: Sequence[Item], part: slice) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Unit vectors of all pieces, and where those of each item start."""
    vectors = np.concatenate([item.vectors for item in items])[:, part]
    if part != slice(None):
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    counts = [len(item.vectors) for item in items]
    return vectors, np.cumsum([0, *counts[:-1]])


def _squared(cosines: NDArray[np.float32], at_least: float) -> NDArray[np.float32]:
    return np.asarray(np.clip((cosines - at_least) / (1 - at_least), 0, 1) ** 2, dtype=np.float32)


def _meanings(seeds: Sequence[Item], candidates: Sequence[Item]) -> NDArray[np.float32]:
    """[s, n] cosines of their words, 0 where one has none."""
    cosines = np.zeros((len(seeds), len(candidates)), dtype=np.float32)
    rows = [row for row, item in enumerate(seeds) if item.meaning is not None]
    columns = [column for column, item in enumerate(candidates) if item.meaning is not None]
    if rows and columns:
        ours = np.stack([item.meaning for item in seeds if item.meaning is not None])
        theirs = np.stack([item.meaning for item in candidates if item.meaning is not None])
        cosines[np.ix_(rows, columns)] = ours @ theirs.T
    return cosines


def _of_other_types(seeds: Sequence[Item], candidates: Sequence[Item]) -> NDArray[np.bool_]:
    """[s, n] that the types of both are known, and none of the seed's pictures shows that of the candidate."""
    names = {kind: code for code, kind in enumerate(sorted({k for i in (*seeds, *candidates) for k in i.types}))}
    theirs = np.zeros((len(seeds), len(names) + 1), dtype=np.bool_)
    for row, item in enumerate(seeds):
        theirs[row, [names[kind] for kind in item.types]] = True
    own = [names.get(item.facts.get("type") or "", len(names)) for item in candidates]
    known = np.array([code < len(names) for code in own], dtype=np.bool_)
    return np.asarray(~theirs[:, own] & known & theirs.any(axis=1, keepdims=True))


_Codes = tuple[NDArray[np.int64], NDArray[np.int64]]


def _codes(seeds: Sequence[Item], candidates: Sequence[Item], name: str) -> _Codes:
    """An attribute's values as numbers, 0 where it is not known."""
    numbers: dict[str | None, int] = {None: 0, "": 0}
    both = [
        np.array([numbers.setdefault(item.facts.get(name), len(numbers)) for item in items], dtype=np.int64)
        for items in (seeds, candidates)
    ]
    return both[0], both[1]


def _agreeing(codes: _Codes) -> NDArray[np.bool_]:
    ours, theirs = codes
    return np.asarray((ours[:, None] == theirs) & (ours[:, None] > 0))


def _sets(
    cosines: NDArray[np.float32], colours: NDArray[np.float32], wishes: Sequence[_Codes]
) -> NDArray[np.float32]:
    """As `completes.py` has it: half by the whole look, half by colours, and a fifth by the metal and stone wished."""
    likeness = 0.5 * np.clip(cosines, 0, 1) + 0.5 * np.clip(colours, 0, 1)
    wished = sum((_agreeing(codes).astype(np.float32) for codes in wishes), np.zeros_like(likeness))
    known = sum(((ours > 0).astype(np.float32) for ours, _ in wishes), np.zeros(len(likeness), dtype=np.float32))
    asked = known[:, None] > 0
    weighed = (1 - _WISHES) * likeness + _WISHES * wished / np.maximum(known, 1)[:, None]
    return _squared(np.where(asked, weighed, likeness), _SET_AT_LEAST)


def _logs(items: Sequence[Item]) -> Floats:
    """Logarithms of prices, NaN where there is none."""
    prices = np.array([item.facts.get("price") or np.nan for item in items], dtype=np.float64)
    return np.log(prices, where=prices > 0, out=np.full(len(items), np.nan))


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
