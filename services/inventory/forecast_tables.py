"""What a night's run leaves: forecasts of pieces, styles, types and the shop, and advice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Float, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.inventory.tables import Base


class ForecastRun(Base):
    """The last run of a shop: of weeks of seven days from `begins` on, the first that is forecast. `method` is a
    `ForecastMethod`, `terms` are `AdviceTerms` of the contracts."""

    __tablename__ = "forecast_runs"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    made_at: Mapped[datetime]
    begins: Mapped[date] = mapped_column(Date)
    took_seconds: Mapped[float] = mapped_column(Float)
    pieces: Mapped[int] = mapped_column(Integer)
    method: Mapped[dict[str, Any]] = mapped_column(JSON)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)


class ForecastRow(Base):
    """`ahead`: float32 [3, 26], means, lows and highs; `past`: float32 [2, up to 52], sold and share in stock.

    `name`: SKU, style id, type, or "" of the shop.
    """

    __tablename__ = "forecasts"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    ahead: Mapped[bytes] = mapped_column(LargeBinary)
    past: Mapped[bytes] = mapped_column(LargeBinary)
    believed: Mapped[float | None] = mapped_column(Float)


class AdviceRow(Base):
    """Of each piece that is counted, and each style. `kind` "" where nothing need be done; `place` 1 matters most.

    `advice` is an `Advice` of the contracts, without its name and time.
    """

    __tablename__ = "advice"
    __table_args__ = (
        Index("ix_advice_weight", "tenant", "of", "place"),
        Index("ix_advice_kind", "tenant", "of", "kind", "place"),
    )

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    of: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    place: Mapped[int] = mapped_column(Integer)
    advice: Mapped[dict[str, Any]] = mapped_column(JSON)
