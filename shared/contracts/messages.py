"""The messages between services. Each says what happened, in the past tense; `routes.py` says who listens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.analysis import Attribute, AttributeName, QualityWarning
from shared.contracts.fields import (
    MAX_EVENTS,
    CorrelationId,
    ImageId,
    ModelVersion,
    SessionId,
    Sha256,
    Sku,
    TenantId,
    Timestamp,
    TraceParent,
    UserId,
    Word,
)
from shared.contracts.user_events import UserEvent


def _now() -> datetime:
    return datetime.now(UTC)


class Message(BaseModel):
    """What every message carries. Keys, never bytes or vectors.

    `traceparent`: the trace that it is of, as W3C Trace Context writes it; None where nothing is traced.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    name: ClassVar[str]
    bundle: ClassVar[int] = 32
    """How many of them a worker takes at once, at most: so many that all are handled within a second or two."""

    tenant: TenantId
    correlation_id: CorrelationId
    at: Timestamp = Field(default_factory=_now)
    traceparent: TraceParent | None = None


class ImageStored(Message):
    """A picture lies in the object store and its rows are committed. `item_revision` is the item's at that moment.

    `attempt`: how many times it was sent or delivered before without an outcome; the outbox and the consumer count.
    `blur_faces`: the shop wants no faces in it.
    """

    name = "image.stored"
    bundle = 16

    sku: Sku
    image_id: ImageId
    sha256: Sha256
    item_revision: int = Field(ge=1)
    attempt: int = Field(0, ge=0)
    blur_faces: bool = False


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


class ImageRedrawn(Message):
    """There is a rendition of a picture, which takes its place. An empty one says that it may stay as it is."""

    name = "image.redrawn"

    sku: Sku
    image_id: ImageId
    sha256: Sha256


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


class UserEvents(Message):
    name = "user.events"

    batch_id: str
    events: list[UserEvent] = Field(min_length=1, max_length=MAX_EVENTS)


class EventsRecorded(Message):
    name = "events.recorded"

    batch_id: str


class ErasureAsked(Message):
    """All that is kept of a shopper is to go: of a user, or of a visit. What was told of them before `at` is late.

    `restored`: they were erased long ago, and a backup from before came back: what is of them since `at` stays.
    """

    name = "erasure.asked"
    bundle = 4

    erasure_id: str
    user_id: UserId | None = None
    session_id: SessionId | None = None
    restored: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.user_id is None) == (self.session_id is None):
            raise ValueError("give either user_id or session_id")
        return self


class ShopperErased(Message):
    """Nothing is kept of the shopper any more. `found`: how many pieces of them there were, by store."""

    name = "shopper.erased"

    erasure_id: str
    found: dict[str, int] = Field(default_factory=dict)


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
