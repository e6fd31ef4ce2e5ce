"""What the recommender remembers: every event of every shopper, for a month what was shown, and for ten minutes the
rankings paged through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Index, Integer, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the recommender's own database. Times are UTC without a zone."""


class Event(Base):
    """One thing a shopper did. `at` is when by the shop's clock, `recorded_at` when it came in here."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_shopper", "tenant", "user_id", "at", "sku", "type"),
        Index("ix_events_popular", "tenant", "at", "sku", "user_id", "type"),
    )

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128))
    sku: Mapped[str] = mapped_column(String(128))
    type: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class Impression(Base):
    """A page of a list as it was shown: its `skus`, the first of them at place `first`, from 0, of the list."""

    __tablename__ = "impressions"
    __table_args__ = (Index("ix_impressions_at", "at"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    search_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(String(16), primary_key=True)
    piece: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    ranking: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str | None] = mapped_column(String(128))
    at: Mapped[datetime]
    skus: Mapped[list[Any]] = mapped_column(JSON)


class PinnedRanking(Base):
    """A ranking for those who page through it. `held` is what `pins.py` packs, of `size` bytes."""

    __tablename__ = "pinned_rankings"
    __table_args__ = (
        Index("ix_pinned_rankings_expires_at", "expires_at"),
        Index("ix_pinned_rankings_newest", "tenant", "expires_at", "size"),
    )

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(22), primary_key=True)
    expires_at: Mapped[datetime]
    complete: Mapped[bool] = mapped_column(Boolean)
    size: Mapped[int] = mapped_column(Integer)
    held: Mapped[bytes] = mapped_column(LargeBinary)


class RunningExperiment(Base):
    """The experiment on a tenant's suggestions: an `Experiment` of the contracts."""

    __tablename__ = "experiments"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    experiment: Mapped[dict[str, Any]] = mapped_column(JSON)
