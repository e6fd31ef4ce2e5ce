"""What the inventory keeps of looks, styles and stock-takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, Index, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.inventory.tables import Base


class LookRow(Base):
    """A picture's main piece as a model sees it: `vector` float32, `known` what it shows."""

    __tablename__ = "looks"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    model_version: Mapped[str] = mapped_column(String(63), primary_key=True)
    image_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    known: Mapped[dict[str, str]] = mapped_column(JSON)


class StyleRow(Base):
    """A style. One whose pieces are gone has `ended_at`, keeps its id, and lives again when they come back."""

    __tablename__ = "styles"
    __table_args__ = (Index("ix_styles_size", "tenant", "pieces", "style_id"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    style_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    sku: Mapped[str] = mapped_column(String(128))
    image_id: Mapped[str | None] = mapped_column(String(36))
    pieces: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StylePieceRow(Base):
    """That a piece is of a style. `rank` 0 is the style that it is of before any other, 1 the one it also is of."""

    __tablename__ = "style_pieces"
    __table_args__ = (Index("ix_style_pieces_style", "tenant", "style_id", "rank", "share"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    style_id: Mapped[str] = mapped_column(String(32))
    share: Mapped[float] = mapped_column(Float)


class PlacedRow(Base):
    """A piece by the retail dimensions, and what it looks like: `neighbours` are [SKU, P(similar)], nearest first."""

    __tablename__ = "placed_pieces"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    type: Mapped[str | None] = mapped_column(String(64))
    metal: Mapped[str | None] = mapped_column(String(64))
    stone: Mapped[str | None] = mapped_column(String(64))
    price_band: Mapped[str | None] = mapped_column(String(40))
    neighbours: Mapped[list[Any]] = mapped_column(JSON)


class StyleTurn(Base):
    """Whose turn it is to make a shop's styles, who asked for it, and how it went when it was last tried."""

    __tablename__ = "style_turns"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(32))
    held_until: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    took_seconds: Mapped[float] = mapped_column(Float, default=0.0)
    pieces: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str] = mapped_column(String(16), default="")


class StocktakeRow(Base):
    """`stocktake` is a `Stocktake` of the contracts; `seen` is what was seen of each piece, until it is confirmed."""

    __tablename__ = "stocktakes"
    __table_args__ = (Index("ix_stocktakes_created", "created_at"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    stocktake_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_at: Mapped[datetime]
    stocktake: Mapped[dict[str, Any]] = mapped_column(JSON)
    seen: Mapped[dict[str, Any]] = mapped_column(JSON)
