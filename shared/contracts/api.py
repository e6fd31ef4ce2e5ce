"""The public HTTP API, version 1: what shop systems send and get."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.analysis import Attribute, Knowledge, QualityWarning
from shared.contracts.fields import (
    MAX_EVENTS,
    MAX_ITEMS,
    Flag,
    ImageId,
    ModelVersion,
    Price,
    Sku,
    Stock,
    Text,
    Timestamp,
    Word,
)
from shared.contracts.internal import Words
from shared.contracts.usage import QuotaTold
from shared.contracts.user_events import UserEvent

ModelUrl = Annotated[
    str,
    Field(
        max_length=2_000,
        pattern=r"^/[A-Za-z0-9_.~%-][A-Za-z0-9_.~%/-]*\.glb$",
        description="A 3-D model of the piece, binary glTF in metres, on the origin that serves the page.",
        examples=["/models/RING-1.glb"],
    ),
]
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
    quota: QuotaTold | None = Field(None, description="Of `quota-exceeded`: which, and how it stands.")


class ItemIn(BaseModel):
    """What a shop says of a piece. PUT replaces all of it."""

    model_config = ConfigDict(extra="forbid")

    title: Text = Field(min_length=1, max_length=300, examples=["Emerald halo ring"])
    description: Text = Field("", max_length=10_000)
    price: Price | None = Field(None, examples=[490.0])
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(None, examples=["EUR"])
    stock: Stock | None = Field(None, description="Pieces on hand; absent means available.")
    url: Text | None = Field(None, max_length=2_000)
    model_url: ModelUrl | None = None
    brand: Word | None = None
    tags: Words = Field(default_factory=list)
    attributes: dict[str, str] = Field(default_factory=dict, max_length=50)


class ItemPatch(BaseModel):
    """A JSON Merge Patch (RFC 7396) of an item. Absent: leave as it is. null: take it away, but not the title. `tags`
    are replaced whole, `attributes` one by one."""

    model_config = ConfigDict(extra="forbid")

    title: Text = Field(default_factory=str, min_length=1, max_length=300)
    description: Text | None = Field(None, max_length=10_000)
    price: Price | None = Field(None, examples=[450.0])
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    stock: Stock | None = Field(None, description="Pieces on hand; null: not counted, available.")
    url: Text | None = Field(None, max_length=2_000)
    model_url: ModelUrl | None = None
    brand: Word | None = None
    tags: Words | None = None
    attributes: dict[str, str | None] | None = Field(None, max_length=50)


class ImageRef(BaseModel):
    image_id: ImageId
    state: ImageState
    image_url: str
    status_url: str


class Item(ItemIn):
    model_config = ConfigDict(extra="ignore")  # what is answered may grow

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


class ImageSent(BaseModel):
    """What became of one picture of a batch: accepted under `image_id`, or refused for the `problem`."""

    sku: str
    image_id: ImageId | None = None
    status_url: str | None = None
    problem: Problem | None = None


class ImagesSent(BaseModel):
    """One entry a picture, in the order in which they were sent."""

    images: list[ImageSent]


class Image(ImageRef):
    """A picture and how far it has come. `reason` says why it was rejected, `warnings` what would make it better.

    `type` to `setting` are of the main piece, which is the first of `pieces`, with a merchant's corrections.
    """

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
    cut: Attribute | None = None
    setting: Attribute | None = None
    corrected: list[str] = Field(default_factory=list, description="Attributes set by a merchant's correction.")
    pieces: list[Knowledge] | None = Field(None, description="Once it is indexed, of the picture alone: not in lists.")


class ImagePage(BaseModel):
    images: list[Image]
    next_cursor: str | None = None


class Correction(BaseModel):
    """What the picture's main piece really is. Absent: leave as it is. null: take the correction back."""

    model_config = ConfigDict(extra="forbid")

    type: Word | None = None
    metal: Word | None = None
    stone: Word | None = None
    cut: Word | None = None
    setting: Word | None = None


class ReindexIn(BaseModel):
    """`model`: the version of a model that the embedder has loaded. `hold`: wait for a word before the switch."""

    model_config = ConfigDict(extra="forbid")

    model: ModelVersion
    hold: Flag = False


class EventsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    events: list[UserEvent] = Field(min_length=1, max_length=MAX_EVENTS)


class EventRefused(BaseModel):
    """One event of a batch that was not taken: its place in the batch, its id if it has one, and the bad field."""

    index: int
    id: str | None = None
    reason: str
    path: str


class EventsAccepted(BaseModel):
    accepted: int
    rejected: list[EventRefused] = Field(default_factory=list)


class ReconcileReport(BaseModel):
    """The shop's newest comparison of catalogue, object store and index; `finished_at` is None while it runs.

    `found` counts by kind what was wrong; all of it was repaired, or for `picture-lost` told to the shop.
    """

    run: int
    started_at: Timestamp
    finished_at: Timestamp | None = None
    pages: int
    found: dict[str, int] = Field(default_factory=dict)


class SchemaList(BaseModel):
    """Where the contracts are: addresses on the gateway, of events by their type."""

    asyncapi: str
    openapi: str
    events: dict[str, str]
    data: dict[str, str]


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
    query_photo_days: int = Field(0, description="So long are shoppers' photos kept; 0: they are only looked at.")
