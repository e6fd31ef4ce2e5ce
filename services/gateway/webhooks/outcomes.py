"""What becomes of an event, and of its webhook, after a try."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from services.gateway import shop_news
from services.gateway.webhooks import metrics, registry
from services.gateway.webhooks.deliveries import TEST
from services.gateway.webhooks.tables import DeliveryRow, WebhookRow
from shared.contracts.webhooks import WebhookDisabledData

_GONE = 410
_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000))
"""How long after each try the next one follows, 23 h 36 min in all; each is drawn from a tenth around."""
_NEVER_AFTER = timedelta(hours=27)
"""Of the first try: a receiver that is down is tried less often, so the last of these tries may come late."""
_LONGEST_ASKED = timedelta(hours=1)
PAUSED_FROM = 5
"""So many tries in a row that fail say that the receiver is down: then one event at a time asks whether it is back."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Try:
    """One try, begun at `at`. `reason` says why it failed, None that the receiver took it; `status` is None when no
    answer came, `retry_after` what the answer asked for."""

    row: int
    webhook_id: str
    at: datetime
    ms: int
    status: int | None = None
    response: str | None = None
    reason: str | None = None
    retry_after: timedelta = timedelta()


def record(session: Session, tries: Sequence[Try]) -> None:
    """Write down what came of `tries`."""
    for done in sorted(tries, key=lambda one: (one.webhook_id, one.row)):
        webhook = session.get(WebhookRow, done.webhook_id, with_for_update=True)
        row = session.get(DeliveryRow, done.row, with_for_update=True)
        if webhook is None or row is None:  # it was removed meanwhile
            continue
        row.attempts += 1
        row.first_at = row.first_at or done.at
        row.last_at, row.ms = done.at, done.ms
        row.status, row.response, row.reason = done.status, done.response, done.reason
        if done.reason is None:
            row.state, row.next_at = "delivered", None
            webhook.last_success_at = done.at
            webhook.failures, webhook.failing_since, webhook.paused_until = 0, None, None
        else:
            _failed(session, webhook, row, done)


def _failed(session: Session, webhook: WebhookRow, row: DeliveryRow, done: Try) -> None:
    if not webhook.enabled:
        row.state, row.next_at = "failed", None
        return
    follows = None if row.event_type == TEST else _next_after(row, done)
    row.state, row.next_at = ("waiting", follows) if follows else ("failed", None)
    if done.status == _GONE:
        _disable(session, webhook, "gone", "The receiver answered 410 Gone.")
    if row.event_type == TEST or not webhook.enabled:
        return
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or done.at
    if webhook.failures >= PAUSED_FROM:
        doubled = _FIRST_PAUSE * 2 ** min(webhook.failures - PAUSED_FROM, 10)
        webhook.paused_until = done.at + min(doubled, _LONGEST_PAUSE)
    if follows is None:
        metrics.GIVEN_UP.inc()
        if webhook.last_success_at is None or webhook.last_success_at < (row.first_at or done.at):
            reason = f"No event was taken since {webhook.failing_since:%Y-%m-%d %H:%M} UTC. Last: {done.reason}"
            _disable(session, webhook, "failing", reason)


def _next_after(row: DeliveryRow, done: Try) -> datetime | None:
    """When to try again; None when that was the last time."""
    if row.attempts > len(_AFTER):
        return None
    drawn = _AFTER[row.attempts - 1] * random.uniform(0.9, 1.1)
    follows = done.at + max(drawn, min(done.retry_after, _LONGEST_ASKED))
    return follows if follows <= (row.first_at or done.at) + _NEVER_AFTER else None


def _disable(session: Session, webhook: WebhookRow, why: str, reason: str) -> None:
    registry.disable(session, webhook, reason)
    session.flush()
    metrics.DISABLED.labels(why).inc()
    _log.warning("webhook_disabled", tenant=webhook.tenant, webhook_id=webhook.webhook_id, why=why)
    told = WebhookDisabledData(
        webhook_id=webhook.webhook_id,
        description=webhook.description,
        reason=f"{reason} Mend the receiver, then enable the webhook again: PATCH it with enabled: true.",
    )
    news = shop_news.News(webhook.tenant, told, f"{webhook.webhook_id}:{webhook.disabled_at}", uuid4().hex)
    shop_news.tell(session, [news])
