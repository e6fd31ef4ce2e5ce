"""Erasures, exports, and the block list, in the catalogue database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables import Base


class Forgotten(Base):
    """That a shopper was erased, and when. `shopper` is a keyed hash: it outlives the name, so that what was told of
    them before and comes late, or comes back with a backup, is known."""

    __tablename__ = "forgotten"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    shopper: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class ErasureRow(Base):
    """An erasure. `user_id`, `session_id` and `also` are who it is, and None once it is done.

    `history_done`: the recommender has answered. Whoever works on it holds it until `held_until`; `swept` says that the
    stores beside the database were looked through once. `asked_by` is the id of the shop's event, if it was one.
    """

    __tablename__ = "erasures"

    erasure_id: Mapped[str] = mapped_column(String(35), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(8))
    shopper: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    asked_by: Mapped[str | None] = mapped_column(String(256))
    correlation_id: Mapped[str] = mapped_column(String(128))
    user_id: Mapped[str | None] = mapped_column(String(128))
    session_id: Mapped[str | None] = mapped_column(String(128))
    also: Mapped[list[Any] | None]
    found: Mapped[dict[str, Any]]
    history_done: Mapped[bool] = mapped_column(default=False, server_default=false())
    swept: Mapped[bool] = mapped_column(default=False, server_default=false())
    held_until: Mapped[datetime | None]
    receipt: Mapped[str | None] = mapped_column(Text)


class ExportRow(Base):
    """What is kept of a shopper, gathered on request. `user_id` and `session_id` are None once that is done.

    The zip is the object `export_id` of the bucket `exports` until `expires_at`; `gone` when it is deleted.
    """

    __tablename__ = "exports"

    export_id: Mapped[str] = mapped_column(String(35), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(8))
    shopper: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    expires_at: Mapped[datetime | None]
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())
    asked_by: Mapped[str | None] = mapped_column(String(256))
    correlation_id: Mapped[str] = mapped_column(String(128))
    user_id: Mapped[str | None] = mapped_column(String(128))
    session_id: Mapped[str | None] = mapped_column(String(128))
    bytes: Mapped[int | None]
    found: Mapped[dict[str, Any]]
    held_until: Mapped[datetime | None]
