"""What shops and Loupe tell each other by queue: CloudEvents 1.0 in structured JSON.

The tenant is the stream or queue by which an event came, never a field of it. `source` and `id` together name an event:
the same two again are a repeat. Names that start with `shop.` come in, names that start with `loupe.` go out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from shared.contracts.fields import CorrelationId, Timestamp
from shared.contracts.shop_in import (
    INCOMING,
    INCOMING_BUCKET,
    MAX_EVENT_BYTES,
    MAX_INLINE_BYTES,
    ImageAdded,
    ItemRemoved,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PictureRemoved,
    ShopData,
    StockChanged,
    StockCounted,
    StockReceived,
    UserErase,
    UserExport,
    too_large,
)
from shared.contracts.shop_out import (
    OUTGOING,
    EventRefusedData,
    ImageIndexedData,
    ImageOutcome,
    ImageRejectedData,
    ItemIndexedData,
    ItemRejectedData,
    LookalikeFoundData,
    Outgoing,
    StockAlertData,
    SuggestionsChangedData,
    UserErasedData,
    UserExportedData,
    write,
)
from shared.errors import InvalidInput

__all__ = [
    "INCOMING",
    "INCOMING_BUCKET",
    "MAX_EVENT_BYTES",
    "MAX_INLINE_BYTES",
    "OUTGOING",
    "Envelope",
    "EventRefusedData",
    "ImageAdded",
    "ImageIndexedData",
    "ImageOutcome",
    "ImageRejectedData",
    "ItemIndexedData",
    "ItemRejectedData",
    "ItemRemoved",
    "LookalikeFoundData",
    "OrderLine",
    "OrderPlaced",
    "OrderReturned",
    "Outgoing",
    "PictureRemoved",
    "ShopData",
    "ShopEvent",
    "StockAlertData",
    "StockChanged",
    "StockCounted",
    "StockReceived",
    "SuggestionsChangedData",
    "UserErase",
    "UserErasedData",
    "UserExport",
    "UserExportedData",
    "parse",
    "write",
]

_CONTENT_TYPE = r"^application/([A-Za-z0-9.-]+\+)?json( *;.*)?$"
_TIMED = (
    "shop.user.event",
    "shop.order.placed",
    "shop.order.returned",
    "shop.stock.changed",
    "shop.stock.received",
    "shop.stock.counted",
)
"""Events whose `at` is the event's `time` unless they say it."""


def _number_told(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return value


EventSequence = Annotated[
    str, BeforeValidator(_number_told), StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,64}$", strict=True)
]
"""The place of an event among those of the same item, by CloudEvents' extension: a number from 0, or text.

Two of digits alone compare as numbers, all others as text, character by character.
"""


class Envelope(BaseModel):
    """The attributes of a CloudEvent that Loupe reads; all others are let pass. `data` is a JSON object.

    `correlationid` is an extension: the id that follows what the event causes through logs and answers. So is
    `sequence`: of an item's fields, and by itself of its stock, what has a lower one than what was taken is late.
    """

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=256)
    source: str = Field(min_length=1, max_length=1_024)
    type: str = Field(min_length=1, max_length=256)
    time: Timestamp | None = None
    datacontenttype: Annotated[str, Field(pattern=_CONTENT_TYPE)] | None = None
    data: dict[str, Any] = Field(repr=False)
    correlationid: Any = None
    sequence: EventSequence | None = None


class ShopEvent(BaseModel):
    """An event of a shop that follows the contract."""

    id: str
    source: str
    type: str
    correlation_id: CorrelationId | None
    sequence: str | None = None
    data: ShopData = Field(repr=False)


class _Correlation(BaseModel):
    id: CorrelationId


def parse(body: bytes) -> ShopEvent:
    """The event in `body`. Raises `InvalidInput` for what breaks the contract; `errors` hold each field's path."""
    if len(body) > MAX_EVENT_BYTES:
        raise InvalidInput(
            f"The event has {len(body):,} bytes; Loupe takes up to {MAX_EVENT_BYTES:,}. In shop.image.added, "
            f"{too_large()}."
        )
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error, "") from error
    data_type = INCOMING.get(envelope.type)
    if data_type is None:
        told = f"{envelope.type[:100]!r} is no type of event that Loupe takes; it takes {', '.join(INCOMING)}"
        raise InvalidInput(f"type: {told}.", errors=[{"path": "type", "message": told}])
    try:
        data = data_type.model_validate(_with_defaults(envelope))
    except ValidationError as error:
        raise _invalid(error, "data") from error
    return ShopEvent.model_construct(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        correlation_id=_correlation(envelope.correlationid),
        sequence=envelope.sequence,
        data=data,
    )


def _with_defaults(envelope: Envelope) -> dict[str, Any]:
    if envelope.type not in _TIMED:
        return envelope.data
    time = {} if envelope.time is None else {"at": envelope.time}
    name = {"id": envelope.id} if envelope.type == "shop.user.event" else {}
    return name | time | envelope.data


def _correlation(given: object) -> str | None:
    try:
        return _Correlation.model_validate({"id": given}).id
    except ValidationError:
        return None


def _invalid(error: ValidationError, under: str) -> InvalidInput:
    """What pydantic found, without the input: it may hold a picture, or a person's name."""
    errors = []
    for entry in error.errors(include_input=False, include_url=False):
        path = ".".join(str(part) for part in ((under,) if under else ()) + entry["loc"])
        errors.append({"path": path, "message": entry["msg"].removeprefix("Value error, ")})
    told = "; ".join(f"{e['path']}: {e['message']}" if e["path"] else e["message"] for e in errors[:3])
    return InvalidInput(f"{told}.", errors=errors[:50])
