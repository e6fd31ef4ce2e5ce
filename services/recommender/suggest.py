"""Suggestions for one shopper: what looks like what they like, then what is popular, then what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.recommender import metrics
from services.recommender.arrivals import newest
from services.recommender.history import History, Who
from services.recommender.index import Index
from services.recommender.look import LookAlikes
from services.recommender.popularity import Popular, Popularity
from services.recommender.ranking import BESIDE_THE_MAIN, without
from services.recommender.settings import Weight
from services.recommender.taste import taste_of
from shared.contracts.internal import Hit, HitList, Source, SuggestRequest
from shared.contracts.messages import EventType
from shared.vectorstore import AnyOf, Filter, Payload, Point, VectorStore

_IN_STOCK = AnyOf("in_stock", (True,))
_POPULAR_PICTURES = 1_000
RANKING = "suggest-1"


class Suggester:
    """Each call reads history and index anew: the last event counts at once, and so does the stock."""

    def __init__(
        self,
        index: Index,
        history: History,
        popularity: Popularity,
        weights: Mapping[EventType, Weight],
    ) -> None:
        self._index = index
        self._history = history
        self._popularity = popularity
        self._weights = weights

    def suggest(self, request: SuggestRequest) -> HitList:
        """Up to `limit` items in stock, best first, scores falling.

        Never one that was bought (unless returned later) or dismissed. What the shopper has acted on lately comes last,
        and only where nothing else is left to fill the list.
        """
        tenant, limit = request.tenant, request.limit
        shopper = self._history.shopper(tenant, Who(request.user_id, request.session_id))
        known = frozenset(act.sku for act in shopper.recent) - shopper.never
        unknown = Filter((_IN_STOCK,), without(known | shopper.never))
        with self._index.pin() as pinned:
            hits = LookAlikes(pinned).find(tenant, taste_of(shopper.recent, self._weights), unknown, limit)
            if len(hits) < limit:
                popular = self._popularity.most(tenant)
                self._fill(pinned.vectors, hits, tenant, unknown, popular, limit)
                if known and len(hits) < limit:
                    again = Filter((_IN_STOCK, AnyOf("sku", tuple(sorted(known)))))
                    self._fill(pinned.vectors, hits, tenant, again, popular, limit)
        for hit in hits:
            metrics.SUGGESTED.labels(hit.source.kind).inc()
        return HitList.model_construct(hits=hits, cold=not shopper.recent, ranking=RANKING)

    def _fill(
        self,
        vectors: VectorStore,
        hits: list[Hit],
        tenant: str,
        where: Filter,
        popular: Sequence[Popular],
        limit: int,
    ) -> None:
        """Append popular, then new items that `where` allows, until there are `limit`."""
        by_sku = {item.sku: item for item in popular}
        pictures = _first_pictures(vectors, tenant, where, by_sku)
        ceiling = hits[-1].score if hits else 1.0
        taken = {hit.sku for hit in hits}
        for item in popular:
            if len(hits) < limit and item.sku in pictures and item.sku not in taken:
                score = ceiling * item.weight / popular[0].weight
                hits.append(_hit(pictures[item.sku].payload, score, Source(kind="popular", count=item.shoppers)))
                taken.add(item.sku)
        missing = limit - len(hits)
        if not missing:
            return
        ceiling = hits[-1].score if hits else 1.0
        arrived_last = newest(vectors, tenant, where, missing + len(taken))
        fresh = [point for point in arrived_last if point.payload["sku"] not in taken][:missing]
        for place, point in enumerate(fresh):
            arrived = datetime.fromisoformat(point.payload["created_at"])
            hits.append(_hit(point.payload, ceiling * (1 - place / len(fresh)), Source(kind="new", at=arrived)))


def _first_pictures(vectors: VectorStore, tenant: str, where: Filter, skus: Iterable[str]) -> dict[str, Point]:
    wanted = AnyOf("sku", tuple(skus))
    if not wanted.values:
        return {}
    pictures: dict[str, Point] = {}
    mains = Filter((*where.must, wanted), (*where.must_not, BESIDE_THE_MAIN))
    for point in vectors.scroll(tenant, mains, _POPULAR_PICTURES):
        pictures.setdefault(point.payload["sku"], point)
    return pictures


def _hit(payload: Payload, score: float, source: Source) -> Hit:
    return Hit.model_construct(
        sku=payload["sku"],
        image_id=payload["image_id"],
        score=score,
        type=payload.get("type"),
        source=source,
    )
