"""What the authenticity service keeps: references with all their versions, and verifications for a while."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Outbox


class Base(DeclarativeBase):
    """The tables of the service's own database. Moments are milliseconds since 1970."""


class ReferenceRow(Base):
    """A reference as it is now. `said` is its `ReferenceIn`; `public_id` is None while it is not published."""

    __tablename__ = "registered_references"
    __table_args__ = (
        Index("ix_registered_references_sku", "tenant", "sku"),
        Index("ix_registered_references_protected", "protected", "tenant", "reference_id"),
    )

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    reference_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    sku: Mapped[str | None] = mapped_column(String(128))
    protected: Mapped[bool] = mapped_column(Boolean)
    public_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    registered_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)


class VersionRow(Base):
    """A version of a record, for as long as its reference is: its canonical form as text, and the seal under it."""

    __tablename__ = "reference_versions"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    reference_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record: Mapped[str] = mapped_column(Text)
    seal: Mapped[dict[str, Any]] = mapped_column(JSON)


class ReferencePictureRow(Base):
    """A picture of a reference. Its bytes lie at `picture_key(sha256)` in the bucket `references`.

    `measured` is its `Photo`; `vector` the float32 embedding of its main piece, little-endian, by `model_version`. Both
    are None where the embedder has not told them yet. `place` orders the pictures.
    """

    __tablename__ = "reference_pictures"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    reference_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[int]
    view: Mapped[str] = mapped_column(String(8))
    sent_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    width: Mapped[int]
    height: Mapped[int]
    measured: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    model_version: Mapped[str | None] = mapped_column(String(63))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class VerificationRow(Base):
    """A verification until `expires_at`. `answer` is its `Verification`, without addresses; its evidence pictures lie
    below `evidence/ID` in the bucket `verifications`."""

    __tablename__ = "verifications"
    __table_args__ = (
        Index("ix_verifications_expires_at", "expires_at"),
        Index("ix_verifications_reference", "tenant", "reference_id"),
    )

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    verification_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reference_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    seal: Mapped[dict[str, Any]] = mapped_column(JSON)


OUTBOX = Outbox(Base.metadata)
