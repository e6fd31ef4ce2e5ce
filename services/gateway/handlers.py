"""What the gateway does with the messages of its queue: outcomes, which close what is open in the outbox.

Each handler may run twice and in any order. They are on the way of every picture, so none reads before it writes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from services.gateway import metrics
from services.gateway.image_rows import mark_indexed
from services.gateway.inventory.levels import give_up
from services.gateway.item_news import hold_items, tell_items
from services.gateway.outbox_keys import (
    corrected_key,
    events_key,
    impressions_key,
    item_key,
    outbox_key_of,
    removed_key,
    stored_key,
)
from services.gateway.people.erasures import Erasures
from services.gateway.shop_news import tell_indexed, tell_rejected
from services.gateway.suggestion_news import note_changed
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
    ShopperErased,
)
from shared.database import Database
from shared.messaging import BundleHandlers, Handlers


def bundle_handlers(database: Database) -> BundleHandlers:
    """The messages that come by the thousand."""
    outcomes = Outcomes(database)
    return {
        ImageIndexed: outcomes.images_indexed,
        ImageRejected: outcomes.images_rejected,
        ItemIndexed: outcomes.items_indexed,
    }


def handlers(database: Database, erasures: Erasures) -> Handlers:
    """The messages of the queue `gateway`, each with what is done about it."""
    outcomes = Outcomes(database)
    return {
        ImageIndexed: outcomes.image_indexed,
        ImageRejected: outcomes.image_rejected,
        ImageUnindexed: outcomes.image_unindexed,
        ItemIndexed: outcomes.item_indexed,
        CorrectionIndexed: outcomes.correction_indexed,
        EventsRecorded: outcomes.events_recorded,
        ImpressionsRecorded: outcomes.impressions_recorded,
        ShopperErased: erasures.history_erased,
        MessageDied: outcomes.message_died,
    }


class Outcomes:
    """What came of the messages in the outbox, written to the catalogue. Shops hear of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def image_indexed(self, message: ImageIndexed) -> None:
        self.images_indexed([message])

    def images_indexed(self, messages: Sequence[ImageIndexed]) -> None:
        with self._database.write() as session:
            self._hold_items(session, messages)
            mark_indexed(session, messages)
            tell_indexed(session, messages)
            for tenant, skus in _items_of(messages):
                tell_items(session, tenant, skus)
            OUTBOX.close(session, *(stored_key(message.image_id) for message in messages))
        metrics.OUTCOMES.labels("indexed").inc(len(messages))

    def image_rejected(self, message: ImageRejected) -> None:
        self.images_rejected([message])

    def images_rejected(self, messages: Sequence[ImageRejected]) -> None:
        with self._database.write() as session:
            self._hold_items(session, messages)
            for message in messages:
                self._reject(session, message, message.image_id, message.reason)
        metrics.OUTCOMES.labels("rejected").inc(len(messages))

    def image_unindexed(self, message: ImageUnindexed) -> None:
        """The picture, or its item, was removed: its row went then."""
        with self._database.write() as session:
            tell_items(session, message.tenant, {message.sku: message.correlation_id})
            OUTBOX.close(session, removed_key(message.image_id), stored_key(message.image_id))

    def item_indexed(self, message: ItemIndexed) -> None:
        self.items_indexed([message])

    def items_indexed(self, messages: Sequence[ItemIndexed]) -> None:
        """Closes these revisions alone: a removal before takes pictures out, which a later revision does not say."""
        self._close(*(item_key(message.tenant, message.sku, message.revision) for message in messages))

    def correction_indexed(self, message: CorrectionIndexed) -> None:
        self._close(corrected_key(message.image_id, message.revision))

    def events_recorded(self, message: EventsRecorded) -> None:
        with self._database.write() as session:
            note_changed(session, message.tenant, events_key(message.batch_id))
            OUTBOX.close(session, events_key(message.batch_id))

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
            image_id, sku = message.payload.get("image_id"), message.payload.get("sku")
            if message.source in ("image.stored", "image.analysed") and isinstance(image_id, str):
                reason = f"Loupe could not process the picture: {message.reason}"
                hold_items(session, message.tenant, {str(sku)})
                self._reject(session, message, image_id, reason)
            elif key := outbox_key_of(message.source, message.payload):
                OUTBOX.close(session, key)
                if message.source == "stock.moved":
                    give_up(session, message.tenant, str(message.payload.get("batch_id")))

    def _hold_items(self, session: Session, messages: Sequence[ImageIndexed | ImageRejected]) -> None:
        """All at once: who held one while waiting for another could wait for who holds that and waits for the first."""
        for tenant, skus in _items_of(messages):
            hold_items(session, tenant, skus.keys())

    def _reject(self, session: Session, message: Message, image_id: str, reason: str) -> None:
        """An indexed picture stays indexed: the rejection is of an earlier try."""
        sku = session.execute(
            update(Image)
            .where(Image.image_id == image_id, Image.tenant == message.tenant, Image.state != "indexed")
            .values(state="rejected", reason=reason, outcome_of=message.correlation_id)
            .returning(Image.sku)
        ).scalar_one_or_none()
        OUTBOX.close(session, stored_key(image_id))
        if sku is not None:
            tell_rejected(session, message, sku, image_id, reason)
            tell_items(session, message.tenant, {sku: message.correlation_id})

    def _close(self, *keys: str) -> None:
        with self._database.write() as session:
            OUTBOX.close(session, *keys)


def _items_of(messages: Sequence[ImageIndexed | ImageRejected]) -> Iterable[tuple[str, dict[str, str]]]:
    """Shop by shop the items of these pictures, each with the correlation id of its last message. In order of shops."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for message in messages:
        found[message.tenant][message.sku] = message.correlation_id
    return sorted(found.items())
