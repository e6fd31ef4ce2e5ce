"""The rows that every picture passes: prepared statements, because ORM objects cost more than the database does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, and_, bindparam, insert, select, update
from sqlalchemy.orm import Session

from services.gateway.tables import Image, Item

_items, _images = cast(Table, Item.__table__), cast(Table, Image.__table__)
_find = (
    select(_items.c.revision, _images.c.image_id, _images.c.state)
    .select_from(
        _items.outerjoin(
            _images,
            and_(
                _images.c.tenant == _items.c.tenant,
                _images.c.sku == _items.c.sku,
                _images.c.sha256 == bindparam("of_sha256"),
            ),
        )
    )
    .where(_items.c.tenant == bindparam("of_tenant"), _items.c.sku == bindparam("of_sku"), _items.c.removed.is_(False))
)
_find_locked = _find.with_for_update(read=True, of=_items)
_insert = insert(_images)
_of_image = (_images.c.image_id == bindparam("of_image"), _images.c.tenant == bindparam("of_tenant"))
_again = update(_images).where(*_of_image).values(state="stored", reason=None, item_revision=bindparam("revision"))
_indexed = (
    update(_images)
    .where(*_of_image)
    .values(
        state="indexed",
        reason=None,
        **{name: bindparam(name) for name in ("model_version", "type", "metal", "stone", "warnings")},
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """The revision of a live item, and its picture of some bytes, if it has one."""

    revision: int
    image_id: str | None
    state: str | None


def find_place(session: Session, tenant: str, sku: str, sha256: str, *, lock: bool = False) -> Place | None:
    """None for an item that is not in the shop. `lock`: it stays in the shop until the transaction ends."""
    row = (
        session.connection()
        .execute(
            _find_locked if lock else _find,
            {"of_tenant": tenant, "of_sku": sku, "of_sha256": sha256},
        )
        .one_or_none()
    )
    return Place(row.revision, row.image_id, row.state) if row else None


def insert_image(session: Session, values: Mapping[str, Any]) -> None:
    session.connection().execute(_insert, values)


def try_again(session: Session, tenant: str, image_id: str, revision: int) -> None:
    """A rejected picture was uploaded again, at this revision of its item."""
    session.connection().execute(_again, {"of_tenant": tenant, "of_image": image_id, "revision": revision})


def mark_indexed(session: Session, tenant: str, image_id: str, values: Mapping[str, Any]) -> None:
    session.connection().execute(_indexed, {"of_tenant": tenant, "of_image": image_id, **values})
