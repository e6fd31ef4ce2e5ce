"""The items that contend for a place in a ranking, with how alike each is to every part of the query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.recommender.composing import Part, Query
from services.recommender.ranking import BESIDE_THE_MAIN
from shared.contracts.models import RIVALS
from shared.vectorstore import AnyOf, Filter, Hit, Point, Text, VectorStore

_PIECES_AN_ITEM = 4
_PAGE = 1_000
_LEAST_POINTS = 80
"""Read of each picture of an item."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """`similarities` to the wanted parts, then to the unwanted ones. `shown` is the piece that stands for it.

    To a picture or an item it is the cosine of its nearest piece; to words that are wanted their text score in 0..1, to
    unwanted ones the share of their terms that it has.
    """

    sku: str
    shown: Hit
    similarities: Sequence[float]


@dataclass(frozen=True, slots=True)
class Found:
    """`rivals`: of each wanted part the similarities of its best items, falling. `more`: not all items were read."""

    candidates: Sequence[Candidate]
    rivals: Sequence[Sequence[float]]
    more: bool


_Nearest = dict[str, Hit]
"""SKU -> its nearest piece, best first."""


class Reader:
    """Reads the items of one tenant that the filter of one query allows."""

    def __init__(self, vectors: VectorStore, tenant: str, query: Query) -> None:
        self._vectors = vectors
        self._tenant = tenant
        self._query = query

    def find(self, points: int) -> Found:
        """The items of the `points` nearest points to each wanted part, all of them compared with every part.

        The best of a part stand in its order as in a reading without end; equal ones in order of point id.
        """
        wanted = self._query.wanted
        near: list[_Nearest] = []
        more = False
        for part in wanted:
            items, unread = self._nearest(part, points)
            near.append(items)
            more = more or unread
        rivals = [[hit.score for hit in islice(items.values(), RIVALS)] for items in near]
        if len(wanted) == 1 and not self._query.unwanted:
            return Found([Candidate(sku, hit, (hit.score,)) for sku, hit in near[0].items()], rivals, more)
        skus = list(dict.fromkeys(sku for items in near for sku in items))
        if len(wanted) > 1:
            near = [self._completed(part, items, skus) for part, items in zip(wanted, near, strict=True)]
        against = [self._against(part, skus) for part in self._query.unwanted]
        first = self._query.shown_by or 0
        order = [near[first], *near]
        candidates = [
            Candidate(sku, shown, [*(_score(items, sku) for items in near), *(one.get(sku, 0.0) for one in against)])
            for sku in skus
            if (shown := next((items[sku] for items in order if sku in items), None))
        ]
        return Found(candidates, rivals, more)

    def pieces(self, skus: Sequence[str]) -> dict[str, list[Hit]]:
        """All pieces, with their vectors, of those of these items that the filter still allows."""
        by_sku: dict[str, list[Hit]] = {}
        for hit in self._pieces(skus) if skus else ():
            by_sku.setdefault(hit.payload["sku"], []).append(hit)
        return by_sku

    def texts(self, skus: Sequence[str]) -> dict[str, Text]:
        """The words of those of these items that have some."""
        return {point.payload["sku"]: point.text for point in self._scrolled(skus) if point.text}

    def _pieces(self, skus: Sequence[str]) -> list[Hit]:
        place = self._query.shown_by
        asked = () if place is None else self._query.wanted[place].vectors
        if not asked:
            return [Hit(point.id, 0.0, point.payload, point.vector) for point in self._scrolled(skus)]
        limit = _PIECES_AN_ITEM * len(skus)
        while True:  # a search reads vectors without words, in a third of the time of a scroll
            hits = self._vectors.search(self._tenant, asked[0], limit, self._among(skus), with_vectors=True)
            if len(hits) < limit:
                return hits
            limit *= 2

    def _scrolled(self, skus: Sequence[str]) -> Iterator[Point]:
        where, after = self._among(skus), None
        while skus:
            points = self._vectors.scroll(self._tenant, where, _PAGE, after)
            yield from points
            if len(points) < _PAGE:
                return
            after = points[-1].id

    def _nearest(self, part: Part, points: int) -> tuple[_Nearest, bool]:
        if part.text is not None:
            hits = self._vectors.search_text(self._tenant, part.text, points, _mains(self._query.where))
            return _each_once(hits), len(hits) == points
        each = max(points // max(len(part.vectors), 1), _LEAST_POINTS)
        readings = [self._vectors.search(self._tenant, vector, each, self._query.where) for vector in part.vectors]
        unread = [hits for hits in readings if len(hits) == each]
        if len(readings) < 2:
            return _each_once(hit for hits in readings for hit in hits), bool(unread)
        # Below the worst that was read of one picture, another item may be nearer to it than to those read.
        sure_above = max((hits[-1].score for hits in unread), default=-2.0)
        best = sorted((hit for hits in readings for hit in hits), key=_best_first)
        return _each_once(hit for hit in best if hit.score > sure_above), bool(unread)

    def _completed(self, part: Part, items: _Nearest, skus: Sequence[str]) -> _Nearest:
        """With the nearest piece of each of `skus`.

        Words are asked again for all: a text score counts by rank, so those of two readings do not compare.
        """
        if part.text is not None:
            return _each_once(self._best_by_words(part, skus))
        found = dict(items)
        for vector in part.vectors:
            left = [sku for sku in skus if sku not in items]
            while left:
                limit = _PIECES_AN_ITEM * len(left)
                hits = self._vectors.search(self._tenant, vector, limit, self._among(left))
                for hit in hits:
                    best = found.get(hit.payload["sku"])
                    if best is None or hit.score > best.score:
                        found[hit.payload["sku"]] = hit
                seen = {hit.payload["sku"] for hit in hits}
                left = [sku for sku in left if sku not in seen] if len(hits) == limit else []
        return found

    def _against(self, part: Part, skus: Sequence[str]) -> dict[str, float]:
        """How alike each item is to something unwanted.

        A text score would not do: by rank, some item is always the best.
        """
        if part.text is None:
            return {sku: hit.score for sku, hit in self._completed(part, {}, skus).items()}
        terms = part.text.terms.keys()
        return {sku: len(terms & text.terms.keys()) / len(terms) for sku, text in self.texts(skus).items() if terms}

    def _best_by_words(self, part: Part, skus: Sequence[str]) -> list[Hit]:
        if part.text is None or not skus:
            return []
        among = _mains(self._among(skus))
        return self._vectors.search_text(self._tenant, part.text, _PIECES_AN_ITEM * len(skus), among)

    def _among(self, skus: Collection[str]) -> Filter:
        where = self._query.where
        return Filter((*where.must, AnyOf("sku", tuple(skus))), where.must_not)


def _mains(where: Filter) -> Filter:
    """Words are of the item, which its main pieces stand for, and not of what lies beside them."""
    return Filter(where.must, (*where.must_not, BESIDE_THE_MAIN))


def _each_once(hits: Iterable[Hit]) -> _Nearest:
    items: _Nearest = {}
    for hit in hits:
        items.setdefault(hit.payload["sku"], hit)
    return items


def _score(items: _Nearest, sku: str) -> float:
    return items[sku].score if sku in items else 0.0


def _best_first(hit: Hit) -> tuple[float, str]:
    return (-hit.score, hit.id)
