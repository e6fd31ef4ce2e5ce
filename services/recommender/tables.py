"""What the recommender remembers: for two years the events of shoppers, for a month what was shown, and for ten minutes
the rankings paged through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the recommender's own database. Times are UTC without a zone."""


_COUNTING = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in an INTEGER alone


class Event(Base):
    """One thing a shopper did. `id` grows as events come in.

    `shopper` is `history.key_of` whoever did it: with the user's login the events of a visit become the user's. `at` is
    when by the shop's clock, but never later than `recorded_at`, when it came in here: both in milliseconds since 1970,
    a fifth of the room that a date takes. Without `sku` it is a search, whose list is in `impressions`.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("tenant", "event_id"),
        Index("ix_events_shopper", "tenant", "shopper", "at", "sku", "type"),
        Index("ix_events_popular", "tenant", "at", "sku", "shopper", "type"),
    )

    id: Mapped[int] = mapped_column(_COUNTING, primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    event_id: Mapped[str] = mapped_column(String(128))
    shopper: Mapped[str] = mapped_column(String(130))
    sku: Mapped[str | None] = mapped_column(String(128))
    type: Mapped[str] = mapped_column(String(16))
    at: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    search_id: Mapped[str | None] = mapped_column(String(32))


class EventCount(Base):
    """How many events on items the tenant has ever recorded. Whoever records holds the row, so one does at a time."""

    __tablename__ = "event_counts"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    events: Mapped[int] = mapped_column(BigInteger)


class Visit(Base):
    """Whose visit it is, since its first login. `seen_at`: about when it was last heard of, as `Event.at`."""

    __tablename__ = "visits"
    __table_args__ = (Index("ix_visits_seen_at", "seen_at"), Index("ix_visits_user", "tenant", "user_id"))

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128))
    seen_at: Mapped[int] = mapped_column(BigInteger)


class Erasure(Base):
    """That a shopper was erased, and when, as `Event.at`; `shopper_hash` is of a name that is not kept itself."""

    __tablename__ = "erasures"
    __table_args__ = (Index("ix_erasures_at", "at"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    shopper_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)


class Impression(Base):
    """A page of a list as it was shown: its `skus`, the first of them at place `first`, from 0, of the list.

    Of suggestions, one an item: how likely it was to be given its place, and the numbers that it was ranked by.
    """

    __tablename__ = "impressions"
    __table_args__ = (
        Index("ix_impressions_at", "at"),
        Index("ix_impressions_tenant", "tenant", "at"),
        *(
            Index(f"ix_impressions_{kind}", "tenant", f"{kind}_id", sqlite_where=known, postgresql_where=known)
            for kind, known in (("user", text("user_id IS NOT NULL")), ("session", text("session_id IS NOT NULL")))
        ),
    )

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    search_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(String(16), primary_key=True)
    piece: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    ranking: Mapped[str] = mapped_column(String(255))
    variant: Mapped[str] = mapped_column(String(80), server_default="")
    user_id: Mapped[str | None] = mapped_column(String(128))
    session_id: Mapped[str | None] = mapped_column(String(128))
    at: Mapped[datetime]
    skus: Mapped[list[Any]] = mapped_column(JSON)
    propensities: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    features: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))


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


class LearnedModel(Base):
    """The model of a lesson in use, as `held`. `version` rises with each one that takes its place."""

    __tablename__ = "learned"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    figure: Mapped[float] = mapped_column(Float)
    of: Mapped[int] = mapped_column(Integer)
    held: Mapped[bytes] = mapped_column(LargeBinary)


class LessonTurn(Base):
    """Who is at a lesson, until when unless they say so again, and how it went when it was last tried."""

    __tablename__ = "lessons"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(32))
    held_until: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    took_seconds: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    events: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    outcome: Mapped[str] = mapped_column(String(16), default="", server_default="")


class RunningExperiment(Base):
    """The experiment on a tenant's suggestions: an `Experiment` of the contracts."""

    __tablename__ = "experiments"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    experiment: Mapped[dict[str, Any]] = mapped_column(JSON)
