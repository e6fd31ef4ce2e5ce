"""What is kept to find copies: who consents, what is to be compared and with what, and what was found."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.authenticity.tables import Base

COUNTING = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in an INTEGER alone


class ConsentRow(Base):
    """What a shop last said. One that never said anything has no row, and does not consent."""

    __tablename__ = "lookalike_consents"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    consents: Mapped[bool] = mapped_column(Boolean)
    since: Mapped[int] = mapped_column(BigInteger)


class WatchedRow(Base):
    """A picture of an item, or one of a protected design, as one model sees it.

    `subject`: the image's id, or the reference's with the picture's hash. `state`: `waiting` to be compared, `looked`,
    `unseen` (it cannot be), or `gone`: it was removed, so what comes late is dropped; then `model_version` is "".
    """

    __tablename__ = "lookalike_pictures"
    __table_args__ = (
        Index("ix_lookalike_pictures_state", "state", "tenant", "number"),
        Index("ix_lookalike_pictures_sku", "tenant", "sku"),
        UniqueConstraint("tenant", "subject", "model_version"),
    )

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    subject: Mapped[str] = mapped_column(String(160))
    model_version: Mapped[str] = mapped_column(String(63))
    state: Mapped[str] = mapped_column(String(7))
    sku: Mapped[str | None] = mapped_column(String(128))
    item_revision: Mapped[int] = mapped_column(Integer)
    reference_id: Mapped[str | None] = mapped_column(String(80))
    view: Mapped[str | None] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64))


class PieceRow(Base):
    """A piece of a picture of a shop that consents: `vector` float16, `bits` its signature and the two hashes."""

    __tablename__ = "lookalike_pieces"
    __table_args__ = (
        Index("ix_lookalike_pieces_subject", "tenant", "subject", "model_version"),
        {"sqlite_autoincrement": True},  # no number is ever given twice
    )

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    subject: Mapped[str] = mapped_column(String(160))
    model_version: Mapped[str] = mapped_column(String(63))
    box: Mapped[list[float]] = mapped_column(JSON)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    bits: Mapped[bytes] = mapped_column(LargeBinary)


class RemovedItemRow(Base):
    """An item that was removed: its pictures up to this revision of it went with it."""

    __tablename__ = "lookalike_removed_items"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer)


class LookalikeRow(Base):
    """What was found for a shop, once a pair: `pair` is a hash of both sides.

    Where the other side is not there any more, or one of the two does not consent any more, `other_tenant` and `other`
    are None: nobody is named by the row, which stays so that the same is not told twice and decisions keep counting.
    """

    __tablename__ = "lookalikes"
    __table_args__ = (
        UniqueConstraint("tenant", "pair"),
        Index("ix_lookalikes_state", "tenant", "state", "number"),
        Index("ix_lookalikes_own", "tenant", "own_subject"),
        Index("ix_lookalikes_other", "other_tenant", "other_subject"),
    )

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    lookalike_id: Mapped[str] = mapped_column(String(40), unique=True)
    tenant: Mapped[str] = mapped_column(String(63))
    pair: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    degree: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[str] = mapped_column(String(8))
    score: Mapped[float] = mapped_column(Float)
    edits: Mapped[list[str]] = mapped_column(JSON)
    own_subject: Mapped[str] = mapped_column(String(160))
    own: Mapped[dict[str, Any]] = mapped_column(JSON)
    other_tenant: Mapped[str | None] = mapped_column(String(63))
    other_subject: Mapped[str | None] = mapped_column(String(160))
    other: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    found_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)


class AllowedRow(Base):
    """A shop lets another one show this item or design: `own` is its SKU, or the id of its reference."""

    __tablename__ = "lookalike_allowed"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    own: Mapped[str] = mapped_column(String(132), primary_key=True)
    other_tenant: Mapped[str] = mapped_column(String(63), primary_key=True)


class TurnRow(Base):
    """Which process looks for copies, until when unless it says so again; one row, 1."""

    __tablename__ = "lookalike_turns"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    holder: Mapped[str] = mapped_column(String(36))
    until: Mapped[int] = mapped_column(BigInteger)
