"""The catalogue database: shops and their keys, items, pictures, corrections, dead letters, the outbox."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, Index, String, Text, TypeDecorator, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Outbox

MIGRATIONS = Path(__file__).parent / "migrations"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, kept naive: SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    """The tables of the gateway's own database."""

    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy's


class Tenant(Base):
    """A shop. `suggestions_changed`: it asked to hear when what is suggested to a shopper is another list.

    `blur_faces`: it wants no faces in its pictures. Photos of searches are kept for `query_photo_days`; 0: not at all.
    """

    __tablename__ = "tenants"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    created_at: Mapped[datetime]
    suggestions_changed: Mapped[bool] = mapped_column(default=False, server_default=false())
    blur_faces: Mapped[bool] = mapped_column(default=False, server_default=false())
    query_photo_days: Mapped[int] = mapped_column(default=0, server_default="0")


class Quota(Base):
    """What a shop has, counted by the transactions that change it, and what it may have; None where there is no limit.

    `storage_bytes` are those of the pictures as the shop sent them, of every row. `max_requests` are of a day in UTC.
    """

    __tablename__ = "quotas"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    items: Mapped[int]
    pictures: Mapped[int]
    storage_bytes: Mapped[int] = mapped_column(BigInteger)
    max_items: Mapped[int | None]
    max_pictures: Mapped[int | None]
    max_storage_bytes: Mapped[int | None] = mapped_column(BigInteger)
    max_requests: Mapped[int | None]


class ApiKey(Base):
    """`key_hash` is the HMAC-SHA256 of the key under the gateway's secret, in hex: the key itself is kept nowhere.

    `key_id` is its public name, `rate_limit` its own limit in requests a second (None: the gateway's),
    `last_used_at` right to a minute. It ends at `expires_at`; `replaced_by` is the id of the key that it was rotated
    to.
    """

    __tablename__ = "api_keys"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), unique=True)
    tenant: Mapped[str] = mapped_column(String(63), ForeignKey("tenants.tenant"), index=True)
    name: Mapped[str] = mapped_column(String(63))
    scopes: Mapped[list[Any]]
    rate_limit: Mapped[int | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    replaced_by: Mapped[str | None] = mapped_column(String(16))


class Item(Base):
    """An item. A removed one stays as a tombstone, so that its `revision` goes on when it is put again.

    `body` is the `ItemIn` that the shop sent, as JSON; `text_sha256` is of its text, None for one that is removed, or
    that the index has not been told of since there are texts. `stock_told`: its stock comes by events of its own.

    `level_sequence` to `level_elsewhere` are the newest level of the ledger, those not at `main` among them; `stock_at`
    is of when the shop last told the stock, and `stock_batch` names the movements that tell it to the ledger, until
    those are kept there.
    """

    __tablename__ = "items"
    __table_args__ = (Index("ix_items_tenant_text_sha256", "tenant", "text_sha256"),)

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    revision: Mapped[int]
    removed: Mapped[bool]
    body: Mapped[dict[str, Any]]
    text_sha256: Mapped[str | None] = mapped_column(String(64))
    stock_told: Mapped[bool] = mapped_column(default=False, server_default=false())
    stock_at: Mapped[datetime | None]
    stock_batch: Mapped[str | None] = mapped_column(String(36))
    level_sequence: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    level_on_hand: Mapped[int | None] = mapped_column(BigInteger)
    level_elsewhere: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Image(Base):
    """A live picture. `item_revision` is the item's when it was stored; `state` is stored, indexed or rejected.

    `type` to `setting` are what the index was told of its main piece, each an `Attribute` as JSON; `corrected` maps the
    attributes that a merchant set to their values. `outcome_of` is the correlation id of what the state came of.
    `bytes`, `width` and `height` are of what the shop sent. A `veiled` one is not shown: faces are to be looked for.
    Removing a picture deletes its row.
    """

    __tablename__ = "images"
    __table_args__ = (
        Index("ix_images_tenant_sku_sha256", "tenant", "sku", "sha256", unique=True),
        Index("ix_images_tenant_state", "tenant", "state", "image_id"),
    )

    image_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    sku: Mapped[str] = mapped_column(String(128))
    sha256: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(32))
    bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    item_revision: Mapped[int]
    stored_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    outcome_of: Mapped[str | None] = mapped_column(String(128))
    model_version: Mapped[str | None] = mapped_column(String(63))
    type: Mapped[dict[str, Any] | None]
    metal: Mapped[dict[str, Any] | None]
    stone: Mapped[dict[str, Any] | None]
    cut: Mapped[dict[str, Any] | None]
    setting: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[Any]]
    corrected: Mapped[dict[str, Any]]
    correction_revision: Mapped[int]
    veiled: Mapped[bool] = mapped_column(default=False, server_default=false())


class ItemSequence(Base):
    """The `sequence` of the last event taken of an item's fields, or of its stock. It outlives the item."""

    __tablename__ = "item_sequences"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    sku: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    sequence: Mapped[str] = mapped_column(String(64))


class CorrectionEntry(Base):
    """One thing a merchant said of a picture, kept for training after the picture is gone; None takes it back."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    image_id: Mapped[str] = mapped_column(String(36), index=True)
    sku: Mapped[str] = mapped_column(String(128))
    sha256: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int]
    attribute: Mapped[str] = mapped_column(String(16))
    value: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]


class Reconciliation(Base):
    """The newest comparison of a shop's stores, and how far it is: the page that was sent, or is to be sent next.

    `after` is the last picture compared, `scan_after` the last point; `listed` and `scanned` that there are no more.
    """

    __tablename__ = "reconciliations"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    run: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    page: Mapped[int]
    sent_at: Mapped[datetime | None]
    after: Mapped[str] = mapped_column(String(36))
    listed: Mapped[bool]
    scan_after: Mapped[str] = mapped_column(String(36))
    scanned: Mapped[bool]
    found: Mapped[dict[str, Any]]


class DeadLetter(Base):
    """A message that nobody could handle. `id` is a hash of all the rest, so a repeat is the same row."""

    __tablename__ = "dead_letters"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    tenant: Mapped[str] = mapped_column(String(63))
    source: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    path: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[dict[str, Any]]


class ShopNews(Base):
    """An event for a shop, a CloudEvent as JSON, until the shop bus has it."""

    __tablename__ = "shop_outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    event: Mapped[str] = mapped_column(Text)


class SuggestionNews(Base):
    """A shopper whose suggestions `changed` since their shop was told, if ever. Goes a minute after it was told last.

    `shopper` is "u:" and the user's name, or "s:" and the visit's.
    """

    __tablename__ = "suggestion_news"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    shopper: Mapped[str] = mapped_column(String(130), primary_key=True)
    changed: Mapped[bool]
    told_at: Mapped[datetime | None]


class KeptAnswer(Base):
    """What was answered to a request with an `Idempotency-Key`; `status` is None while it is in work, by `owner`.

    `body` is None where it held a secret. `scopes` are those that a key needs to be told of it.
    """

    __tablename__ = "idempotency_keys"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(32))
    scopes: Mapped[list[Any]]
    started_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]


class TakenUpload(Base):
    """An upload that became a picture, of which nothing is left in the bucket `incoming`."""

    __tablename__ = "taken_uploads"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    object_key: Mapped[str] = mapped_column(String(803), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    taken_at: Mapped[datetime] = mapped_column(index=True)


OUTBOX = Outbox(Base.metadata)
