"""The events on their way to webhooks: made with the outcome itself, listed, sent again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.gateway.webhooks.registry import no_webhook
from services.gateway.webhooks.tables import DeliveryRow, WebhookRow
from shared.contracts import shop
from shared.contracts.webhooks import OPT_IN, Delivery, DeliveryDetail, DeliveryState, WebhookTestData
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.observability import logs

TEST = WebhookTestData.event_type
_INSERT = {
    "postgresql": postgresql.insert(DeliveryRow).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(DeliveryRow).on_conflict_do_nothing(),
}


def hears(types: Sequence[str], event_type: str) -> bool:
    """Whether a webhook of these types gets an event of this one."""
    return event_type in types or ("*" in types and event_type not in OPT_IN)


def has_webhooks(session: Session, tenants: Collection[str], event_type: str) -> bool:
    """Whether any of these shops has a webhook for this type of event."""
    found = select(WebhookRow.types).where(WebhookRow.tenant.in_(tenants), WebhookRow.enabled)
    return any(hears(types, event_type) for types in session.execute(found).scalars())


def add_deliveries(session: Session, news: Sequence[Mapping[str, str]]) -> None:
    """Of each of `news` (`tenant`, and `event`: a CloudEvent as JSON) to each webhook of that shop which hears it.

    An event that is told again, by the same id, is on its way or was there already.
    """
    tenants = {each["tenant"] for each in news}
    found = select(WebhookRow.tenant, WebhookRow.webhook_id, WebhookRow.types)
    webhooks = session.execute(found.where(WebhookRow.tenant.in_(tenants), WebhookRow.enabled)).all()
    if not webhooks:
        return
    rows = []
    for each in news:
        event = orjson.loads(each["event"])
        rows += [
            _waiting(webhook.tenant, webhook.webhook_id, event, each["event"])
            for webhook in webhooks
            if webhook.tenant == each["tenant"] and hears(webhook.types, event["type"])
        ]
    if rows:
        session.execute(_INSERT[session.connection().dialect.name], rows)


def forget_shopper(session: Session, tenant: str, *, user_id: str | None = None, session_id: str | None = None) -> int:
    """Delete the events about a shopper, sent or not; how many."""
    deleted = 0
    named = {name: value for name, value in (("user_id", user_id), ("session_id", session_id)) if value is not None}
    for name, value in named.items():
        said = orjson.dumps({name: value}).decode()[1:-1]
        about = delete(DeliveryRow).where(DeliveryRow.tenant == tenant, DeliveryRow.event_type.in_(OPT_IN))
        done = session.execute(about.where(DeliveryRow.event.contains(said, autoescape=True)))
        deleted += int(getattr(done, "rowcount", 0))
    return deleted


def deliveries_about(session: Session, tenant: str, said: Sequence[str]) -> list[Any]:
    """The events about shoppers that hold one of these texts."""
    about = select(DeliveryRow.event).where(DeliveryRow.tenant == tenant, DeliveryRow.event_type.in_(OPT_IN))
    found = [
        event
        for text in said
        for event in session.scalars(about.where(DeliveryRow.event.contains(text, autoescape=True)))
    ]
    return [orjson.loads(event) for event in found]


class Deliveries:
    """What is on its way to a shop's webhooks, and what was within seven days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self, tenant: str, webhook_id: str, state: DeliveryState | None, before: int | None, limit: int
    ) -> list[tuple[int, Delivery]]:
        """Up to `limit` of a webhook, each with its place, newest first, from before the place `before`.

        Raises `NotFound`.
        """
        chosen = select(DeliveryRow).where(DeliveryRow.tenant == tenant, DeliveryRow.webhook_id == webhook_id)
        if state:
            chosen = chosen.where(DeliveryRow.state == state)
        if before is not None:
            chosen = chosen.where(DeliveryRow.id < before)
        with self._database.read() as session:
            _webhook(session, tenant, webhook_id)
            rows = session.execute(chosen.order_by(DeliveryRow.id.desc()).limit(limit)).scalars().all()
        return [(row.id, Delivery(**_shown(row))) for row in rows]

    def get(self, tenant: str, webhook_id: str, delivery_id: str) -> DeliveryDetail:
        """Raises `NotFound`."""
        with self._database.read() as session:
            row = _delivery(session, tenant, webhook_id, delivery_id)
        return DeliveryDetail(**_shown(row), event=orjson.loads(row.event))

    def redeliver(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery:
        """Send it now, whatever became of it, and try as often as at first.

        Raises `NotFound`, and `Conflict` when the webhook is disabled.
        """
        anew = {"state": "waiting", "next_at": datetime.now(UTC), "attempts": 0, "first_at": None, "reason": None}
        with self._database.write() as session:
            _enabled(session, tenant, webhook_id)
            row = _delivery(session, tenant, webhook_id, delivery_id)
            session.execute(update(DeliveryRow).where(DeliveryRow.id == row.id).values(anew))
            session.refresh(row)
            return Delivery(**_shown(row))

    def test(self, tenant: str, webhook_id: str) -> Delivery:
        """A test event on its way.

        Raises `NotFound`, and `Conflict` when the webhook is disabled, or the test event before is on its way still.
        """
        data = WebhookTestData(webhook_id=webhook_id)
        body = shop.write(data, tenant=tenant, key=uuid4().hex, correlation_id=logs.correlation_id())
        event = orjson.loads(body)
        mine = select(DeliveryRow.id).where(DeliveryRow.webhook_id == webhook_id, DeliveryRow.next_at.is_not(None))
        under_way = mine.where(DeliveryRow.event_type == TEST)
        with self._database.write() as session:
            _enabled(session, tenant, webhook_id)
            if session.execute(under_way.limit(1)).first():
                raise Conflict("A test event is on its way already. Its delivery says what comes of it.")
            session.add(row := DeliveryRow(**_waiting(tenant, webhook_id, event, body.decode())))
            session.flush()
            return Delivery(**_shown(row))


def _waiting(tenant: str, webhook_id: str, event: Mapping[str, Any], body: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "tenant": tenant,
        "webhook_id": webhook_id,
        "event_id": event["id"],
        "event_type": event["type"],
        "event": body,
        "state": "waiting",
        "attempts": 0,
        "created_at": now,
        "next_at": now,
    }


def _shown(row: DeliveryRow) -> dict[str, Any]:
    return {
        "delivery_id": row.event_id,
        "type": row.event_type,
        "state": row.state,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "last_attempt_at": row.last_at,
        "next_attempt_at": row.next_at,
        "status": row.status,
        "reason": row.reason,
        "response": row.response,
        "ms": row.ms,
    }


def _webhook(session: Session, tenant: str, webhook_id: str) -> WebhookRow:
    row = session.get(WebhookRow, webhook_id)
    if row is None or row.tenant != tenant:
        raise no_webhook(webhook_id)
    return row


def _enabled(session: Session, tenant: str, webhook_id: str) -> None:
    if not _webhook(session, tenant, webhook_id).enabled:
        raise Conflict(f"The webhook {webhook_id} is disabled. Enable it first: PATCH it with enabled: true.")


def _delivery(session: Session, tenant: str, webhook_id: str, delivery_id: str) -> DeliveryRow:
    _webhook(session, tenant, webhook_id)
    named = (DeliveryRow.webhook_id == webhook_id, DeliveryRow.event_id == delivery_id, DeliveryRow.tenant == tenant)
    row = session.execute(select(DeliveryRow).where(*named)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"Nothing was sent to {webhook_id} as {delivery_id!r} within seven days.")
    return row
