"""The public HTTP API, version 1: what shop systems send and get."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.analysis import Attribute, Box, Knowledge, QualityWarning
from shared.contracts.fields import (
    MAX_EVENTS,
    MAX_ITEMS,
    MAX_LIMIT,
    MAX_PIECES,
    MIN_BOX_SIDE,
    ImageId,
    ModelVersion,
    SearchId,
    Sku,
    Timestamp,
    UserId,
    Word,
)
from shared.contracts.internal import MAX_PARTS, Facets, Filters, Reason, Verdict, Words
from shared.contracts.messages import UserEvent

MAX_QUERY_PICTURES = 4
MAX_QUERY_BYTES = 40_000_000
MAX_WORDS = 300
ChipId = Annotated[str, Field(pattern=r"^[a-z_]+:[^\x00-\x1f\x7f]{1,64}$")]
"""The field and the value of a chip, as `metal:rose gold`."""

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
    brand: Word | None = None
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


class QueryPart(BaseModel):
    """One thing to search by: a picture, one of the shop's items, or words; `negative`: not like this.

    `image` is the number of the picture among the `image` parts of the form, from 0; of it, a `box` or a `piece`.
    `weight` is relative to the other parts.
    """

    model_config = ConfigDict(extra="forbid")

    image: int | None = Field(None, ge=0, lt=MAX_QUERY_PICTURES)
    box: Box | None = Field(None, description=f"What is in it, at least {MIN_BOX_SIDE} pixels a side.")
    piece: int | None = Field(None, ge=0, lt=MAX_PIECES, description="One of the `pieces` of an answer; else the main.")
    sku: Sku | None = None
    words: str | None = Field(None, min_length=1, max_length=MAX_WORDS)
    weight: float = Field(1.0, gt=0, le=1)
    negative: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(each is not None for each in (self.image, self.sku, self.words)) != 1:
            raise ValueError("give one of image, sku and words")
        if self.image is None and (self.box is not None or self.piece is not None):
            raise ValueError("a box or a piece is of a picture: give image too")
        if self.box is not None and self.piece is not None:
            raise ValueError("give either a box or the number of a piece, not both")
        return self


class SearchQuery(BaseModel):
    """What is searched for. Alone as JSON, or as the `query` part of a form beside its pictures.

    Short forms: `box` or `piece` of the only picture; `words` beside it or alone. `parts` say all of it, alone.
    `ignore`: ids of chips that the words are not to be understood as. `every_piece`: a result list for each piece in
    the picture. `diversity`: 0 ranks by score alone, 1 puts the least alike side by side, within the first 100. A
    cursor goes with the same query.
    """

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    filters: Filters = Field(default_factory=Filters)
    cursor: str | None = Field(None, max_length=500)
    box: Box | None = Field(None, description=f"Search by what is in it, at least {MIN_BOX_SIDE} pixels a side.")
    piece: int | None = Field(
        None, ge=0, lt=MAX_PIECES, description="Search by this one of the `pieces` that an answer told of; else by 0."
    )
    words: str | None = Field(None, min_length=1, max_length=MAX_WORDS, examples=["rose gold ring under 500"])
    parts: list[QueryPart] = Field(default_factory=list, max_length=MAX_PARTS)
    ignore: list[ChipId] = Field(default_factory=list, max_length=20)
    every_piece: bool = False
    diversity: float = Field(0.0, ge=0, le=1)
    user_id: UserId | None = Field(None, description="The shopper who searches, for the log of what was shown.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.box is not None and self.piece is not None:
            raise ValueError("give either a box or the number of a piece, not both")
        if self.parts and (self.box is not None or self.piece is not None or self.words is not None):
            raise ValueError("box, piece and words are short forms: beside parts, say them in parts")
        if self.every_piece and (self.parts or self.box is not None or self.piece is not None or self.cursor):
            raise ValueError(
                "every_piece searches by each piece of one picture: leave parts, box, piece and cursor away"
            )
        return self


class Chip(BaseModel):
    """Something that was understood from words, to be shown and, by its id in `ignore`, taken away.

    `filter`: no result breaks it. Else it is a wish that counts for a result. `text`: the words it was understood from.
    """

    id: ChipId
    label: str
    text: str
    field: str
    value: str
    filter: bool


class Result(BaseModel):
    """One found item. `score` in 0..1, higher is better; `reason` is told in words, `reasons` are its parts.

    By a photo, `score` is how likely it is the piece in it; of similar items, how likely the style is similar; with a
    model for which nobody has measured these, the cosine similarity.

    `box` is where in the picture `image_id` the piece is that is alike.
    """

    sku: Sku
    score: float
    reason: str
    item: Item
    image_url: str
    image_id: ImageId | None = None
    box: Box | None = None
    verdict: Verdict = "related"
    reasons: list[Reason] = Field(default_factory=list)


class Results(BaseModel):
    """`no_match`: nothing is near enough to be the piece; then `results` is empty, and `suggestions` are the nearest.

    `facets`: how many of the `found` items have each value; `capped`: more than that were found and not counted.
    `search_id`: send it with the events of shoppers who saw this list.
    """

    results: list[Result]
    suggestions: list[Result] = Field(default_factory=list)
    no_match: bool = False
    next_cursor: str | None = None
    facets: Facets = Field(default_factory=dict)
    found: int = 0
    capped: bool = False
    search_id: SearchId | None = None


class PieceResults(BaseModel):
    """What one piece of a photo found."""

    piece: int
    results: list[Result]
    suggestions: list[Result] = Field(default_factory=list)
    no_match: bool = False


class SearchResults(Results):
    """`pieces` are those in the photo, the main one first; `piece` is the number, from 0, of the one searched by.

    `by_piece`: with `every_piece`, a list for each of them. `chips`: what was understood from words.
    """

    pieces: list[Knowledge] = Field(default_factory=list)
    piece: int | None = None
    by_piece: list[PieceResults] = Field(default_factory=list)
    chips: list[Chip] = Field(default_factory=list)


class Classification(BaseModel):
    """The pieces in a photo, the main one first."""

    pieces: list[Knowledge]
    warnings: list[QualityWarning] = Field(default_factory=list)


class ReindexIn(BaseModel):
    """`model`: the version of a model that the embedder has loaded. `hold`: wait for a word before the switch."""

    model_config = ConfigDict(extra="forbid")

    model: ModelVersion
    hold: bool = False


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
    """`cold`: the shopper is not known yet, so the list is what is popular and new. `search_id` as in `Results`."""

    suggestions: list[Result]
    cold: bool = False
    search_id: SearchId | None = None


class ReconcileReport(BaseModel):
    """The shop's newest comparison of catalogue, object store and index; `finished_at` is None while it runs.

    `found` counts by kind what was wrong; all of it was repaired, or for `picture-lost` told to the shop.
    """

    run: int
    started_at: Timestamp
    finished_at: Timestamp | None = None
    pages: int
    found: dict[str, int] = Field(default_factory=dict)


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
