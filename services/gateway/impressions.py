"""What shoppers were shown, on its way to the recommender. Statistics: no search waits for them to be written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import structlog

from services.gateway import metrics
from services.gateway.cursors import Place
from services.gateway.outbox_keys import impressions_key
from services.gateway.tables import OUTBOX
from shared.contracts.impressions import MAX_SHOWN_LISTS, ImpressionsShown, ShownList
from shared.contracts.internal import HitList
from shared.contracts.search import Result
from shared.database import Database
from shared.errors import Retryable
from shared.observability import logs

_SECONDS = 1.0
_AT_MOST = 10_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Whose:
    """The shopper who was shown a list: a user, a visit of somebody who is not logged in, or nobody known."""

    user_id: str | None = None
    session_id: str | None = None


NOBODY = Whose()


def shown(
    place: Place,
    where: Literal["results", "suggestions", "similar", "completes", "for-you", "e-mail"],
    results: Sequence[Result],
    found: HitList,
    whose: Whose = NOBODY,
    piece: int = 0,
) -> ShownList | None:
    """The page of a list as it was shown; None when it was empty.

    `results` are `found` joined with the catalogue, so some of its hits may be missing. Propensities and features are
    told of all of them or of none.
    """
    if not results:
        return None
    hits = {hit.sku: hit for hit in found.hits}
    ranked = [hits[result.sku] for result in results]
    propensities = [hit.propensity for hit in ranked if hit.propensity is not None]
    features = [hit.features for hit in ranked if hit.features]
    return ShownList(
        search_id=place.search_id,
        place=where,
        piece=piece,
        first=place.shown,
        ranking=found.ranking,
        variant=found.variant,
        user_id=whose.user_id,
        session_id=whose.session_id,
        skus=[result.sku for result in results],
        propensities=propensities if len(propensities) == len(ranked) else [],
        features=features if len(features) == len(ranked) else [],
    )


class Impressions:
    """Lists gather in memory and go into the outbox once a second: up to a second of them is lost by a kill.

    While the database is away up to 10,000 lists wait; more are dropped and counted. `wake` is called after each commit
    that left a message in the outbox.
    """

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, ShownList]] = []

    def note(self, tenant: str, listed: ShownList | None) -> None:
        if listed is None:
            return
        with self._lock:
            if len(self._waiting) < _AT_MOST:
                self._waiting.append((tenant, listed))
                return
        metrics.IMPRESSIONS_LOST.inc()

    def run(self, stop: threading.Event) -> None:
        """Write once a second until `stop` is set, and what is left then."""
        while not stop.wait(_SECONDS):
            self._try()
        self._try()

    def flush(self) -> None:
        """Write what waits, a message a shop and 500 lists. Raises `Retryable`, and then keeps all of it."""
        with self._lock:
            waiting = list(self._waiting)
        of_shops: dict[str, list[ShownList]] = {}
        for tenant, listed in waiting:
            of_shops.setdefault(tenant, []).append(listed)
        messages = {
            impressions_key(batch := uuid4().hex): ImpressionsShown(
                tenant=tenant,
                correlation_id=logs.correlation_id(),
                batch_id=batch,
                lists=lists[start : start + MAX_SHOWN_LISTS],
            )
            for tenant, lists in of_shops.items()
            for start in range(0, len(lists), MAX_SHOWN_LISTS)
        }
        if not messages:
            return
        with self._database.write() as session:
            OUTBOX.add_all(session, messages)
        with self._lock:
            del self._waiting[: len(waiting)]
        self._wake()

    def _try(self) -> None:
        try:
            self.flush()
        except Retryable as error:
            _log.warning("impressions_wait", detail=error.detail)
