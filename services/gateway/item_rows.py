"""Rows of items: what a put makes of one, and what the index is to hear of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.orm import Session

from services.gateway.etags import Precondition
from services.gateway.inventory.telling import Told
from services.gateway.outbox_keys import item_key
from services.gateway.tables import Item
from services.gateway.words.said import said_of
from shared.contracts.api import ItemIn, ItemPut
from shared.contracts.messages import ItemChanged, ItemFields, Message
from shared.contracts.text import sha256_of, text_of
from shared.errors import NotFound
from shared.observability import logs


def stocked(item: ItemPut, row: Item | None, old: bool) -> ItemPut:
    """The item with the stock that it is to have; `old`: what it says of it was overtaken."""
    if row is None or not row.stock_told or ("stock" in item.model_fields_set and not old):
        return item
    return item.model_copy(update={"stock": row.body.get("stock")})


def put_row(
    session: Session, tenant: str, item: ItemPut, rows: dict[str, Item], told: dict[str, Message], moved: Told
) -> Literal["created", "updated", "unchanged"]:
    """`rows` are those of the items that are there, by SKU; what the index is to hear goes into `told`, and a stock
    that is another one than before into `moved`."""
    body = item.model_dump(mode="json", exclude_defaults=True, exclude={"sku"})
    now = datetime.now(UTC)
    row = rows.get(item.sku)
    made = row is None or row.removed
    recounted = _recounted(row, item.stock)
    if row is None:
        row = Item(tenant=tenant, sku=item.sku, revision=1, removed=False, body=body, created_at=now, updated_at=now)
        session.add(row)
        rows[item.sku] = row
    elif not made and row.body == body:
        return "unchanged"
    else:
        row.revision += 1
        row.body, row.removed, row.updated_at = body, False, now
        row.created_at = now if made else row.created_at
    if recounted:
        moved.count(row, item.stock)
    told[item_key(tenant, item.sku, row.revision)] = changed(row, item)
    return "created" if made else "updated"


def _recounted(row: Item | None, stock: int | None) -> bool:
    """Whether the ledger is to hear of the stock: it is another one, or of an item that is made anew."""
    if row is None:
        return stock is not None
    if row.removed:
        return stock is not None or row.level_on_hand is not None or row.stock_batch is not None
    return stock != row.body.get("stock")


def check(only_if: Precondition | None, sku: str, row: Item | None) -> None:
    if only_if is not None:
        only_if.check(sku, None if row is None or row.removed else row.revision)


def no_item(sku: str) -> NotFound:
    return NotFound(f"There is no item {sku!r} in this shop. Put it first: PUT /v1/items/{{sku}}.")


def changed(row: Item, item: ItemIn | None) -> ItemChanged:
    """What the index is to hear of the row's revision, whose `item` is None when it was removed."""
    fields = _fields_of(item, row.created_at) if item else None
    row.text_sha256 = sha256_of(text_of(fields)) if fields else None
    return ItemChanged(
        tenant=row.tenant, correlation_id=logs.correlation_id(), sku=row.sku, revision=row.revision, fields=fields
    )


def _fields_of(item: ItemIn, created_at: datetime) -> ItemFields:
    return ItemFields(
        title=item.title,
        description=item.description,
        brand=item.brand,
        price=item.price,
        currency=item.currency,
        in_stock=item.stock is None or item.stock > 0,
        tags=item.tags,
        attributes=item.attributes,
        said=said_of(item.title, item.attributes),
        created_at=created_at,
    )
