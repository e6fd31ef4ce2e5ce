"""A shop's webhooks: made, listed, changed, removed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.gateway.tables import Tenant
from services.gateway.webhooks.signing import secret_of
from services.gateway.webhooks.tables import DeliveryRow, WebhookRow
from shared.contracts.webhooks import MAX_WEBHOOKS, Webhook, WebhookIn, WebhookMade, WebhookPatch, WebhookSecret
from shared.database import Database
from shared.errors import Conflict, NotFound

_BOTH_SIGN = timedelta(hours=24)


class Webhooks:
    """The webhooks in a catalogue. `secret` is the gateway's: with it goes every secret of a webhook."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret

    def add(self, tenant: str, asked: WebhookIn) -> WebhookMade:
        """Raises `Conflict` when the shop has as many as it may."""
        row = WebhookRow(
            webhook_id=f"wh_{secrets.token_hex(12)}",
            tenant=tenant,
            url=asked.url,
            types=sorted(asked.types),
            description=asked.description,
            enabled=True,
            secret_number=1,
            failures=0,
            created_at=datetime.now(UTC),
        )
        count = select(func.count()).select_from(WebhookRow).where(WebhookRow.tenant == tenant)
        with self._database.write() as session:
            session.get(Tenant, tenant, with_for_update=True)  # two that are made at once are counted one after another
            if session.execute(count).scalar_one() >= MAX_WEBHOOKS:
                raise Conflict(f"The shop has {MAX_WEBHOOKS} webhooks already. Remove those that nobody needs.")
            session.add(row)
        made = secret_of(self._secret, row.webhook_id, row.secret_number)
        return WebhookMade(**_shown(row).model_dump(), secret=made)

    def list(self, tenant: str) -> list[Webhook]:
        """In the order in which they were made."""
        mine = select(WebhookRow).where(WebhookRow.tenant == tenant)
        with self._database.read() as session:
            rows = session.execute(mine.order_by(WebhookRow.created_at, WebhookRow.webhook_id)).scalars()
            return [_shown(row) for row in rows]

    def get(self, tenant: str, webhook_id: str) -> Webhook:
        """Raises `NotFound`."""
        with self._database.read() as session:
            row = session.get(WebhookRow, webhook_id)
        if row is None or row.tenant != tenant:
            raise no_webhook(webhook_id)
        return _shown(row)

    def change(self, tenant: str, webhook_id: str, patch: WebhookPatch) -> Webhook:
        """Raises `NotFound`. One that is enabled, or sent elsewhere, is tried anew at once."""
        with self._database.write() as session:
            row = _locked(session, tenant, webhook_id)
            row.types = row.types if patch.types is None else sorted(patch.types)
            row.description = row.description if patch.description is None else patch.description
            row.url = patch.url or row.url
            if patch.enabled is False and row.enabled:
                disable(session, row, "The shop disabled it.")
            elif patch.enabled or (patch.url and row.enabled):
                row.enabled, row.disabled_at, row.disabled_reason = True, None, None
                row.failures, row.failing_since, row.paused_until = 0, None, None
            return _shown(row)

    def new_secret(self, tenant: str, webhook_id: str) -> WebhookSecret:
        """Raises `NotFound`. The secret before the one before signs no more."""
        with self._database.write() as session:
            row = _locked(session, tenant, webhook_id)
            row.secret_number += 1
            row.old_secret_until = both_until = datetime.now(UTC) + _BOTH_SIGN
            return WebhookSecret(secret=secret_of(self._secret, webhook_id, row.secret_number), both_until=both_until)

    def remove(self, tenant: str, webhook_id: str) -> None:
        """With what is on its way to it. Raises `NotFound`."""
        with self._database.write() as session:
            session.delete(_locked(session, tenant, webhook_id))
            session.execute(delete(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id))


def disable(session: Session, row: WebhookRow, reason: str) -> None:
    """Send nothing to it any more; what waits for it has failed, and can be sent again once it is enabled."""
    row.enabled, row.disabled_at, row.disabled_reason = False, datetime.now(UTC), reason
    waiting = (DeliveryRow.webhook_id == row.webhook_id, DeliveryRow.state == "waiting")
    failed = {"state": "failed", "next_at": None, "reason": f"The webhook was disabled: {reason}"}
    session.execute(update(DeliveryRow).where(*waiting).values(failed))


def no_webhook(webhook_id: str) -> NotFound:
    return NotFound(f"The shop has no webhook {webhook_id!r}. GET /v1/webhooks lists all.")


def _locked(session: Session, tenant: str, webhook_id: str) -> WebhookRow:
    row = session.get(WebhookRow, webhook_id, with_for_update=True)
    if row is None or row.tenant != tenant:
        raise no_webhook(webhook_id)
    return row


def _shown(row: WebhookRow) -> Webhook:
    return Webhook.model_validate(row, from_attributes=True)
