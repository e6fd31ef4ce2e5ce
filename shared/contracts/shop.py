"""What shops and Loupe tell each other by queue: CloudEvents 1.0 in structured JSON.

The tenant is the stream or queue by which an event came, never a field of it. `source` and `id` together name an event:
the same two again are a repeat. Names that start with `shop.` come in, names that start with `loupe.` go out.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeAlias
from uuid import NAMESPACE_URL, uuid5

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from shared.contracts.analysis import Attribute, QualityWarning
from shared.contracts.api import ItemPut
from shared.contracts.fields import CorrelationId, ImageId, Sku, Timestamp
from shared.contracts.messages import UserEvent
from shared.errors import InvalidInput

MAX_INLINE_BYTES = 8_000_000
"""The largest picture that an event may hold; larger ones go by `object_key` or over HTTP."""

MAX_EVENT_BYTES = 11_000_000
"""The largest event: a picture of `MAX_INLINE_BYTES` in base64, and what is around it."""

INCOMING_BUCKET = "incoming"
"""Where a shop puts the pictures that it names by `object_key`, each under the shop's prefix."""

_SOURCE = "/loupe"
_CONTENT_TYPE = r"^application/([A-Za-z0-9.-]+\+)?json( *;.*)?$"


def _picture_of(value: object) -> object:
    """Line breaks are let pass, because many encoders make them."""
    if not isinstance(value, str):
        raise ValueError("needs the picture's bytes as a base64 string")
    if len(value) > MAX_EVENT_BYTES:
        raise ValueError(_too_large())
    try:
        decoded = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not valid base64; encode the file's bytes as they are") from error
    if len(decoded) > MAX_INLINE_BYTES:
        raise ValueError(_too_large())
    return decoded


def _too_large() -> str:
    return (
        f"the picture is over {MAX_INLINE_BYTES // 1_000_000} MB; scale it down, upload it over HTTP, or put it into "
        f"the bucket {INCOMING_BUCKET!r} and name it by object_key"
    )


class ItemRemoved(BaseModel):
    """`shop.item.removed`: the item goes, with its pictures."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku


class ImageAdded(BaseModel):
    """`shop.image.added`: a picture of an item, its bytes in `content` or under `object_key` in the bucket `incoming`.

    `content` is base64 in JSON, up to 8 MB decoded. The item must have been put before.
    """

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    content: Annotated[bytes, BeforeValidator(_picture_of)] | None = Field(None, repr=False)
    object_key: Annotated[str, Field(min_length=1, max_length=803)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ImageAdded:
        if (self.content is None) == (self.object_key is None):
            raise ValueError("give either content or object_key")
        return self


ShopData: TypeAlias = ItemPut | ItemRemoved | ImageAdded | UserEvent
INCOMING: dict[str, type[ShopData]] = {
    "shop.item.upserted": ItemPut,
    "shop.item.removed": ItemRemoved,
    "shop.image.added": ImageAdded,
    "shop.user.event": UserEvent,
}


class Envelope(BaseModel):
    """The attributes of a CloudEvent that Loupe reads; all others are let pass. `data` is a JSON object.

    `correlationid` is an extension: the id that follows what the event causes through logs and answers.
    """

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=256)
    source: str = Field(min_length=1, max_length=1_024)
    type: str = Field(min_length=1, max_length=256)
    time: Timestamp | None = None
    datacontenttype: Annotated[str, Field(pattern=_CONTENT_TYPE)] | None = None
    data: dict[str, Any] = Field(repr=False)
    correlationid: Any = None


class ShopEvent(BaseModel):
    """An event of a shop that follows the contract."""

    id: str
    source: str
    type: str
    correlation_id: CorrelationId | None
    data: ShopData = Field(repr=False)


class _Correlation(BaseModel):
    id: CorrelationId


def parse(body: bytes) -> ShopEvent:
    """The event in `body`. Raises `InvalidInput` for what breaks the contract; `errors` hold each field's path."""
    if len(body) > MAX_EVENT_BYTES:
        raise InvalidInput(
            f"The event has {len(body):,} bytes; Loupe takes up to {MAX_EVENT_BYTES:,}. In shop.image.added, "
            f"{_too_large()}."
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
        data=data,
    )


def _with_defaults(envelope: Envelope) -> dict[str, Any]:
    if envelope.type != "shop.user.event":
        return envelope.data
    time = {} if envelope.time is None else {"at": envelope.time}
    return {"id": envelope.id} | time | envelope.data


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


class Outgoing(BaseModel):
    """The data of an event that Loupe sends."""

    event_type: ClassVar[str]


class ImageIndexedData(Outgoing):
    """The picture can be found. What Loupe saw in it, with confidences in 0..1; what it does not know is absent."""

    event_type = "loupe.image.indexed"

    sku: Sku
    image_id: ImageId
    model_version: str
    type: Attribute | None = None
    metal: Attribute | None = None
    stone: Attribute | None = None
    cut: Attribute | None = None
    setting: Attribute | None = None
    warnings: list[QualityWarning] = Field(default_factory=list)


class ImageRejectedData(Outgoing):
    """The picture will not be found; `reason` says why and what to do."""

    event_type = "loupe.image.rejected"

    sku: Sku
    image_id: ImageId
    reason: str


class EventRefusedData(Outgoing):
    """An event that was not taken, as it lies in the dead-letter stream: why, and which field was at fault.

    `original` is what came, cut after its first characters when it is long; `bytes` is its whole length.
    """

    event_type = "loupe.event.refused"

    reason: str
    path: str | None = None
    original: str
    bytes: int


def write(data: Outgoing, *, tenant: str, key: str, correlation_id: str) -> bytes:
    """The CloudEvent of `data` as JSON. The same tenant, type and `key` give the same `id`, so a repeat shows."""
    event = {
        "specversion": "1.0",
        "id": str(uuid5(NAMESPACE_URL, f"loupe:{tenant}:{data.event_type}:{key}")),
        "source": _SOURCE,
        "type": data.event_type,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "correlationid": correlation_id,
        "data": data.model_dump(mode="json", exclude_none=True),
    }
    return orjson.dumps(event)
