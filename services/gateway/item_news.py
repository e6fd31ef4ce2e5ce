"""What shops are told of an item as a whole: once no picture of it is on its way any more."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.shop_news import News, tell
from services.gateway.tables import Image, Item
from shared.contracts.shop import ImageOutcome, ItemIndexedData, ItemRejectedData
from shared.contracts.shop_out import MAX_TOLD_IMAGES


def hold_items(session: Session, tenant: str, skus: Collection[str]) -> None:
    """Until the caller's transaction ends no other one changes pictures of these items and looks whether all are done.

    Else the last two pictures of an item, done at once, would each see the other one on its way. To be called before
    any row of a picture is changed, as all who change both do.
    """
    ours = select(Item.sku).where(Item.tenant == tenant, Item.sku.in_(skus)).order_by(Item.sku)
    session.execute(ours.with_for_update())


def tell_items(session: Session, tenant: str, requests: Mapping[str, str]) -> None:
    """Of those of the items that have pictures, none of them on its way.

    `requests`: by SKU the correlation id of what may have made the item whole.
    """
    pictures = session.execute(
        select(Image.sku, Image.image_id, Image.state, Image.reason, Image.outcome_of)
        .where(Image.tenant == tenant, Image.sku.in_(requests))
        .order_by(Image.sku, Image.stored_at, Image.image_id)
    ).all()
    of_items = [(sku, list(alike)) for sku, alike in groupby(pictures, key=lambda picture: picture.sku)]
    done = [(sku, alike) for sku, alike in of_items if all(one.state in ("indexed", "rejected") for one in alike)]
    tell(session, [_news(tenant, sku, alike, requests[sku]) for sku, alike in done])


def _news(tenant: str, sku: str, pictures: Sequence[Any], correlation_id: str) -> News:
    images = [
        ImageOutcome(image_id=one.image_id, state=one.state, reason=one.reason) for one in pictures[:MAX_TOLD_IMAGES]
    ]
    found = any(one.state == "indexed" for one in pictures)
    data = (ItemIndexedData if found else ItemRejectedData)(sku=sku, images=images)
    outcomes = "\n".join(f"{one.image_id} {one.state} {one.outcome_of}" for one in pictures)
    return News(tenant, data, f"{sku}:{hashlib.sha256(outcomes.encode()).hexdigest()}", correlation_id)
