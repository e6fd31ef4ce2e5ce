"""Items and pictures as the indexer remembers them, read and written under the item's lock.

Plain rows, not ORM objects: these statements are half of what indexing a picture costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, true, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from services.indexer.tables import images, items
from shared.contracts.text import text_key


@dataclass(slots=True)
class Item:
    """An item. Its row is the lock for every write to the index that concerns it.

    `revision` is the highest heard of, 0 before the first; `fields` are that revision's `ItemFields` as JSON, None when
    it removed the item. `removed_revision` is the highest that removed it: pictures stored at or below it are gone.
    `text_sha256` and `text_model` name the newest text heard of, which is that of `text_revision`.
    """

    tenant: str
    sku: str
    revision: int = 0
    removed_revision: int = 0
    fields: dict[str, Any] | None = None
    text_revision: int = 0
    text_sha256: str | None = None
    text_model: str | None = None

    @property
    def text(self) -> str | None:
        """The key of the object with the vectors of its text."""
        return text_key(self.text_sha256, self.text_model) if self.text_sha256 and self.text_model else None

    def settled(self, revision: int) -> bool:
        """Whether the index has the fields and the words of this revision, or has heard of a higher one."""
        words = self.fields is None or self.text_revision >= revision
        return revision < self.revision or (revision == self.revision and words)


@dataclass(slots=True)
class Image:
    """A picture.

    `item_revision`, `sha256` and `model_version` are None until it is analysed; then they tell the item's revision at
    its upload and the analysis that its point was made of. `corrections` are those of `correction_revision`.
    `generation` is the newest collection that holds it, and `pieces` how many points that one has of it; `refused` is
    the newest whose model cannot analyse it.
    """

    tenant: str
    image_id: str
    sku: str
    removed: bool = False
    item_revision: int | None = None
    sha256: str | None = None
    model_version: str | None = None
    correction_revision: int = 0
    corrections: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    pieces: int = 0
    refused: int = 0
    stored: bool = False

    def gone_with(self, item: Item) -> bool:
        """Whether the picture, or its item, was removed after the picture was stored."""
        return self.removed or (self.item_revision is not None and self.item_revision <= item.removed_revision)

    def written(self, generation: int, pieces: int) -> None:
        """Note that a collection holds so many points of it."""
        if generation >= self.generation:
            self.generation, self.pieces = generation, pieces


_of_item = (items.c.tenant == bindparam("of_tenant"), items.c.sku == bindparam("of_sku"))
_of_image = (images.c.tenant == bindparam("of_tenant"), images.c.image_id == bindparam("of_image"))
_ITEM = ("revision", "removed_revision", "fields", "text_revision", "text_sha256", "text_model")
_IMAGE = (
    "sku",
    "removed",
    "item_revision",
    "sha256",
    "model_version",
    "correction_revision",
    "corrections",
    "generation",
    "pieces",
    "refused",
)
_key = tuple_(items.c.tenant, items.c.sku)
_lock_items = (
    select(items.c.tenant, items.c.sku, *(items.c[name] for name in _ITEM))
    .where(_key.in_(bindparam("keys", expanding=True)))
    .order_by(items.c.tenant, items.c.sku)
    .with_for_update()
)
_insert_item = {
    "postgresql": postgresql.insert(items).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(items).on_conflict_do_nothing(),
}
_update_item = update(items).where(*_of_item).values({name: bindparam(name) for name in _ITEM})
_select_images = select(images.c.tenant, images.c.image_id, *(images.c[name] for name in _IMAGE)).where(
    tuple_(images.c.tenant, images.c.image_id).in_(bindparam("keys", expanding=True))
)
_insert_image = insert(images)
_update_image = update(images).where(*_of_image).values({name: bindparam(name) for name in _IMAGE})


def locked_item(connection: Connection, tenant: str, sku: str) -> Item:
    """The item, made if there is none. Until the transaction ends no other writer gets it."""
    return locked_items(connection, [(tenant, sku)])[tenant, sku]


def locked_items(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Item]:
    """The items by tenant and SKU, those made that there were not. Until the transaction ends no other gets them."""
    wanted = sorted(set(keys))
    found = _locked(connection, wanted)
    if missing := [key for key in wanted if key not in found]:
        rows = [
            {"tenant": tenant, "sku": sku, "revision": 0, "removed_revision": 0, "fields": None, "text_revision": 0}
            for tenant, sku in missing
        ]
        connection.execute(_insert_item[connection.dialect.name], rows)  # unless another indexer made them first
        found |= _locked(connection, missing)
    return found


def _locked(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Item]:
    return {(row[0], row[1]): Item(*row) for row in connection.execute(_lock_items, {"keys": keys})}


def save_item(connection: Connection, item: Item) -> None:
    save_items(connection, [item])


def save_items(connection: Connection, changed: Iterable[Item]) -> None:
    rows = [
        {"of_tenant": item.tenant, "of_sku": item.sku, **{name: getattr(item, name) for name in _ITEM}}
        for item in changed
    ]
    connection.execute(_update_item, rows)


def image_of(connection: Connection, tenant: str, image_id: str, sku: str) -> Image:
    """The picture, an empty one when it was never heard of. The caller holds the lock of its item."""
    return images_like(connection, [(tenant, image_id, sku)])[tenant, image_id]


def images_like(connection: Connection, keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], Image]:
    """`image_of` for each tenant, image id and SKU."""
    wanted = sorted({(tenant, image_id) for tenant, image_id, _ in keys})
    rows = {(row[0], row[1]): row for row in connection.execute(_select_images, {"keys": wanted})}
    found = {}
    for tenant, image_id, sku in keys:
        row = rows.get((tenant, image_id))
        found[tenant, image_id] = Image(*row) if row else Image(tenant, image_id, sku)
        found[tenant, image_id].stored = row is not None
    return found


def items_of(connection: Connection, tenant: str, skus: Collection[str]) -> dict[str, Item]:
    """Those of these items that were heard of, by SKU, without a lock."""
    columns = (items.c.sku, *(items.c[name] for name in _ITEM))
    rows = connection.execute(select(*columns).where(items.c.tenant == tenant, items.c.sku.in_(skus)))
    return {row[0]: Item(tenant, *row) for row in rows}


def images_of(connection: Connection, tenant: str, image_ids: Collection[str]) -> dict[str, Image]:
    """Those of these pictures that were heard of, by id, without a lock."""
    return _found(connection, tenant, images.c.image_id.in_(image_ids))


def pictured(connection: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these items, by tenant and SKU, that have points. The caller holds their locks.

    A picture whose points were written and whose row was not saved comes again.
    """
    wanted = tuple_(images.c.tenant, images.c.sku).in_(sorted(set(keys)))
    indexed = images.c.removed.is_(False) & images.c.sha256.is_not(None)
    rows = connection.execute(select(images.c.tenant, images.c.sku).distinct().where(wanted, indexed))
    return {(row[0], row[1]) for row in rows}


def images_of_item(connection: Connection, item: Item) -> list[Image]:
    """The item's pictures that were indexed and not removed. The caller holds its lock."""
    of_item = (images.c.sku == item.sku) & images.c.removed.is_(False) & images.c.sha256.is_not(None)
    return list(_found(connection, item.tenant, of_item).values())


def images_between(connection: Connection, tenant: str, after: str, until: str | None) -> dict[str, Image]:
    """The pictures with `after` < id <= `until` that were indexed and not removed, by id; None leaves the end open."""
    end = true() if until is None else images.c.image_id <= until
    indexed = images.c.removed.is_(False) & images.c.sha256.is_not(None)
    return _found(connection, tenant, (images.c.image_id > after) & end & indexed)


def _found(connection: Connection, tenant: str, which: ColumnElement[bool]) -> dict[str, Image]:
    columns = (images.c.image_id, *(images.c[name] for name in _IMAGE))
    rows = connection.execute(select(*columns).where(images.c.tenant == tenant, which))
    found = {row[0]: Image(tenant, *row) for row in rows}
    for image in found.values():
        image.stored = True
    return found


def save_image(connection: Connection, image: Image) -> None:
    save_images(connection, [image])


def save_images(connection: Connection, changed: Iterable[Image]) -> None:
    known, new = [], []
    for image in changed:
        values = {name: getattr(image, name) for name in _IMAGE}
        if image.stored:
            known.append({"of_tenant": image.tenant, "of_image": image.image_id, **values})
        else:
            new.append({"tenant": image.tenant, "image_id": image.image_id, **values})
    if known:
        connection.execute(_update_image, known)
    if new:
        connection.execute(_insert_image, new)


def forget_images(connection: Connection, item: Item) -> None:
    """Drop the rows of pictures that the item's tombstone hides: it alone keeps them out from now on."""
    connection.execute(
        delete(images).where(
            images.c.tenant == item.tenant,
            images.c.sku == item.sku,
            images.c.item_revision <= item.removed_revision,
        )
    )
