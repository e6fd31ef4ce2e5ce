"""The public HTTP API, version 1: what shop systems send and get."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.analysis import Attribute, Knowledge, QualityWarning
from shared.contracts.fields import MAX_EVENTS, MAX_ITEMS, MAX_LIMIT, ImageId, Sku, Timestamp
from shared.contracts.internal import Filters, Words
from shared.contracts.messages import UserEvent

ImageState = Literal["stored", "analysed", "indexed", "rejected"]


class FieldError(BaseModel):
    path: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem document: `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    correlation_id: str | None = None
    errors: list[FieldError] | None = None


class ItemIn(BaseModel):
    """What a shop says of a piece. PUT replaces all of it."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=300, examples=["Emerald halo ring"])
    description: str = Field("", max_length=10_000)
    price: float | None = Field(None, ge=0, le=1e9, examples=[490.0])
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(None, examples=["EUR"])
    stock: int | None = Field(None, ge=0, le=1_000_000_000, description="Pieces on hand; absent means available.")
    url: str | None = Field(None, max_length=2_000)
    tags: Words = Field(default_factory=list)
    attributes: dict[str, str] = Field(default_factory=dict, max_length=50)


class ImageRef(BaseModel):
    image_id: ImageId
    state: ImageState
    image_url: str
    status_url: str


class Item(ItemIn):
    sku: Sku
    revision: int
    created_at: Timestamp
    updated_at: Timestamp
    images: list[ImageRef] = Field(default_factory=list)


class ItemPut(ItemIn):
    """An item of a batch: what PUT takes, with its SKU."""

    sku: Sku


class ItemsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[ItemPut] = Field(min_length=1, max_length=MAX_ITEMS)


class ItemsPut(BaseModel):
    """How many of a batch were new, changed, or said what was known already."""

    created: int
    updated: int
    unchanged: int


class ItemPage(BaseModel):
    items: list[Item]
    next_cursor: str | None = None


class ImageAccepted(BaseModel):
    image_id: ImageId
    status_url: str


class Image(ImageRef):
    """A picture and how far it has come. `reason` says why it was rejected, `warnings` what would make it better."""

    sku: Sku
    sha256: str
    bytes: int
    width: int
    height: int
    stored_at: Timestamp
    reason: str | None = None
    warnings: list[QualityWarning] = Field(default_factory=list)
    type: Attribute | None = None
    metal: Attribute | None = None
    stone: Attribute | None = None
    corrected: list[str] = Field(default_factory=list, description="Attributes set by a merchant's correction.")


class ImagePage(BaseModel):
    images: list[Image]
    next_cursor: str | None = None


class Correction(BaseModel):
    """What the picture really shows. Absent: leave as it is. null: take the correction back."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    metal: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    stone: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class SearchQuery(BaseModel):
    """The optional `query` part beside the picture. A cursor goes with the same picture and filters."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    filters: Filters = Field(default_factory=Filters)
    cursor: str | None = Field(None, max_length=500)


class Result(BaseModel):
    """One found item. `score` in 0..1 is the cosine similarity of the pictures; `reason` is told in words."""

    sku: Sku
    score: float
    reason: str
    item: Item
    image_url: str


class Results(BaseModel):
    results: list[Result]
    no_match: bool = Field(False, description="Nothing is near enough to be the piece; the nearest are listed anyway.")
    next_cursor: str | None = None


class Classification(BaseModel):
    pieces: list[Knowledge]
    warnings: list[QualityWarning] = Field(default_factory=list)


class EventsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    events: list[UserEvent] = Field(min_length=1, max_length=MAX_EVENTS)


class EventRefused(BaseModel):
    index: int
    id: str
    reason: str


class EventsAccepted(BaseModel):
    accepted: int
    rejected: list[EventRefused] = Field(default_factory=list)


class Suggestions(BaseModel):
    """`cold`: the shopper is not known yet, so the list is what is popular and new."""

    suggestions: list[Result]
    cold: bool = False


class PartHealth(BaseModel):
    ok: bool
    detail: str | None = None


class Readiness(BaseModel):
    ready: bool
    parts: dict[str, PartHealth]


class Status(BaseModel):
    """Where the shop's pictures are, and what waits."""

    items: int
    images: dict[str, int]
    outbox: int
    queues: dict[str, Any] = Field(default_factory=dict)
