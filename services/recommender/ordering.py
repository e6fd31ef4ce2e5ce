"""From a query to a ranking: candidates scored, their top re-ranked and made diverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.recommender import metrics
from services.recommender.arrivals import newest
from services.recommender.boosts import Boosts
from services.recommender.candidates import Found, Reader
from services.recommender.composing import Query
from services.recommender.diversity import diversified
from services.recommender.index import Pinned
from services.recommender.popularity import Popularity
from services.recommender.ranked import Ranked, Ranking
from services.recommender.scoring import Counted, Scoring, boosted
from shared.contracts.models import RIVALS
from shared.vectorstore import Hit

TOP = 100
"""So many are re-ranked, made diverse, and pinned with the first page."""
DEEPEST = 10_000
"""Items of a ranking that can be paged through."""
_POINTS = 200
"""Read of each part to begin with. A point costs 40 us, and shops show about three pictures of a piece."""
_MOST_POINTS = 51_200
_DEEPER = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """An item in its place, and the piece that stands for it."""

    ranked: Ranked
    shown: Hit


@dataclass(frozen=True, slots=True)
class Order:
    """`rivals` as `Found` has them; `more`: the index may have items beyond these."""

    placed: Sequence[Placed]
    rivals: Sequence[Sequence[float]]
    more: bool


class Ranker:
    """Ranks the items of one collection for one query."""

    def __init__(self, popularity: Popularity) -> None:
        self._popularity = popularity

    def first(self, tenant: str, query: Query, pinned: Pinned, wanted: int, diversity: float) -> Order:
        """At least `wanted` items, if there are so many; the first 100 in the order in which they are shown.

        A picture asked for alone asks which piece it is: nothing but its likeness counts then.
        """
        if not query.wanted:
            return self._newest(tenant, query, pinned, max(wanted, TOP + 1))
        reader = Reader(pinned.vectors, tenant, query)
        with metrics.stage("candidates"):
            order = self._order(reader, query, pinned, max(wanted, RIVALS), _POINTS)
        with metrics.stage("rank"):
            placed = order.placed
            if not (query.alone and query.alone.kind == "picture"):
                placed = _re_ranked(placed, Boosts(tenant, query, self._popularity))
            if diversity:
                placed = _made_diverse(placed, reader, diversity)
        return Order(placed, order.rivals, order.more)

    def beyond(self, tenant: str, query: Query, pinned: Pinned, beginning: Ranking) -> list[Ranked]:
        """What comes after a ranking's beginning, up to 10,000 items with it, by relevance alone."""
        if not query.wanted:
            order = self._newest(tenant, query, pinned, DEEPEST)
        else:
            reader = Reader(pinned.vectors, tenant, query)
            order = self._order(reader, query, pinned, DEEPEST, DEEPEST, beginning.rivals)
        before = {ranked.sku for ranked in beginning.items}
        ceiling = min((ranked.score for ranked in beginning.items), default=1.0)
        rest = [one.ranked for one in order.placed if one.ranked.sku not in before]
        return [replace(one, score=min(one.score, ceiling)) for one in rest[: DEEPEST - len(before)]]

    def _order(
        self,
        reader: Reader,
        query: Query,
        pinned: Pinned,
        wanted: int,
        points: int,
        rivals: Sequence[Sequence[float]] | None = None,
    ) -> Order:
        """Read deeper until `wanted` items are found that are not unwanted."""
        while True:
            found = reader.find(points)
            placed = _in_order(query, found, Scoring(query, pinned.model, rivals or found.rivals))
            enough = sum(not one.ranked.unwanted for one in placed) >= wanted
            if enough or not found.more or points >= _MOST_POINTS:
                return Order(placed, found.rivals, found.more)
            points *= _DEEPER

    def _newest(self, tenant: str, query: Query, pinned: Pinned, wanted: int) -> Order:
        with metrics.stage("candidates"):
            points = newest(pinned.vectors, tenant, query.where, wanted)
        placed = [
            Placed(Ranked(point.payload["sku"], 1 - place / DEEPEST), point)
            for place, point in enumerate(points[:DEEPEST])
        ]
        return Order(placed, (), more=len(points) >= wanted)


def _in_order(query: Query, found: Found, scoring: Scoring) -> list[Placed]:
    """All candidates by relevance, those that are unwanted last, at a score of 0."""
    placed = []
    for candidate in found.candidates:
        payload = candidate.shown.payload
        similarities = candidate.similarities[: len(query.wanted)]
        if scoring.is_unwanted(candidate.similarities, payload):
            ranked = Ranked(candidate.sku, 0.0, similarities, unwanted=True)
        else:
            wished = scoring.wished(payload)
            ranked = Ranked(candidate.sku, scoring.relevance(similarities, len(wished)), similarities, wished)
        placed.append(Placed(ranked, candidate.shown))
    return sorted(placed, key=_place)


def _re_ranked(placed: Sequence[Placed], boosts: Boosts) -> list[Placed]:
    """The first 100 with their boosts. What is below them scored less before, and does so after."""
    top = [_boosted(one, boosts) for one in placed[:TOP]]
    return [*sorted(top, key=_place), *placed[TOP:]]


def _boosted(one: Placed, boosts: Boosts) -> Placed:
    ranked = one.ranked
    if ranked.unwanted:
        return one
    counted: list[Counted] = boosts.of(one.shown.payload)
    score = boosted(ranked.score, counted)
    return replace(one, ranked=replace(ranked, score=score, counted=[*ranked.counted, *counted]))


def _made_diverse(placed: Sequence[Placed], reader: Reader, diversity: float) -> list[Placed]:
    """The first 100 in the order of maximal marginal relevance; what is unwanted stays last."""
    top = [one for one in placed[:TOP] if not one.ranked.unwanted]
    pieces = reader.pieces([one.ranked.sku for one in top])
    vectors = {piece.id: piece.vector for own in pieces.values() for piece in own if piece.vector is not None}
    there = [one for one in top if one.shown.id in vectors]
    if not there:
        return list(placed)
    shown = np.stack([vectors[one.shown.id] for one in there])
    order = diversified([one.ranked.score for one in there], shown, diversity)
    chosen = {one.ranked.sku for one in there}
    return [*(there[place] for place in order), *(one for one in placed if one.ranked.sku not in chosen)]


def _place(one: Placed) -> tuple[bool, float, float, str]:
    """Where scores are equal, as P(same) may be far from the best, the similarity decides, then the point's id."""
    ranked = one.ranked
    return (ranked.unwanted, -ranked.score, -sum(ranked.similarities), one.shown.id)
