"""Items and pictures as the indexer remembers them, read and written under the item's lock.

Plain rows, not ORM objects: these statements are half of what indexing a picture costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from services.indexer.tables import images, items


@dataclass(slots=True)
class Item:
    """An item. Its row is the lock for every write to the index that concerns it.

    `revision` is the highest heard of, 0 before the first; `fields` are that revision's `ItemFields` as JSON, None when
    it removed the item. `removed_revision` is the highest that removed it: pictures stored at or below it are gone.
    """

    tenant: str
    sku: str
    revision: int = 0
    removed_revision: int = 0
    fields: dict[str, Any] | None = None


@dataclass(slots=True)
class Image:
    """A picture.

    `item_revision`, `sha256` and `model_version` are None until it is analysed; then they tell the item's revision at
    its upload and the analysis that its point was made of. `corrections` are those of `correction_revision`.
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
    stored: bool = False

    def gone_with(self, item: Item) -> bool:
        """Whether the picture, or its item, was removed after the picture was stored."""
        return self.removed or (self.item_revision is not None and self.item_revision <= item.removed_revision)


_of_item = (items.c.tenant == bindparam("of_tenant"), items.c.sku == bindparam("of_sku"))
_of_image = (images.c.tenant == bindparam("of_tenant"), images.c.image_id == bindparam("of_image"))
_ITEM = ("revision", "removed_revision", "fields")
_IMAGE = ("sku", "removed", "item_revision", "sha256", "model_version", "correction_revision", "corrections")
_lock_item = select(*(items.c[name] for name in _ITEM)).where(*_of_item).with_for_update()
_update_item = update(items).where(*_of_item).values({name: bindparam(name) for name in _ITEM})
_select_image = select(*(images.c[name] for name in _IMAGE)).where(*_of_image)
_update_image = update(images).where(*_of_image).values({name: bindparam(name) for name in _IMAGE})


def locked_item(connection: Connection, tenant: str, sku: str) -> Item:
    """The item, made if there is none. Until the transaction ends no other writer gets it."""
    key = {"of_tenant": tenant, "of_sku": sku}
    row = connection.execute(_lock_item, key).first()
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(items), {"tenant": tenant, "sku": sku, "revision": 0, "removed_revision": 0, "fields": None}
                )
        except IntegrityError:
            pass  # another indexer made it first: wait for its lock
        row = connection.execute(_lock_item, key).one()
    return Item(tenant, sku, *row)


def save_item(connection: Connection, item: Item) -> None:
    values = {name: getattr(item, name) for name in _ITEM}
    connection.execute(_update_item, {"of_tenant": item.tenant, "of_sku": item.sku, **values})


def image_of(connection: Connection, tenant: str, image_id: str, sku: str) -> Image:
    """The picture, an empty one when it was never heard of. The caller holds the lock of its item."""
    row = connection.execute(_select_image, {"of_tenant": tenant, "of_image": image_id}).first()
    image = Image(tenant, image_id, *(row or (sku,)))
    image.stored = row is not None
    return image


def save_image(connection: Connection, image: Image) -> None:
    values = {name: getattr(image, name) for name in _IMAGE}
    if image.stored:
        connection.execute(_update_image, {"of_tenant": image.tenant, "of_image": image.image_id, **values})
    else:
        connection.execute(insert(images), {"tenant": image.tenant, "image_id": image.image_id, **values})


def forget_images(connection: Connection, item: Item) -> None:
    """Drop the rows of pictures that the item's tombstone hides: it alone keeps them out from now on."""
    connection.execute(
        delete(images).where(
            images.c.tenant == item.tenant,
            images.c.sku == item.sku,
            images.c.item_revision <= item.removed_revision,
        )
    )
