"""Sends what is due to webhooks: at least once, always with the same `webhook-id`, until it is taken or a day passed.

A try is lent its event for less than a minute. When this process is killed meanwhile nobody gives it back, and it is
due again. Nobody waits for a slow receiver but the events for it: each webhook, and each shop, has few tries under way.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import delete, or_, select

from services.gateway.outward import AddressRefused, Answer, Outward, Unreachable
from services.gateway.webhooks import metrics
from services.gateway.webhooks.outcomes import PAUSED_FROM, Try, record
from services.gateway.webhooks.signing import secret_of, signed_headers
from services.gateway.webhooks.tables import DeliveryRow, WebhookRow
from shared.database import Database
from shared.errors import Retryable

_AT_ONCE, _OF_A_SHOP, _OF_A_WEBHOOK = 200, 32, 8
_TRY_SECONDS = 15
_LEASE = timedelta(seconds=45)
_KEPT_OF_ANSWER = 1_024
_KEPT = timedelta(days=7)
_PRUNED_AT_ONCE = 1_000
_PRUNE_SECONDS = 60.0
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
_LEAVE_SECONDS = 2.0
_HEADERS = {"Content-Type": "application/cloudevents+json", "User-Agent": "Loupe-Webhooks/1"}
_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Lent:
    row: int
    tenant: str
    webhook_id: str
    url: str
    event_id: str
    body: bytes
    secrets: Sequence[str]


class Dispatcher:
    """`secret` is the gateway's."""

    def __init__(self, database: Database, secret: str, outward: Outward) -> None:
        self._database = database
        self._secret = secret
        self._outward = outward
        self._under_way: dict[asyncio.Task[Try], _Lent] = {}
        self._done: list[Try] = []
        self._prune_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set. Waits, and says so, while the database is away."""
        with ThreadPoolExecutor(1, "webhooks") as thread:
            asyncio.run(self._run(stop, thread))

    async def _run(self, stop: threading.Event, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()

        async def apart(work: Callable[[], _T]) -> _T:
            return await loop.run_in_executor(thread, work)

        while not stop.is_set():
            pause = _POLL_SECONDS
            try:
                for lent in await apart(self._turn):
                    self._under_way[asyncio.create_task(self._try(lent))] = lent
            except Retryable as error:
                _log.warning("webhooks_wait", detail=error.detail)
                pause = _PAUSE_SECONDS
            except Exception:  # noqa: BLE001 - a fault of ours must not end the webhooks of all shops
                _log.exception("webhooks_failed")
                self._done.clear()  # what is not written down is tried again
                pause = _PAUSE_SECONDS
            if self._under_way:
                await self._gather(pause, asyncio.FIRST_COMPLETED)
            else:
                await apart(lambda: stop.wait(pause))  # noqa: B023 - waited for here
        if self._under_way:
            await self._gather(_LEAVE_SECONDS, asyncio.ALL_COMPLETED)
        for task in self._under_way:
            task.cancel()
        try:
            await apart(self._write_down)
        except Retryable as error:
            _log.warning("webhooks_wait", detail=error.detail)

    async def _gather(self, seconds: float, until: str) -> None:
        """Wait up to `seconds` for tries to end."""
        done, _ = await asyncio.wait(self._under_way, timeout=seconds, return_when=until)
        for task in done:
            del self._under_way[task]
            self._done.append(task.result())

    def _turn(self) -> list[_Lent]:
        self._write_down()
        if time.monotonic() >= self._prune_at:
            self._prune()
        return self._lend()

    def _write_down(self) -> None:
        if self._done:
            with self._database.write() as session:
                record(session, self._done)
            self._done.clear()

    def _prune(self) -> None:
        old = select(DeliveryRow.id).where(DeliveryRow.created_at < datetime.now(UTC) - _KEPT)
        with self._database.read() as session:
            ids = session.execute(old.limit(_PRUNED_AT_ONCE)).scalars().all()
        if ids:
            with self._database.write() as session:
                session.execute(delete(DeliveryRow).where(DeliveryRow.id.in_(ids)))
        if len(ids) < _PRUNED_AT_ONCE:
            self._prune_at = time.monotonic() + _PRUNE_SECONDS

    def _lend(self) -> list[_Lent]:
        """Due events, of each webhook the oldest, as many as may be under way."""
        now = datetime.now(UTC)
        due = (DeliveryRow.webhook_id == WebhookRow.webhook_id, DeliveryRow.next_at <= now)
        ready = (WebhookRow.enabled, or_(WebhookRow.paused_until.is_(None), WebhookRow.paused_until <= now))
        with self._database.read() as session:
            asked = select(WebhookRow).where(*ready, select(DeliveryRow.id).where(*due).exists())
            webhooks = [each for each in session.execute(asked).scalars() if self._room(each, ())]
        if not webhooks:
            return []
        random.shuffle(webhooks)  # where there are more than may be under way each has its chance
        lent: list[_Lent] = []
        with self._database.write() as session:
            for webhook in webhooks:
                room = self._room(webhook, lent)
                if not room:
                    continue
                oldest = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook.webhook_id)
                rows = oldest.where(DeliveryRow.next_at <= now).order_by(DeliveryRow.next_at, DeliveryRow.id)
                for row in session.execute(rows.limit(room).with_for_update(skip_locked=True)).scalars():
                    row.next_at = now + _LEASE
                    lent.append(self._lent(webhook, row, now))
        return lent

    def _room(self, webhook: WebhookRow, lent: Sequence[_Lent]) -> int:
        busy = [*self._under_way.values(), *lent]
        of_shop = Counter(each.tenant for each in busy)[webhook.tenant]
        of_webhook = Counter(each.webhook_id for each in busy)[webhook.webhook_id]
        most = 1 if webhook.failures >= PAUSED_FROM else _OF_A_WEBHOOK
        return max(0, min(_AT_ONCE - len(busy), _OF_A_SHOP - of_shop, most - of_webhook))

    def _lent(self, webhook: WebhookRow, row: DeliveryRow, now: datetime) -> _Lent:
        numbers = [webhook.secret_number]
        if webhook.old_secret_until and webhook.old_secret_until > now:
            numbers.append(webhook.secret_number - 1)
        return _Lent(
            row=row.id,
            tenant=webhook.tenant,
            webhook_id=webhook.webhook_id,
            url=webhook.url,
            event_id=row.event_id,
            body=row.event.encode(),
            secrets=[secret_of(self._secret, webhook.webhook_id, number) for number in numbers],
        )

    async def _try(self, lent: _Lent) -> Try:
        at, started = datetime.now(UTC), time.perf_counter()
        headers = _HEADERS | signed_headers(lent.event_id, lent.body, at, lent.secrets)
        answer: Answer | None = None
        reason: str | None = None
        try:
            answer = await self._outward.request(
                "POST", lent.url, headers=headers, body=lent.body, seconds=_TRY_SECONDS, at_most_bytes=_KEPT_OF_ANSWER
            )
        except (AddressRefused, Unreachable) as error:
            reason = error.detail
        except Exception as error:  # noqa: BLE001 - a fault of ours counts as a failure of this try alone
            _log.exception("webhook_try_failed", webhook_id=lent.webhook_id)
            reason = f"Loupe failed with {type(error).__name__}."
        seconds = time.perf_counter() - started
        if answer and not 200 <= answer.status < 300:
            reason = (
                f"The receiver answered {answer.status}, where any status from 200 to 299 says that it has the event."
            )
        outcome = "unreachable" if answer is None else "refused" if reason else "delivered"
        metrics.ATTEMPTS.labels(outcome).inc()
        metrics.SECONDS.observe(seconds)
        tried = {"tenant": lent.tenant, "webhook_id": lent.webhook_id, "event_id": lent.event_id}
        _log.info("webhook_tried", **tried, outcome=outcome, status=answer and answer.status, ms=round(seconds * 1e3))
        return Try(
            row=lent.row,
            webhook_id=lent.webhook_id,
            at=at,
            ms=round(seconds * 1_000),
            status=answer.status if answer else None,
            response=_text(answer.body) if answer else None,
            reason=reason,
            retry_after=_retry_after(answer) if answer else timedelta(),
        )


def _text(body: bytes) -> str:
    return body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL keeps no NUL


def _retry_after(answer: Answer) -> timedelta:
    asked = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else timedelta()
