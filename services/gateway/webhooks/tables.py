"""Webhooks and what is on its way to them, in the catalogue database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables import Base


class WebhookRow(Base):
    """Where a shop wants its events sent. Its secret is made from the gateway's and `secret_number`, and kept nowhere.

    `old_secret_until`: so long the secret before signs as well. `failures` counts the tries since the last that
    succeeded, the first of which was at `failing_since`; nothing is sent before `paused_until`.
    """

    __tablename__ = "webhooks"

    webhook_id: Mapped[str] = mapped_column(String(27), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63), index=True)
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[list[Any]]
    description: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    secret_number: Mapped[int]
    old_secret_until: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DeliveryRow(Base):
    """An event on its way to a webhook, once; `event` is the body that is sent. `state`: waiting, delivered or failed.

    It is tried at `next_at`, which a try under way puts off: so it is tried again when that try is never heard of.
    `first_at` is when it was tried first. Rows name their webhook without a foreign key: a webhook may go meanwhile.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_webhook_id_event_id", "webhook_id", "event_id", unique=True),
        Index("ix_webhook_deliveries_webhook_id_next_at", "webhook_id", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    webhook_id: Mapped[str] = mapped_column(String(27))
    event_id: Mapped[str] = mapped_column(String(36))
    event_type: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    status: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    response: Mapped[str | None] = mapped_column(Text)
    ms: Mapped[int | None]
