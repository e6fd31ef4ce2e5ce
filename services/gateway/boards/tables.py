"""Boards, in the catalogue database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables import Base


class BoardRow(Base):
    """`entries` are `BoardEntry`s of the contracts. `share_id`: whoever has it may look; None: nobody but the shop."""

    __tablename__ = "boards"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    board_id: Mapped[str] = mapped_column(String(27), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    entries: Mapped[list[Any]]
    share_id: Mapped[str | None] = mapped_column(String(32), index=True, unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
