"""Suggestions for one shopper or many: whose list it is, by which weights it is ranked, in which experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.recommender import metrics
from services.recommender.experiments import Assigned, Experiments
from services.recommender.features import Weights, in_use
from services.recommender.history import History, Who
from services.recommender.index import Index, Pinned
from services.recommender.items import Items
from services.recommender.making import Making, Means
from services.recommender.popularity import Popularity
from services.recommender.settings import Weight
from services.recommender.sources.crowd import Companions, NoCompanions
from shared.contracts.internal import HitList, HitLists, SuggestBatchRequest, SuggestRequest
from shared.contracts.user_events import EventType

RANKING = "suggest-2"


class Suggester:
    """Each call reads history and index anew: the last event counts at once, and so does the stock."""

    def __init__(
        self,
        index: Index,
        history: History,
        popularity: Popularity,
        weights: Mapping[EventType, Weight],
        *,
        experiments: Experiments | None = None,
        companions: Companions | None = None,
        learned: Callable[[str], bytes | None] = lambda _: None,
        explore: float = 0.05,
        diversity: float = 0.1,
    ) -> None:
        """`learned`: of a tenant, the `Weights` learned from clicks, packed; None before there are any."""
        self._index = index
        self._history = history
        self._experiments = experiments
        self._learned = learned
        self._explore = explore
        self.means = Means(popularity, companions or NoCompanions(), Items(), weights, diversity)

    def suggest(self, request: SuggestRequest) -> HitList:
        """Up to `limit` items in stock, in the order in which they are shown.

        Never one that was bought (unless returned later), nor a variant of one, nor one that was dismissed, nor what
        the page shows. What the shopper has acted on lately comes last, only where nothing else fills the list.
        """
        with self._index.pin() as pinned:
            return self._suggested(request, pinned)

    def batch(self, request: SuggestBatchRequest) -> HitLists:
        """One list a user, in their order, all of one collection."""
        with self._index.pin() as pinned:
            asked = [
                SuggestRequest(tenant=request.tenant, user_id=user_id, limit=request.limit)
                for user_id in request.user_ids
            ]
            return HitLists.model_construct(lists=[self._suggested(one, pinned) for one in asked])

    def _suggested(self, request: SuggestRequest, pinned: Pinned) -> HitList:
        who = Who(request.user_id, request.session_id)
        shopper = self._history.shopper(request.tenant, who)
        assigned = Assigned("learned", self._explore)
        if self._experiments:
            assigned = self._experiments.assigned(request.tenant, who, assigned)
        weights = self._weights_of(request.tenant, assigned)
        hits = Making(self.means, request, shopper, pinned, weights, assigned.explore).hits()
        for hit in hits:
            metrics.SUGGESTED.labels(hit.source.kind).inc()
        return HitList.model_construct(
            hits=hits,
            facets={},
            cold=not shopper.recent,
            ranking=f"{RANKING}:{weights.name}",
            variant=assigned.variant,
        )

    def _weights_of(self, tenant: str, assigned: Assigned) -> Weights:
        return in_use(self._learned(tenant) if assigned.policy == "learned" else None)
