"""What the gateway does with the messages of its queue: outcomes, which close what is open in the outbox.

Each handler may run twice and in any order. They are on the way of every picture, so none reads before it writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from services.gateway import metrics
from services.gateway.image_rows import mark_indexed
from services.gateway.outbox_keys import (
    corrected_key,
    events_key,
    impressions_key,
    item_key,
    removed_key,
    stored_key,
)
from services.gateway.shop_news import tell_indexed, tell_rejected
from services.gateway.tables import OUTBOX, DeadLetter, Image
from shared.contracts.impressions import ImpressionsRecorded
from shared.contracts.messages import (
    CorrectionIndexed,
    EventsRecorded,
    ImageIndexed,
    ImageRejected,
    ImageUnindexed,
    ItemIndexed,
    Message,
    MessageDied,
)
from shared.database import Database
from shared.messaging import BundleHandlers, Handlers


def bundle_handlers(database: Database, *, tell_shops: bool) -> BundleHandlers:
    """The messages that come by the thousand."""
    outcomes = Outcomes(database, tell_shops=tell_shops)
    return {ImageIndexed: outcomes.images_indexed, ItemIndexed: outcomes.items_indexed}


def handlers(database: Database, *, tell_shops: bool) -> Handlers:
    """The messages of the queue `gateway`, each with what is done about it."""
    outcomes = Outcomes(database, tell_shops=tell_shops)
    return {
        ImageIndexed: outcomes.image_indexed,
        ImageRejected: outcomes.image_rejected,
        ImageUnindexed: outcomes.image_unindexed,
        ItemIndexed: outcomes.item_indexed,
        CorrectionIndexed: outcomes.correction_indexed,
        EventsRecorded: outcomes.events_recorded,
        ImpressionsRecorded: outcomes.impressions_recorded,
        MessageDied: outcomes.message_died,
    }


class Outcomes:
    """What came of the messages in the outbox, written to the catalogue. `tell_shops`: they hear of it."""

    def __init__(self, database: Database, *, tell_shops: bool) -> None:
        self._database = database
        self._tell_shops = tell_shops

    def image_indexed(self, message: ImageIndexed) -> None:
        self.images_indexed([message])

    def images_indexed(self, messages: Sequence[ImageIndexed]) -> None:
        with self._database.write() as session:
            mark_indexed(session, messages)
            if self._tell_shops:
                tell_indexed(session, messages)
            OUTBOX.close(session, *(stored_key(message.image_id) for message in messages))
        metrics.OUTCOMES.labels("indexed").inc(len(messages))

    def image_rejected(self, message: ImageRejected) -> None:
        with self._database.write() as session:
            self._reject(session, message, message.image_id, message.reason)
        metrics.OUTCOMES.labels("rejected").inc()

    def image_unindexed(self, message: ImageUnindexed) -> None:
        """The picture, or its item, was removed: its row went then."""
        self._close(removed_key(message.image_id), stored_key(message.image_id))

    def item_indexed(self, message: ItemIndexed) -> None:
        self.items_indexed([message])

    def items_indexed(self, messages: Sequence[ItemIndexed]) -> None:
        """Closes these revisions alone: a removal before takes pictures out, which a later revision does not say."""
        self._close(*(item_key(message.tenant, message.sku, message.revision) for message in messages))

    def correction_indexed(self, message: CorrectionIndexed) -> None:
        self._close(corrected_key(message.image_id, message.revision))

    def events_recorded(self, message: EventsRecorded) -> None:
        self._close(events_key(message.batch_id))

    def impressions_recorded(self, message: ImpressionsRecorded) -> None:
        self._close(impressions_key(message.batch_id))

    def message_died(self, message: MessageDied) -> None:
        """Keep the dead letter. Unless it may yet succeed, it is its message's outcome: a picture is rejected by it."""
        letter = {
            "id": hashlib.sha256(message.model_dump_json().encode()).hexdigest(),
            **message.model_dump(include={"at", "tenant", "source", "queue", "path", "payload"}),
            "reason": message.reason.replace("\0", "\N{REPLACEMENT CHARACTER}"),  # PostgreSQL keeps no NUL
        }
        with self._database.write() as session:
            if session.execute(select(DeadLetter.id).where(DeadLetter.id == letter["id"])).one_or_none() is None:
                session.execute(insert(DeadLetter).values(letter))
            if message.retryable:
                return
            image_id = message.payload.get("image_id")
            if message.source in ("image.stored", "image.analysed") and isinstance(image_id, str):
                self._reject(session, message, image_id, f"Loupe could not process the picture: {message.reason}")
            elif key := _key_of(message.source, message.payload):
                OUTBOX.close(session, key)

    def _reject(self, session: Session, message: Message, image_id: str, reason: str) -> None:
        """An indexed picture stays indexed: the rejection is of an earlier try."""
        sku = session.execute(
            update(Image)
            .where(Image.image_id == image_id, Image.tenant == message.tenant, Image.state != "indexed")
            .values(state="rejected", reason=reason)
            .returning(Image.sku)
        ).scalar_one_or_none()
        OUTBOX.close(session, stored_key(image_id))
        if sku is not None and self._tell_shops:
            tell_rejected(session, message, sku, image_id, reason)

    def _close(self, *keys: str) -> None:
        with self._database.write() as session:
            OUTBOX.close(session, *keys)


def _key_of(source: str, payload: Mapping[str, object]) -> str | None:
    """The outbox key of a message that died; None for one that is in no outbox, or lacks what its key is made of."""
    field = {name: str(payload.get(name)) for name in ("tenant", "sku", "image_id", "batch_id")}
    revision = payload.get("revision")
    match source, revision:
        case "item.changed", int():
            return item_key(field["tenant"], field["sku"], revision)
        case "image.corrected", int():
            return corrected_key(field["image_id"], revision)
        case "image.removed", _:
            return removed_key(field["image_id"])
        case "user.events", _:
            return events_key(field["batch_id"])
        case "impressions.shown", _:
            return impressions_key(field["batch_id"])
    return None
