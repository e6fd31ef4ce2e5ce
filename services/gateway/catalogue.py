"""All writes to the catalogue. Each is one transaction, with the message that tells of it in the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeVar
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.gateway import metrics
from services.gateway.etags import Precondition
from services.gateway.image_rows import find_places, insert_images, new_image, try_again
from services.gateway.merge_patch import patched
from services.gateway.outbox_keys import corrected_key, events_key, item_key, removed_key, stored_key
from services.gateway.pictures import Picture
from services.gateway.tables import OUTBOX, CorrectionEntry, Image, Item
from services.gateway.words.said import said_of
from shared.contracts.analysis import ATTRIBUTES, Analysis
from shared.contracts.api import Correction, ItemIn, ItemPatch, ItemPut, ItemsPut
from shared.contracts.messages import (
    ImageCorrected,
    ImageRemoved,
    ImageStored,
    ItemChanged,
    ItemFields,
    Message,
    UserEvent,
    UserEvents,
)
from shared.contracts.text import sha256_of, text_of
from shared.database import Database
from shared.errors import NotFound, Retryable
from shared.observability import logs

_T = TypeVar("_T")
_MEETINGS = 10


class Catalogue:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def put_item(self, tenant: str, sku: str, item: ItemIn, only_if: Precondition | None = None) -> bool:
        """Make or replace an item; whether it was made. What says the same as before changes nothing."""
        return self.put_items(tenant, [ItemPut(sku=sku, **dict(item))], only_if=only_if).created == 1

    def patch_item(self, tenant: str, sku: str, patch: ItemPatch, only_if: Precondition | None = None) -> None:
        """Change what the patch names of an item that is there. Raises `InvalidInput` for what would be no item."""

        def write(session: Session) -> bool:
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                raise no_item(sku)
            _check(only_if, sku, row)
            told: dict[str, Message] = {}
            done = _put(session, tenant, patched(sku, row.body, patch), {sku: row}, told)
            OUTBOX.add_all(session, told)
            return done != "unchanged"

        if self._write(write):
            self._wake()

    def put_items(self, tenant: str, items: Sequence[ItemPut], only_if: Precondition | None = None) -> ItemsPut:
        """Make or replace many in one transaction: all of them or, when it raises, none. `only_if` holds of each."""

        def write(session: Session) -> Counter[str]:
            skus = sorted({item.sku for item in items})
            found = select(Item).where(Item.tenant == tenant, Item.sku.in_(skus)).order_by(Item.sku).with_for_update()
            rows = {row.sku: row for row in session.execute(found).scalars()}
            for sku in skus:
                _check(only_if, sku, rows.get(sku))
            told: dict[str, Message] = {}
            done: Counter[str] = Counter(_put(session, tenant, item, rows, told) for item in items)
            OUTBOX.add_all(session, told)
            return done

        done = self._write(write)
        if done["unchanged"] < len(items):
            self._wake()
        return ItemsPut(created=done["created"], updated=done["updated"], unchanged=done["unchanged"])

    def remove_item(self, tenant: str, sku: str, only_if: Precondition | None = None) -> None:
        """Remove an item with its pictures' rows. Their bytes stay for the collection of objects without a row."""

        def write(session: Session) -> None:
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                raise no_item(sku)
            _check(only_if, sku, row)
            row.revision += 1
            row.removed, row.updated_at = True, datetime.now(UTC)
            images = session.execute(
                delete(Image).where(Image.tenant == tenant, Image.sku == sku).returning(Image.image_id)
            ).scalars()
            for image_id in images.all():
                OUTBOX.close(session, stored_key(image_id))
            OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, None))

        self._write(write)
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
                    new.append(new_image(tenant, sku, image_id, place.revision, picture))
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
        def write(session: Session) -> None:
            sku = session.execute(
                delete(Image).where(Image.image_id == image_id, Image.tenant == tenant).returning(Image.sku)
            ).scalar_one_or_none()
            if sku is None:
                raise no_image(image_id)
            OUTBOX.close(session, stored_key(image_id))
            message = ImageRemoved(tenant=tenant, correlation_id=logs.correlation_id(), sku=sku, image_id=image_id)
            OUTBOX.add(session, removed_key(image_id), message)

        self._write(write)
        self._wake()

    def correct(self, tenant: str, image_id: str, correction: Correction, analysis: Analysis | None) -> None:
        """Keep what a merchant says of a picture. `analysis` is the model's, shown again for what is taken back."""

        def write(session: Session) -> bool:
            row = session.get(Image, image_id, with_for_update=True)
            if row is None or row.tenant != tenant:
                raise no_image(image_id)
            before = row.corrected
            said = {name: getattr(correction, name) for name in ATTRIBUTES if name in correction.model_fields_set}
            new = {name: value for name, value in said.items() if before.get(name) != value}
            if not new:
                return False
            row.correction_revision += 1
            row.corrected = {name: value for name, value in (before | new).items() if value is not None}
            for name, value in new.items():
                if value is None and analysis:
                    found = getattr(analysis.pieces[0], name)
                    setattr(row, name, found.model_dump() if found else None)
                session.add(_entry(row, name, value))
            message = ImageCorrected(
                tenant=tenant,
                correlation_id=logs.correlation_id(),
                sku=row.sku,
                image_id=image_id,
                revision=row.correction_revision,
                corrections=row.corrected,
            )
            OUTBOX.add(session, corrected_key(image_id, row.correction_revision), message)
            return True

        if self._write(write):
            self._wake()

    def accept_events(self, tenant: str, events: Sequence[UserEvent]) -> list[int]:
        """Keep what shoppers did, but for events of items that the shop never had: returns their places in `events`."""
        skus = {event.sku for event in events if event.sku is not None}
        with self._database.read() as session:
            known = set(session.scalars(select(Item.sku).where(Item.tenant == tenant, Item.sku.in_(skus)))) | {None}
        accepted = [event for event in events if event.sku in known]
        if accepted:
            batch = uuid4().hex
            message = UserEvents(tenant=tenant, correlation_id=logs.correlation_id(), batch_id=batch, events=accepted)
            self._write(lambda session: OUTBOX.add(session, events_key(batch), message))
            self._wake()
        for event in accepted:
            if event.type == "clicked" and event.position is not None:
                metrics.CLICK_POSITION.observe(event.position)
        return [place for place, event in enumerate(events) if event.sku not in known]

    def _write(self, work: Callable[[Session], _T]) -> _T:
        for _ in range(_MEETINGS):
            try:
                with self._database.write() as session:
                    return work(session)
            except IntegrityError:  # another gateway made the same row at the same moment: now it is there
                continue
        raise Retryable("Other requests make the same items at this moment. Send this one again.")


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


def _check(only_if: Precondition | None, sku: str, row: Item | None) -> None:
    if only_if is not None:
        only_if.check(sku, None if row is None or row.removed else row.revision)


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


def _entry(row: Image, attribute: str, value: str | None) -> CorrectionEntry:
    return CorrectionEntry(
        tenant=row.tenant,
        image_id=row.image_id,
        sku=row.sku,
        sha256=row.sha256,
        revision=row.correction_revision,
        attribute=attribute,
        value=value,
        at=datetime.now(UTC),
    )
