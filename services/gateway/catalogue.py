"""All writes to the catalogue. Each is one transaction, with the message that tells of it in the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from services.gateway import writing
from services.gateway.image_rows import find_places, insert_images, try_again
from services.gateway.outbox_keys import item_key, removed_key, stored_key
from services.gateway.pictures import Picture
from services.gateway.sequences import is_overtaken, keep_order
from services.gateway.tables import OUTBOX, Image, Item
from services.gateway.words.said import said_of
from shared.contracts.api import ItemIn, ItemPut, ItemsPut
from shared.contracts.messages import (
    ImageRemoved,
    ImageStored,
    ItemChanged,
    ItemFields,
    Message,
)
from shared.contracts.text import sha256_of, text_of
from shared.database import Database
from shared.errors import NotFound
from shared.observability import logs

_T = TypeVar("_T")


class Catalogue:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def put_item(self, tenant: str, sku: str, item: ItemIn) -> bool:
        """Make or replace an item; whether it was made. What says the same as before changes nothing."""
        return self.put_items(tenant, [ItemPut(sku=sku, **item.model_dump(exclude_unset=True))]).created == 1

    def put_items(self, tenant: str, items: Sequence[ItemPut], sequence: str | None = None) -> ItemsPut:
        """Make or replace many in one transaction: all of them or, when it raises, none.

        One that does not say its stock keeps what an event of its own told. `sequence` is of an event of one item: it
        raises `OutOfOrder` as `keep_order`, and its stock gives way to what was told with a higher one.
        """

        def write(session: Session) -> Counter[str]:
            skus = sorted({item.sku for item in items})
            stock_is_old = False
            if sequence is not None:
                keep_order(session, tenant, items[0].sku, "item", sequence)
                stock_is_old = is_overtaken(session, tenant, items[0].sku, "stock", sequence)
            found = select(Item).where(Item.tenant == tenant, Item.sku.in_(skus)).order_by(Item.sku).with_for_update()
            rows = {row.sku: row for row in session.execute(found).scalars()}
            told: dict[str, Message] = {}
            done: Counter[str] = Counter(
                _put(session, tenant, _stocked(item, rows.get(item.sku), stock_is_old), rows, told) for item in items
            )
            OUTBOX.add_all(session, told)
            return done

        done = self._write(write)
        if done["unchanged"] < len(items):
            self._wake()
        return ItemsPut(created=done["created"], updated=done["updated"], unchanged=done["unchanged"])

    def remove_item(self, tenant: str, sku: str, sequence: str | None = None) -> None:
        """Remove an item with its pictures' rows. Their bytes stay for the collection of objects without a row.

        The `sequence` of an event holds even for an item that is not there: what is lower comes too late to make it.
        """

        def write(session: Session) -> bool:
            keep_order(session, tenant, sku, "item", sequence)
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                return False
            row.revision += 1
            row.removed, row.stock_told, row.updated_at = True, False, datetime.now(UTC)
            images = session.execute(
                delete(Image).where(Image.tenant == tenant, Image.sku == sku).returning(Image.image_id)
            ).scalars()
            for image_id in images.all():
                OUTBOX.close(session, stored_key(image_id))
            OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, None))
            return True

        if not self._write(write):
            raise no_item(sku)
        self._wake()

    def add_images(self, tenant: str, pictures: Sequence[tuple[str, Picture]]) -> list[str | None]:
        """The id of each picture of an item, whose bytes are in the object store already; None for an unknown item.

        A picture that is there stays as it is; one that was rejected is tried again. One transaction for all.
        """
        wanted = [(sku, picture.sha256) for sku, picture in pictures]

        def write(session: Session) -> dict[tuple[str, str], str]:
            places = find_places(session, tenant, wanted, lock=True)
            ids: dict[tuple[str, str], str] = {}
            new, told = [], {}
            for (sku, picture), key in zip(pictures, wanted, strict=True):
                if key not in places or key in ids:
                    continue
                place = places[key]
                ids[key] = image_id = place.image_id or str(uuid4())
                if place.image_id is None:
                    new.append(_new_image(tenant, sku, image_id, place.revision, picture))
                elif place.state == "rejected":
                    try_again(session, tenant, image_id, place.revision)
                    OUTBOX.close(session, stored_key(image_id))
                else:
                    continue
                told[stored_key(image_id)] = ImageStored(
                    tenant=tenant,
                    correlation_id=logs.correlation_id(),
                    sku=sku,
                    image_id=image_id,
                    sha256=picture.sha256,
                    item_revision=place.revision,
                    attempt=1 if place.image_id else 0,
                )
            insert_images(session, new)
            OUTBOX.add_all(session, told)
            return ids

        ids = self._write(write)
        self._wake()
        return [ids.get(key) for key in wanted]

    def remove_image(self, tenant: str, image_id: str) -> None:
        if not self._remove_image(tenant, Image.image_id == image_id):
            raise no_image(image_id)

    def remove_picture(self, tenant: str, sku: str, *, image_id: str | None = None, sha256: str | None = None) -> None:
        """Remove an item's picture by its id or by the hash of its bytes. It is no error that there is none."""
        which = Image.image_id == image_id if image_id else Image.sha256 == sha256
        self._remove_image(tenant, (Image.sku == sku) & which)

    def _remove_image(self, tenant: str, which: ColumnElement[bool]) -> bool:
        def write(session: Session) -> bool:
            row = session.execute(
                delete(Image).where(which, Image.tenant == tenant).returning(Image.sku, Image.image_id)
            ).one_or_none()
            if row is None:
                return False
            sku, image_id = row
            OUTBOX.close(session, stored_key(image_id))
            message = ImageRemoved(tenant=tenant, correlation_id=logs.correlation_id(), sku=sku, image_id=image_id)
            OUTBOX.add(session, removed_key(image_id), message)
            return True

        removed = self._write(write)
        self._wake()
        return removed

    def _write(self, work: Callable[[Session], _T]) -> _T:
        return writing.write(self._database, work)


def _stocked(item: ItemPut, row: Item | None, old: bool) -> ItemPut:
    """The item with the stock that it is to have; `old`: what it says of it was overtaken."""
    if row is None or not row.stock_told or ("stock" in item.model_fields_set and not old):
        return item
    return item.model_copy(update={"stock": row.body.get("stock")})


def _put(
    session: Session, tenant: str, item: ItemPut, rows: dict[str, Item], told: dict[str, Message]
) -> Literal["created", "updated", "unchanged"]:
    """`rows` are those of the items that are there, by SKU; what the index is to hear goes into `told`."""
    body = item.model_dump(mode="json", exclude_defaults=True, exclude={"sku"})
    now = datetime.now(UTC)
    row = rows.get(item.sku)
    made = row is None or row.removed
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
    told[item_key(tenant, item.sku, row.revision)] = changed(row, item)
    return "created" if made else "updated"


def no_item(sku: str) -> NotFound:
    return NotFound(f"There is no item {sku!r} in this shop. Put it first: PUT /v1/items/{{sku}}.")


def no_image(image_id: str) -> NotFound:
    return NotFound(f"There is no picture {image_id!r} in this shop, or it was removed.")


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


def _new_image(tenant: str, sku: str, image_id: str, revision: int, picture: Picture) -> dict[str, object]:
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
    }
