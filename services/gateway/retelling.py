"""What a comparison of the stores has the index told again: each looks at the catalogue first, as it is now."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.item_rows import changed
from services.gateway.outbox_keys import item_key, removed_key
from services.gateway.tables import OUTBOX, Image, Item
from shared.contracts.api import ItemIn
from shared.contracts.messages import ImageRemoved
from shared.observability import logs


def remove(session: Session, tenant: str, image_id: str, sku: str) -> bool:
    """Have the index remove a picture that the catalogue, asked now, does not have, unless that is on its way."""
    if session.execute(select(Image.image_id).where(Image.image_id == image_id, Image.tenant == tenant)).first():
        return False
    item = session.get(Item, (tenant, sku))
    with_its_item = item is not None and item.removed and OUTBOX.holds(session, item_key(tenant, sku, item.revision))
    if with_its_item or OUTBOX.holds(session, removed_key(image_id)):
        return False
    message = ImageRemoved(tenant=tenant, correlation_id=logs.correlation_id(), sku=sku, image_id=image_id)
    OUTBOX.add(session, removed_key(image_id), message)
    return True


def tell_again(session: Session, tenant: str, sku: str) -> bool:
    """Send the item's newest revision again, unless it is on its way."""
    row = session.get(Item, (tenant, sku), with_for_update=True)
    if row is None or OUTBOX.holds(session, item_key(tenant, sku, row.revision)):
        return False
    item = None if row.removed else ItemIn.model_validate(row.body)
    OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, item))
    return True


def overtake(session: Session, tenant: str, sku: str, revision: int) -> bool:
    """Number the item above what the index has heard of, as after the catalogue was restored from a backup: else the
    index would take every change for an old one until the count had caught up. False when it only was asked early."""
    row = session.get(Item, (tenant, sku), with_for_update=True)
    if row is None or row.revision >= revision:
        return False
    row.revision = revision + 1
    item = None if row.removed else ItemIn.model_validate(row.body)
    OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, item))
    return True
