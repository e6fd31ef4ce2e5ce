"""What the indexer remembers: enough to tell, for any message in any order, whether it comes too late."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the indexer's own database."""


class Item(Base):
    """An item. Its row is the lock for every write to the index that concerns it.

    `revision` is the highest heard of, 0 before the first; `fields` are that revision's `ItemFields` as JSON, None when
    it removed the item. `removed_revision` is the highest that removed it: pictures stored at or below it are gone.
    """

    __tablename__ = "items"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    removed_revision: Mapped[int] = mapped_column(default=0)
    fields: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Image(Base):
    """A picture. Written only under the lock of its item.

    `item_revision`, `sha256` and `model_version` are None until it is indexed; then they tell the item's revision at
    its upload and the analysis that its point was made of. `corrections` are those of `correction_revision`.
    """

    __tablename__ = "images"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    image_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128))
    removed: Mapped[bool] = mapped_column(default=False)
    item_revision: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    model_version: Mapped[str | None] = mapped_column(String(63))
    correction_revision: Mapped[int] = mapped_column(default=0)
    corrections: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
