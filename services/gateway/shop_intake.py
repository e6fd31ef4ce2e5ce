"""Takes shops' events off the shop bus, each tenant's in order, and settles each once its effect is committed.

An event that breaks the contract, or can never work, is buried with the reason. One whose item or object is not there
yet is held for a while, and those behind it pass; one of them may make it void. While a database or store is away the
tenant waits. An event that fails though all parts answer, or that was on the way each time a gateway died, is buried in
the end.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from sqlalchemy import select

from services.gateway.impressions import Whose
from services.gateway.metrics import SHOP_EVENTS
from services.gateway.originals import Originals
from services.gateway.people.block_list import BlockList
from services.gateway.people.finding import words_of
from services.gateway.shop_events import ShopEvents, overtakes
from services.gateway.tables import Tenant
from shared.contracts import shop
from shared.database import Database
from shared.errors import InvalidInput, LoupeError, NotFound, Overloaded, Permanent, Retryable
from shared.observability import logs
from shared.shopbus import IN_HAND, Delivery, ShopBus

_LOOK_FOR_TENANTS_SECONDS = 2.0
_WAIT_SECONDS = 0.5
_PAUSE_SECONDS = 1.0
_HELD_SECONDS = 30.0
_FIRST_RETRY, _LONGEST_RETRY = 0.25, 30.0
_MAX_FAILURES = 8
_MAX_TRIES = 10
_KEPT_OF_ORIGINAL = 64_000
_log = structlog.get_logger(__name__)


@dataclass
class _Held:
    """An event in hand. `blocks`: those behind it wait for it, because they would fail as well."""

    delivery: Delivery
    event: shop.ShopEvent
    correlation_id: str
    failures: int = 0
    since: float = field(default_factory=time.monotonic)
    retry_at: float = 0.0
    blocks: bool = False


class ShopIntake:
    """`check` returns while every part that handling needs answers, else raises `Retryable`."""

    def __init__(
        self,
        bus: ShopBus,
        database: Database,
        events: ShopEvents,
        originals: Originals,
        check: Callable[[], None],
        block_list: BlockList,
        held_seconds: float = _HELD_SECONDS,
    ) -> None:
        self._bus = bus
        self._database = database
        self._events = events
        self._originals = originals
        self._check = check
        self._block_list = block_list
        self._held_seconds = held_seconds
        self._tenants: Sequence[str] = ()
        self._look_at = 0.0
        self._held: list[_Held] = []
        self._in_work: Delivery | None = None

    def run(self, stop: threading.Event) -> None:
        """Handle events until `stop` is set. Waits, and says so, while the bus or the database is away."""
        while not stop.is_set():
            try:
                self._turn()
            except Retryable as error:
                _log.warning("shop_intake_waits", detail=error.detail)
                self._start_over(stop)
            except Exception:  # noqa: BLE001 - a fault of ours must not end the intake of all shops
                _log.exception("shop_intake_failed")
                self._bus.close()
                self._start_over(stop)

    def _start_over(self, stop: threading.Event) -> None:
        """The bus hands out again what is not settled."""
        self._held.clear()
        self._in_work = None
        stop.wait(_PAUSE_SECONDS)

    def oldest_seconds(self) -> float:
        """How long ago the oldest event was sent that is in hand and not settled; 0 when there is none."""
        in_hand = [held.delivery for held in list(self._held)] + [one for one in [self._in_work] if one]
        return max((time.time() - delivery.since for delivery in in_hand), default=0.0)

    def _turn(self) -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_for_tenants()
            self._look_at = now + _LOOK_FOR_TENANTS_SECONDS
        for held in [held for held in self._held if held.retry_at <= now]:
            self._held.remove(held)
            self._in_work = held.delivery
            self._try(held)
            self._in_work = None
        paused = {held.delivery.tenant for held in self._held if held.blocks}
        next_retry = min((held.retry_at for held in self._held), default=now + _WAIT_SECONDS)
        wait = min(_WAIT_SECONDS, max(0.01, next_retry - time.monotonic()))
        for delivery in self._bus.receive(self._tenants, wait, paused):
            self._take(delivery)

    def _look_for_tenants(self) -> None:
        try:
            with self._database.read() as session:
                self._tenants = session.execute(select(Tenant.tenant).order_by(Tenant.tenant)).scalars().all()
        except Retryable as error:
            _log.warning("shop_intake_waits", detail=error.detail)

    def _take(self, delivery: Delivery) -> None:
        self._in_work = delivery
        try:
            if delivery.tries > _MAX_TRIES:
                raise Permanent(
                    f"The event was taken {_MAX_TRIES} times, and each time Loupe broke off. Tell its operator."
                )
            if delivery.fault:
                raise InvalidInput(delivery.fault)
            event = shop.parse(delivery.body)
        except Permanent as error:
            self._bury(delivery, uuid4().hex, "unreadable", error)
        else:
            self._settle_overtaken(delivery.tenant, event)
            self._try(_Held(delivery, event, event.correlation_id or uuid4().hex))
        self._in_work = None

    def _settle_overtaken(self, tenant: str, newer: shop.ShopEvent) -> None:
        for held in [one for one in self._held if one.delivery.tenant == tenant and overtakes(newer, one.event)]:
            self._bus.done(held.delivery)
            self._held.remove(held)
            SHOP_EVENTS.labels(held.event.type, "late").inc()

    def _try(self, held: _Held) -> None:
        delivery, event = held.delivery, held.event
        with logs.bound(
            service="gateway", correlation_id=held.correlation_id, tenant=delivery.tenant, message=event.type
        ):
            started = time.perf_counter()
            try:
                outcome = self._events.handle(delivery.tenant, event, datetime.fromtimestamp(delivery.since, UTC))
            except NotFound as error:
                self._hold_or_bury(held, error)
            except Overloaded:
                self._wait_for_room(held)
            except Permanent as error:
                self._bury(delivery, held.correlation_id, event.type, error)
            except Exception as error:  # noqa: BLE001 - a fault of ours is tried again too, then buried, never lost
                _log.warning("shop_event_failed", exc_info=None if isinstance(error, Retryable) else error)
                self._retry_or_bury(held, error)
            else:
                self._bus.done(delivery)
                SHOP_EVENTS.labels(event.type, outcome).inc()
                ms = round((time.perf_counter() - started) * 1000, 1)
                _log.info("shop_event_handled", event_id=self._event_id(event), outcome=outcome, ms=ms)

    def _hold_or_bury(self, held: _Held, error: NotFound) -> None:
        waiting = sum(other.delivery.tenant == held.delivery.tenant for other in self._held)
        if time.monotonic() - held.since < self._held_seconds and waiting < IN_HAND - 1:
            self._hold(held, blocks=False)
        else:
            self._bury(held.delivery, held.correlation_id, held.event.type, error)

    def _wait_for_room(self, held: _Held) -> None:
        """It is not at fault, so it is never buried for this; the shop's queue grows in the shop's own stream."""
        held.retry_at = time.monotonic() + _PAUSE_SECONDS
        held.blocks = True
        self._held.append(held)
        SHOP_EVENTS.labels(held.event.type, "retried").inc()

    def _retry_or_bury(self, held: _Held, error: Exception) -> None:
        if held.failures >= _MAX_FAILURES and self._all_parts_answer():
            reason = error.detail if isinstance(error, LoupeError) else f"Loupe failed with {type(error).__name__}."
            self._bury(held.delivery, held.correlation_id, held.event.type, Permanent(reason))
        else:
            self._hold(held, blocks=True)

    def _hold(self, held: _Held, *, blocks: bool) -> None:
        held.retry_at = time.monotonic() + min(_FIRST_RETRY * 2**held.failures, _LONGEST_RETRY)
        held.failures += 1
        held.blocks = blocks
        self._held.append(held)
        SHOP_EVENTS.labels(held.event.type, "retried").inc()

    def _is_of_erased(self, delivery: Delivery) -> bool:
        """Whether it may tell of somebody who was erased after it was sent: then nobody is to read it any more."""
        names = [whose for word in words_of(delivery.body) for whose in (Whose(word), Whose(None, word))]
        if not names:
            return False
        with self._database.read() as session:
            erased = self._block_list.forgotten_at(session, delivery.tenant, names)
        return any(at.timestamp() >= delivery.since for at in erased.values())

    def _event_id(self, event: shop.ShopEvent) -> str:
        """The id that the shop gave the event; of one that tells of a shopper a hash: the id may name them too."""
        told = event.type.startswith(("shop.user.", "shop.order."))
        return self._block_list.pseudonym(event.id) if told else event.id

    def _all_parts_answer(self) -> bool:
        try:
            self._check()
        except Retryable:
            return False
        return True

    def _bury(self, delivery: Delivery, correlation_id: str, event_type: str, error: LoupeError) -> None:
        if self._is_of_erased(delivery):
            self._bus.done(delivery)
            SHOP_EVENTS.labels(event_type, "late").inc()
            return
        path = error.errors[0]["path"] or None if error.errors else None
        key = hashlib.sha256(delivery.body).hexdigest()
        if len(delivery.body) > _KEPT_OF_ORIGINAL:
            self._originals.keep(delivery.tenant, delivery.body)
        data = shop.EventRefusedData(
            reason=error.detail,
            path=path,
            original=delivery.body[:_KEPT_OF_ORIGINAL].decode(errors="replace"),
            bytes=len(delivery.body),
            sha256=key,
        )
        self._bus.bury(delivery, shop.write(data, tenant=delivery.tenant, key=key, correlation_id=correlation_id))
        SHOP_EVENTS.labels(event_type, "refused").inc()
        _log.warning(
            "shop_event_refused",
            tenant=delivery.tenant,
            correlation_id=correlation_id,
            message=event_type,
            path=path,
        )
