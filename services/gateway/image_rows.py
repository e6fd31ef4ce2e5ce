"""The rows that every picture passes: prepared statements, because ORM objects cost more than the database does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from services.gateway.pictures import Picture
from services.gateway.tables import Image, Item, Tenant
from shared.contracts.analysis import ATTRIBUTES
from shared.contracts.messages import ImageIndexed

_items, _images = cast(Table, Item.__table__), cast(Table, Image.__table__)
_find_items = select(_items.c.sku, _items.c.revision).where(
    _items.c.tenant == bindparam("of_tenant"),
    _items.c.sku.in_(bindparam("skus", expanding=True)),
    _items.c.removed.is_(False),
)
_find_items_locked = _find_items.order_by(_items.c.sku).with_for_update(read=True)
_find_images = select(_images.c.sku, _images.c.sha256, _images.c.image_id, _images.c.state).where(
    _images.c.tenant == bindparam("of_tenant"),
    _images.c.sku.in_(bindparam("skus", expanding=True)),
    _images.c.sha256.in_(bindparam("hashes", expanding=True)),
)
_blurs = select(Tenant.blur_faces).where(Tenant.tenant == bindparam("of_tenant"))
_SHOWN = {"model_version", "warnings", *ATTRIBUTES}
_insert = insert(_images)
_of_image = (_images.c.image_id == bindparam("of_image"), _images.c.tenant == bindparam("of_tenant"))
_again = (
    update(_images)
    .where(*_of_image)
    .values(state="stored", reason=None, item_revision=bindparam("revision"), veiled=bindparam("is_veiled"))
)
_indexed = (
    update(_images)
    .where(*_of_image)
    .values(
        state="indexed",
        reason=None,
        outcome_of=bindparam("request"),
        **{name: bindparam(name) for name in _SHOWN},
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """The revision of a live item, and its picture of some bytes, if it has one."""

    revision: int
    image_id: str | None
    state: str | None


def find_places(
    session: Session, tenant: str, pictures: Sequence[tuple[str, str]], *, lock: bool = False
) -> dict[tuple[str, str], Place]:
    """Where each (SKU, sha256) belongs; those whose item is not in the shop are left out.

    `lock`: the items stay in the shop until the transaction ends.
    """
    connection = session.connection()
    skus = sorted({sku for sku, _ in pictures})
    items = connection.execute(_find_items_locked if lock else _find_items, {"of_tenant": tenant, "skus": skus}).all()
    hashes = sorted({sha256 for _, sha256 in pictures})
    known = {
        (row.sku, row.sha256): row
        for row in connection.execute(_find_images, {"of_tenant": tenant, "skus": skus, "hashes": hashes})
    }
    revisions: dict[str, int] = {row.sku: row.revision for row in items}
    return {
        (sku, sha256): Place(revisions[sku], row.image_id if row else None, row.state if row else None)
        for sku, sha256 in pictures
        if sku in revisions
        for row in (known.get((sku, sha256)),)
    }


def blurs_faces(session: Session, tenant: str) -> bool:
    """Whether the shop wants no faces in its pictures."""
    wanted: bool | None = session.connection().execute(_blurs, {"of_tenant": tenant}).scalar_one_or_none()
    return bool(wanted)


def new_image(
    tenant: str, sku: str, image_id: str, revision: int, picture: Picture, *, veiled: bool
) -> dict[str, object]:
    """The row of a picture of an item at this revision, for `insert_images`."""
    return {
        "image_id": image_id,
        "tenant": tenant,
        "sku": sku,
        "sha256": picture.sha256,
        "content_type": picture.content_type,
        "bytes": picture.size,
        "width": picture.width,
        "height": picture.height,
        "item_revision": revision,
        "stored_at": datetime.now(UTC),
        "state": "stored",
        "warnings": [],
        "corrected": {},
        "correction_revision": 0,
        "veiled": veiled,
    }


def insert_images(session: Session, values: Sequence[Mapping[str, Any]]) -> None:
    if values:
        session.connection().execute(_insert, list(values))


def try_again(session: Session, tenant: str, image_id: str, revision: int, *, veiled: bool) -> None:
    """A rejected picture was uploaded again, at this revision of its item."""
    session.connection().execute(
        _again, {"of_tenant": tenant, "of_image": image_id, "revision": revision, "is_veiled": veiled}
    )


def mark_indexed(session: Session, messages: Sequence[ImageIndexed]) -> None:
    rows = [
        message.model_dump(mode="json", include=_SHOWN)
        | {"of_tenant": message.tenant, "of_image": message.image_id, "request": message.correlation_id}
        for message in messages
    ]
    session.connection().execute(_indexed, rows)
