"""Reading and locking what the indexer remembers."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.indexer.tables import Image, Item


def locked_item(session: Session, tenant: str, sku: str) -> Item:
    """The item's row, made if there is none. Until the transaction ends no other writer gets it."""
    key = (tenant, sku)
    item = session.get(Item, key, with_for_update=True)
    if item is None:
        try:
            with session.begin_nested():
                session.add(Item(tenant=tenant, sku=sku, revision=0, removed_revision=0))
        except IntegrityError:
            pass  # another indexer made it first: wait for its lock
        item = session.get_one(Item, key, with_for_update=True)
    return item


def image_of(session: Session, tenant: str, image_id: str, sku: str) -> Image:
    """The picture's row, made if there is none. The caller holds the lock of its item."""
    image = session.get(Image, (tenant, image_id))
    if image is None:
        image = Image(tenant=tenant, image_id=image_id, sku=sku, removed=False, correction_revision=0, corrections={})
        session.add(image)
    return image


def is_gone(item: Item, image: Image) -> bool:
    """Whether the picture, or its item, was removed after the picture was stored."""
    return image.removed or (image.item_revision is not None and image.item_revision <= item.removed_revision)


def forget_images(session: Session, tenant: str, sku: str, up_to_revision: int) -> None:
    """Drop the rows of pictures that the item's tombstone hides: it alone keeps them out from now on."""
    session.execute(
        delete(Image).where(Image.tenant == tenant, Image.sku == sku, Image.item_revision <= up_to_revision)
    )
