"""What the inventory keeps: every movement for good, and what follows from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Outbox


class Base(DeclarativeBase):
    """The tables of the inventory's own database. Times are UTC without a zone, or milliseconds since 1970."""


_COUNTING = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in an INTEGER alone


class MovementRow(Base):
    """A movement at one location; never changed, never deleted. A transfer is two: leg 0 out of one, leg 1 into one.

    `kind` as in `Movement`. `quantity`: how many more lie there since, below zero when fewer; of a count how many lay
    there, None when nobody counts any more. Those of the same `occurred_at` are in the order of `id`.
    """

    __tablename__ = "movements"
    __table_args__ = (
        UniqueConstraint("tenant", "movement_id", "leg"),
        Index("ix_movements_place", "tenant", "sku", "location", "occurred_at", "id"),
        Index("ix_movements_time", "tenant", "occurred_at", "id"),
    )

    id: Mapped[int] = mapped_column(_COUNTING, primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    movement_id: Mapped[str] = mapped_column(String(128))
    leg: Mapped[int] = mapped_column(SmallInteger)
    sku: Mapped[str] = mapped_column(String(128))
    location: Mapped[str] = mapped_column(String(63))
    other_location: Mapped[str | None] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[int | None] = mapped_column(BigInteger)
    occurred_at: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    unit_price: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str | None] = mapped_column(String(200))
    order_id: Mapped[str | None] = mapped_column(String(100))


class Level(Base):
    """What lies at a location, as its movements say: None where it is not counted. `counted_at`: of the last count.

    Always what `ledger.recompute` makes of the movements.
    """

    __tablename__ = "levels"
    __table_args__ = (Index("ix_levels_location", "tenant", "location", "sku"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    location: Mapped[str] = mapped_column(String(63), primary_key=True)
    on_hand: Mapped[int | None] = mapped_column(BigInteger)
    counted_at: Mapped[int | None] = mapped_column(BigInteger)
    moved_at: Mapped[int] = mapped_column(BigInteger)


class ItemStock(Base):
    """An item's stock over all locations. Who records movements of the item holds the row.

    `sequence` grows with each change of `on_hand` or of a location. `sold_at` and `received_at`: when last.
    """

    __tablename__ = "item_stock"
    __table_args__ = (Index("ix_item_stock_on_hand", "tenant", "on_hand", "sku"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    on_hand: Mapped[int | None] = mapped_column(BigInteger)
    sold_at: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[int | None] = mapped_column(BigInteger)


class ItemRow(Base):
    """What the catalogue says of an item, as of its `revision`; a removed one stays, with its movements.

    `fields`: its `ItemFields` as JSON, without the description; as before its removal of one that was removed.
    Pictures stored at or below `removed_revision` are gone.
    """

    __tablename__ = "items"
    __table_args__ = (Index("ix_items_live", "tenant", "removed", "sku"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    revision: Mapped[int]
    removed: Mapped[bool] = mapped_column(Boolean)
    removed_revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    price: Mapped[float | None] = mapped_column(Float)
    currency: Mapped[str | None] = mapped_column(String(3))
    created_at: Mapped[datetime | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)


class PictureRow(Base):
    """A picture of an item that a model has analysed: its analysis lies at `analysis_key(sha256, model_version)`."""

    __tablename__ = "pictures"
    __table_args__ = (Index("ix_pictures_sku", "tenant", "sku"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    image_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    model_version: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128))
    sha256: Mapped[str] = mapped_column(String(64))
    item_revision: Mapped[int]
    removed: Mapped[bool] = mapped_column(Boolean)


class AlertState(Base):
    """On which side of a line an item is, `beyond` it or not, so that a crossing is told once."""

    __tablename__ = "alert_states"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    beyond: Mapped[bool] = mapped_column(Boolean)
    since: Mapped[datetime]


OUTBOX = Outbox(Base.metadata)
