"""All writes to the catalogue. Each is one transaction, with the message that tells of it in the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from services.gateway import quotas, writing
from services.gateway.etags import Precondition
from services.gateway.image_rows import blurs_faces, find_places, insert_images, new_image, try_again
from services.gateway.inventory.telling import Told
from services.gateway.item_rows import changed, check, no_item, put_row, stocked
from services.gateway.merge_patch import patched
from services.gateway.outbox_keys import item_key, removed_key, stored_key
from services.gateway.pictures import Picture
from services.gateway.sequences import is_overtaken, keep_order
from services.gateway.tables import OUTBOX, Image, Item
from shared.contracts.api import ItemIn, ItemPatch, ItemPut, ItemsPut
from shared.contracts.messages import (
    ImageRemoved,
    ImageStored,
    Message,
)
from shared.database import Database
from shared.errors import NotFound, QuotaExceeded
from shared.observability import logs

_T = TypeVar("_T")


class Catalogue:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def put_item(self, tenant: str, sku: str, item: ItemIn, only_if: Precondition | None = None) -> bool:
        """Make or replace an item; whether it was made. What says the same as before changes nothing.

        Raises `QuotaExceeded` when it would be one more than the shop may have.
        """
        put = ItemPut(sku=sku, **item.model_dump(exclude_unset=True))
        return self.put_items(tenant, [put], only_if=only_if).created == 1

    def patch_item(self, tenant: str, sku: str, patch: ItemPatch, only_if: Precondition | None = None) -> None:
        """Change what the patch names of an item that is there. Raises `InvalidInput` for what would be no item."""

        def write(session: Session) -> bool:
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                raise no_item(sku)
            check(only_if, sku, row)
            told: dict[str, Message] = {}
            moved = Told(tenant)
            done = put_row(session, tenant, patched(sku, row.body, patch), {sku: row}, told, moved)
            OUTBOX.add_all(session, told | moved.messages())
            return done != "unchanged"

        if self._write(write):
            self._wake()

    def put_items(
        self,
        tenant: str,
        items: Sequence[ItemPut],
        sequence: str | None = None,
        only_if: Precondition | None = None,
    ) -> ItemsPut:
        """Make or replace many in one transaction: all of them or, when it raises, none. `only_if` holds of each.

        One that does not say its stock keeps what an event of its own told. `sequence` is of an event of one item: it
        raises `OutOfOrder` as `keep_order`, and its stock gives way to what was told with a higher one. Raises
        `QuotaExceeded` when the new ones are more than the shop may have.
        """

        def write(session: Session) -> Counter[str]:
            skus = sorted({item.sku for item in items})
            stock_is_old = False
            if sequence is not None:
                keep_order(session, tenant, items[0].sku, "item", sequence)
                stock_is_old = is_overtaken(session, tenant, items[0].sku, "stock", sequence)
            found = select(Item).where(Item.tenant == tenant, Item.sku.in_(skus)).order_by(Item.sku).with_for_update()
            rows = {row.sku: row for row in session.execute(found).scalars()}
            for sku in skus:
                check(only_if, sku, rows.get(sku))
            told: dict[str, Message] = {}
            moved = Told(tenant)
            done: Counter[str] = Counter(
                put_row(session, tenant, stocked(item, rows.get(item.sku), stock_is_old), rows, told, moved)
                for item in items
            )
            OUTBOX.add_all(session, told | moved.messages())
            if done["created"]:
                quotas.count(session, tenant, {"items": done["created"]})
            return done

        done = self._write(write)
        if done["unchanged"] < len(items):
            self._wake()
        return ItemsPut(created=done["created"], updated=done["updated"], unchanged=done["unchanged"])

    def remove_item(
        self, tenant: str, sku: str, sequence: str | None = None, only_if: Precondition | None = None
    ) -> None:
        """Remove an item with its pictures' rows. Their bytes stay for the collection of objects without a row.

        The `sequence` of an event holds even for an item that is not there: what is lower comes too late to make it.
        """

        def write(session: Session) -> bool:
            keep_order(session, tenant, sku, "item", sequence)
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                return False
            check(only_if, sku, row)
            row.revision += 1
            row.removed, row.stock_told, row.updated_at = True, False, datetime.now(UTC)
            images = session.execute(
                delete(Image).where(Image.tenant == tenant, Image.sku == sku).returning(Image.image_id, Image.bytes)
            ).all()
            for image_id, _ in images:
                OUTBOX.close(session, stored_key(image_id))
            OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, None))
            freed = sum(size for _, size in images)
            quotas.count(session, tenant, {"items": -1, "pictures": -len(images), "storage_bytes": -freed})
            return True

        if not self._write(write):
            raise no_item(sku)
        self._wake()

    def add_images(self, tenant: str, pictures: Sequence[tuple[str, Picture]]) -> list[str | QuotaExceeded | None]:
        """The id of each picture of an item, whose bytes are in the object store already; None for an unknown item,
        `QuotaExceeded` for one that the shop has no room for.

        A picture that is there stays as it is; one that was rejected is tried again. One transaction for all.
        """
        wanted = [(sku, picture.sha256) for sku, picture in pictures]

        def write(session: Session) -> dict[tuple[str, str], str | QuotaExceeded]:
            places = find_places(session, tenant, wanted, lock=True)
            blur = blurs_faces(session, tenant)
            room = quotas.hold(session, tenant)
            ids: dict[tuple[str, str], str | QuotaExceeded] = {}
            new, told = [], {}
            for (sku, picture), key in zip(pictures, wanted, strict=True):
                if key not in places or key in ids:
                    continue
                place = places[key]
                ids[key] = image_id = place.image_id or str(uuid4())
                if place.image_id is None:
                    if full := room.refusal({"pictures": 1, "storage_bytes": picture.size}):
                        ids[key] = full
                        continue
                    new.append(new_image(tenant, sku, image_id, place.revision, picture, veiled=blur))
                elif place.state == "rejected":
                    try_again(session, tenant, image_id, place.revision, veiled=blur)
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
                    blur_faces=blur,
                )
            if new:
                insert_images(session, new)
                quotas.keep(session, room)
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
                delete(Image).where(which, Image.tenant == tenant).returning(Image.sku, Image.image_id, Image.bytes)
            ).one_or_none()
            if row is None:
                return False
            sku, image_id, size = row
            OUTBOX.close(session, stored_key(image_id))
            message = ImageRemoved(tenant=tenant, correlation_id=logs.correlation_id(), sku=sku, image_id=image_id)
            OUTBOX.add(session, removed_key(image_id), message)
            quotas.count(session, tenant, {"pictures": -1, "storage_bytes": -size})
            return True

        removed = self._write(write)
        self._wake()
        return removed

    def _write(self, work: Callable[[Session], _T]) -> _T:
        return writing.write(self._database, work)


def no_image(image_id: str) -> NotFound:
    return NotFound(f"There is no picture {image_id!r} in this shop, or it was removed.")
