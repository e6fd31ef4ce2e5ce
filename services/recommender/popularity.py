"""What many shoppers acted on lately."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, func, select

from services.recommender.recording import number_of
from services.recommender.settings import Weight
from services.recommender.tables import Event
from shared.contracts.user_events import EventType
from shared.database import Database

_WITHIN = timedelta(days=30)
_ITEMS = 200
_KEPT_FOR_TIMES_ITS_COST = 20
_WAIT_SECONDS = 0.05
_FIRST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Popular:
    """`shoppers` different ones acted on the item lately; `weight` sums the strongest act of each."""

    sku: str
    shoppers: int
    weight: float


@dataclass(slots=True)
class _Kept:
    """A tenant's last answer, None before the first, good until then; and the next one, while it is made."""

    found: Sequence[Popular] | None = None
    good_until: float = 0.0
    next: Future[Sequence[Popular]] | None = None


class Popularity:
    """The tenant's popular items.

    An answer is kept for 20 times as long as it took to make: counting two million events takes seconds, and may take
    no more than a twentieth of a core. The next one is made beside the questions. They wait for it a moment, so that a
    shop with few events always gets a fresh one, and then make do with the last one.
    """

    def __init__(self, database: Database, weights: Mapping[EventType, Weight]) -> None:
        self._database = database
        self._strongest = case({name: w.weight for name, w in weights.items()}, value=Event.type, else_=0.0)
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def most(self, tenant: str) -> Sequence[Popular]:
        """The 200 items with the most weight of different shoppers within 30 days; a shopper counts once for each.

        A visit of somebody who is not known is a shopper; a search is no act on an item. Nothing while the very first
        count takes longer than five seconds.
        """
        with self._lock:
            kept = self._kept.setdefault(tenant, _Kept())
            if time.monotonic() < kept.good_until:
                return kept.found or ()
            if kept.next is None:
                kept.next = Future()
                threading.Thread(
                    target=self._renew, args=(tenant, kept, kept.next), name="popularity", daemon=True
                ).start()
            last, coming = kept.found, kept.next
        try:
            return coming.result(_FIRST_WAIT_SECONDS if last is None else _WAIT_SECONDS)
        except NotYet:
            return last or ()

    def _renew(self, tenant: str, kept: _Kept, coming: Future[Sequence[Popular]]) -> None:
        started = time.monotonic()
        try:
            found = self._count(tenant)
        except Exception as error:  # noqa: BLE001 - it is raised in whoever waits for the answer
            with self._lock:
                kept.next = None
            coming.set_exception(error)
            return
        ended = time.monotonic()
        with self._lock:
            kept.found, kept.next = found, None
            kept.good_until = ended + _KEPT_FOR_TIMES_ITS_COST * (ended - started)
        coming.set_result(found)

    def _count(self, tenant: str) -> Sequence[Popular]:
        each = (
            select(Event.sku, func.max(self._strongest).label("weight"))
            .where(
                Event.tenant == tenant,
                Event.at >= number_of(datetime.now(UTC) - _WITHIN),
                Event.sku.is_not(None),
            )
            .group_by(Event.sku, Event.shopper)
            .having(func.max(self._strongest) > 0)
            .subquery()
        )
        weight = func.sum(each.c.weight)
        top = select(each.c.sku, func.count(), weight).group_by(each.c.sku).order_by(weight.desc(), each.c.sku)
        with self._database.read() as session:
            return [Popular(*row) for row in session.execute(top.limit(_ITEMS))]
