"""The messages between services. Each says what happened, in the past tense; `routes.py` says who listens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.analysis import Attribute, AttributeName, QualityWarning
from shared.contracts.fields import (
    MAX_EVENTS,
    NO_TEXT,
    CorrelationId,
    EventId,
    ImageId,
    ModelVersion,
    SearchId,
    SessionId,
    Sha256,
    Sku,
    TenantId,
    Timestamp,
    UserId,
    Word,
)


def _now() -> datetime:
    return datetime.now(UTC)


class Message(BaseModel):
    """What every message carries. Keys, never bytes or vectors."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    name: ClassVar[str]
    bundle: ClassVar[int] = 32
    """How many of them a worker takes at once, at most: so many that all are handled within a second or two."""

    tenant: TenantId
    correlation_id: CorrelationId
    at: Timestamp = Field(default_factory=_now)


class ImageStored(Message):
    """A picture lies in the object store and its rows are committed. `item_revision` is the item's at that moment.

    `attempt`: how many times it was sent or delivered before without an outcome; the outbox and the consumer count.
    """

    name = "image.stored"
    bundle = 16

    sku: Sku
    image_id: ImageId
    sha256: Sha256
    item_revision: int = Field(ge=1)
    attempt: int = Field(0, ge=0)


class AnalysisMissing(Message):
    """The index wants a picture by a model of which there is no analysis yet. `attempt` as in `ImageStored`."""

    name = "analysis.missing"
    bundle = 16

    sku: Sku
    image_id: ImageId
    sha256: Sha256
    item_revision: int = Field(ge=1)
    model_version: ModelVersion
    attempt: int = Field(0, ge=0)


class ImageAnalysed(Message):
    """The analysis object of a picture, by one model, is written."""

    name = "image.analysed"

    sku: Sku
    image_id: ImageId
    sha256: Sha256
    item_revision: int = Field(ge=1)
    model_version: str


class ImageRejected(Message):
    """A picture will not be indexed; `reason` says why and what to do, `code` is the kind.

    With `model_version` it was that model alone that was asked for it, by `analysis.missing`.
    """

    name = "image.rejected"

    sku: Sku
    image_id: ImageId
    code: str
    reason: str
    model_version: str | None = None


class ImageIndexed(Message):
    """A picture can be found. What is told of it is of its main piece."""

    name = "image.indexed"

    sku: Sku
    image_id: ImageId
    model_version: str
    type: Attribute | None = None
    metal: Attribute | None = None
    stone: Attribute | None = None
    cut: Attribute | None = None
    setting: Attribute | None = None
    warnings: list[QualityWarning] = Field(default_factory=list)


class ImageRemoved(Message):
    name = "image.removed"

    sku: Sku
    image_id: ImageId


class ImageUnindexed(Message):
    """A removed picture is gone from the index and stays gone."""

    name = "image.unindexed"

    sku: Sku
    image_id: ImageId


class ImageCorrected(Message):
    """A merchant said what a picture shows. All corrections of the picture, the newest `revision` wins."""

    name = "image.corrected"

    sku: Sku
    image_id: ImageId
    revision: int = Field(ge=1)
    corrections: dict[AttributeName, str]


class CorrectionIndexed(Message):
    name = "correction.indexed"

    image_id: ImageId
    revision: int


class ItemFields(BaseModel):
    """The fields of an item that a search filters by, shows or finds words in.

    `said`: what the shop says of the attributes that models tell, in their values.
    """

    model_config = ConfigDict(frozen=True)

    title: str = ""
    description: str = ""
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    in_stock: bool = True
    tags: list[str] = Field(default_factory=list)
    attributes: dict[str, str] = Field(default_factory=dict)
    said: dict[AttributeName, Word] = Field(default_factory=dict)
    created_at: Timestamp


class ItemChanged(Message):
    """An item was put, or removed: then `fields` is None. `revision` grows with every change and outlives the item."""

    name = "item.changed"

    sku: Sku
    revision: int = Field(ge=1)
    fields: ItemFields | None = None


class ItemTextAnalysed(Message):
    """The vectors of an item's text as of this revision are written: the object `text_key(sha256, model_version)`."""

    name = "item.text_analysed"

    sku: Sku
    revision: int = Field(ge=1)
    sha256: Sha256
    model_version: ModelVersion


class ItemIndexed(Message):
    """The index has the fields and the words of this revision of the item, or of a higher one."""

    name = "item.indexed"

    sku: Sku
    revision: int


EventType = Literal["viewed", "searched", "clicked", "favourited", "carted", "purchased", "returned", "dismissed"]


_WHOSE_AND_WHAT: dict[str, Any] = {
    "allOf": [
        {
            "anyOf": [
                {"required": ["user_id"], "properties": {"user_id": {"type": "string"}}},
                {"required": ["session_id"], "properties": {"session_id": {"type": "string"}}},
            ]
        },
        {
            "oneOf": [
                {
                    "required": ["search_id"],
                    "properties": {
                        "type": {"const": "searched"},
                        "search_id": {"type": "string"},
                        "sku": {"type": "null"},
                    },
                },
                {
                    "required": ["sku"],
                    "properties": {
                        "type": {"enum": [kind for kind in get_args(EventType) if kind != "searched"]},
                        "sku": {"type": "string"},
                    },
                },
            ]
        },
    ]
}
"""What `UserEvent` checks over several fields, for who reads its schema."""
Position = Annotated[int, Field(ge=0, lt=100_000), NO_TEXT]


class UserEvent(BaseModel):
    """One thing that a shopper did with an item. `id` is the shop's own, and makes a repeat harmless.

    `user_id` is who is logged in, `session_id` a visit of somebody who may not be. Both together tell whose visit it
    is: what was done in it without a `user_id`, before and after, is then the user's. A visit is its first user's.

    `searched` is of a list that Loupe answered, its `search_id`, and of no item.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_WHOSE_AND_WHAT)

    id: EventId
    type: EventType
    user_id: UserId | None = None
    session_id: SessionId | None = None
    sku: Sku | None = None
    at: Timestamp
    search_id: SearchId | None = Field(None, description="Of the list in which the shopper saw the item.")
    position: Position | None = Field(None, description="Its place in that list, from 0.")

    @model_validator(mode="after")
    def _whose_and_what(self) -> Self:
        if self.user_id is None and self.session_id is None:
            raise ValueError("give user_id or session_id, or both at a login")
        if self.type == "searched":
            if self.search_id is None or self.sku is not None:
                raise ValueError("searched is of a list and not of an item: give search_id and no sku")
        elif self.sku is None:
            raise ValueError(f"{self.type} is of an item: give its sku")
        return self


class UserEvents(Message):
    name = "user.events"

    batch_id: str
    events: list[UserEvent] = Field(min_length=1, max_length=MAX_EVENTS)


class EventsRecorded(Message):
    name = "events.recorded"

    batch_id: str


class ErasureAsked(Message):
    """All that is kept of a shopper is to go: of a user, or of a visit. What was told of them before `at` is late."""

    name = "erasure.asked"
    bundle = 4

    erasure_id: str
    user_id: UserId | None = None
    session_id: SessionId | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.user_id is None) == (self.session_id is None):
            raise ValueError("give either user_id or session_id")
        return self


class ShopperErased(Message):
    """Nothing is kept of the shopper any more."""

    name = "shopper.erased"

    erasure_id: str


class MessageDied(Message):
    """A message that no retry can save, with the reason and, where it broke the contract, the path of the bad field.

    `retryable`: its last failure might have passed, so the outbox may send what caused it again.
    """

    name = "message.died"

    source: str
    queue: str
    reason: str
    path: str | None = None
    payload: dict[str, Any]
    retryable: bool = False
