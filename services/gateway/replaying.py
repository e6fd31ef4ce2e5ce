"""How what died is handled again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError
from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.gateway.image_rows import try_again
from services.gateway.originals import Originals
from services.gateway.outbox_keys import outbox_key_of, stored_key
from services.gateway.tables import OUTBOX, DeadLetter, Image
from shared.contracts.messages import ImageStored
from shared.contracts.routes import MESSAGES
from shared.contracts.shop import EventRefusedData
from shared.database import Database
from shared.errors import InvalidInput, NotFound, Permanent
from shared.messaging import Publisher
from shared.observability import logs

_TYPE = re.compile(r'"type"\s*:\s*"(shop\.[a-z.]{1,50})"')
_OF_PICTURES = ("image.stored", "image.analysed")


@dataclass(frozen=True)
class ToldLetter:
    """A letter of the shop bus, read; `source` is the type of its event, as far as that can be told."""

    id: str
    at: datetime
    source: str
    data: EventRefusedData


def read_letter(body: bytes) -> ToldLetter:
    """What somebody else put among the letters is one too: it can be dropped, and not be replayed."""
    try:
        event = orjson.loads(body)
        data = EventRefusedData.model_validate(event["data"])
        name, at = str(event["id"]), datetime.fromisoformat(event["time"])
    except (ValueError, KeyError, TypeError):
        data = EventRefusedData(reason="This is no letter of Loupe's.", original="", bytes=len(body))
        name, at = hashlib.sha256(body).hexdigest(), datetime.fromtimestamp(0, UTC)
    found = _TYPE.search(data.original)
    return ToldLetter(name, at, found[1] if found else "unreadable", data)


def original_of(originals: Originals | None, tenant: str, data: EventRefusedData) -> bytes:
    """The whole event of a letter. Raises `NotFound` when only its beginning is there."""
    told = data.original.encode()
    if len(told) == data.bytes and data.bytes:
        return told
    if originals is None:
        raise Permanent(
            "The whole event is in the object store: set OBJECT_STORE_URL as the deployment's gateway has it."
        )
    whole = originals.find(tenant, data.sha256) if data.sha256 else None
    if whole is None:
        raise NotFound(
            f"Only the first of the event's {data.bytes:,} bytes are there: it was larger than any event may be, or "
            "came more than 30 days ago. The shop has to send it again."
        )
    return whole


def replay_message(database: Database, broker: Callable[[], Publisher], letter_id: str) -> None:
    """Have a message handled again. Raises `InvalidInput` for one that no service could read.

    One that an outcome is awaited of goes by the outbox, in one transaction with its letter; another one leaves before
    the letter goes.
    """
    with database.write() as session:
        letter = session.get(DeadLetter, letter_id, with_for_update=True)
        if letter is None:  # somebody else replayed or dropped it meanwhile
            return
        session.delete(letter)
        if letter.source in _OF_PICTURES:
            _picture_again(session, letter)
            return
        message_type = MESSAGES.get(letter.source)
        try:
            message = message_type.model_validate(letter.payload) if message_type else None
        except ValidationError:
            message = None
        if message is None:
            raise InvalidInput("The message breaks its contract, so it would die again. Drop it.")
        key = outbox_key_of(letter.source, letter.payload)
        if key is None:
            broker().publish(message)
        elif not OUTBOX.holds(session, key):
            OUTBOX.add(session, key, message)


def drop_message(database: Database, letter_id: str) -> None:
    with database.write() as session:
        session.execute(delete(DeadLetter).where(DeadLetter.id == letter_id))


def _picture_again(session: Session, letter: DeadLetter) -> None:
    """From its start, for as long as it is in the shop and not indexed: what is done already is found done."""
    image = session.get(Image, str(letter.payload.get("image_id")), with_for_update=True)
    if image is None or image.tenant != letter.tenant or image.state == "indexed":
        return
    key = stored_key(image.image_id)
    if OUTBOX.holds(session, key):
        return
    try_again(session, image.tenant, image.image_id, image.item_revision, veiled=image.veiled)
    message = ImageStored(
        tenant=image.tenant,
        correlation_id=logs.correlation_id(),
        sku=image.sku,
        image_id=image.image_id,
        sha256=image.sha256,
        item_revision=image.item_revision,
        attempt=1,
        blur_faces=image.veiled,
    )
    OUTBOX.add(session, key, message)
