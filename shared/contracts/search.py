"""The part of the public HTTP API by which pieces are found: what is searched for, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.analysis import Box, Knowledge, QualityWarning
from shared.contracts.api import Item
from shared.contracts.fields import (
    MAX_PIECES,
    MAX_SHOPPERS,
    MIN_BOX_SIDE,
    NO_TEXT,
    Flag,
    ImageId,
    Limit,
    SearchId,
    Share,
    Sku,
    UserId,
)
from shared.contracts.internal import MAX_PARTS, Facets, Filters, Reason, Verdict

MAX_QUERY_PICTURES = 4
MAX_QUERY_BYTES = 40_000_000
MAX_WORDS = 300
ChipId = Annotated[str, Field(pattern=r"^[a-z_]+:[^\x00-\x1f\x7f]{1,64}$")]
"""The field and the value of a chip, as `metal:rose gold`."""


_NOTHING = {"type": "null"}
_ONE_OF_THEM: dict[str, Any] = {
    "oneOf": [
        {"required": ["image"], "properties": {"image": {"type": "integer"}, "sku": _NOTHING, "words": _NOTHING}},
        {
            "required": ["sku"],
            "properties": {"sku": {"type": "string"}, **dict.fromkeys(("image", "words", "box", "piece"), _NOTHING)},
        },
        {
            "required": ["words"],
            "properties": {"words": {"type": "string"}, **dict.fromkeys(("image", "sku", "box", "piece"), _NOTHING)},
        },
    ],
    "anyOf": [{"properties": {"box": _NOTHING}}, {"properties": {"piece": _NOTHING}}],
}
"""What `QueryPart` checks over several fields, for who reads its schema; below, what `SearchQuery` does."""
_NO_PARTS = {"parts": {"maxItems": 0}}
_LONG_OR_SHORT: dict[str, Any] = {
    "allOf": [
        {"anyOf": [{"properties": {"box": _NOTHING}}, {"properties": {"piece": _NOTHING}}]},
        {
            "anyOf": [
                {"properties": _NO_PARTS},
                {"properties": dict.fromkeys(("box", "piece", "words"), _NOTHING)},
            ]
        },
        {
            "anyOf": [
                {"properties": {"every_piece": {"const": False}}},
                {"properties": {**_NO_PARTS, "box": _NOTHING, "cursor": {"maxLength": 0}}},
            ]
        },
    ]
}
PieceNumber = Annotated[int, Field(ge=0, lt=MAX_PIECES), NO_TEXT]


class QueryPart(BaseModel):
    """One thing to search by: a picture, one of the shop's items, or words; `negative`: not like this.

    `image` is the number of the picture among the `image` parts of the form, from 0; of it, a `box` or a `piece`.
    `weight` is relative to the other parts.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_ONE_OF_THEM)

    image: Annotated[int, Field(ge=0, lt=MAX_QUERY_PICTURES), NO_TEXT] | None = None
    box: Box | None = Field(None, description=f"What is in it, at least {MIN_BOX_SIDE} pixels a side.")
    piece: PieceNumber | None = Field(None, description="One of the `pieces` of an answer; else the main.")
    sku: Sku | None = None
    words: str | None = Field(None, min_length=1, max_length=MAX_WORDS)
    weight: Annotated[float, Field(gt=0, le=1), NO_TEXT] = 1.0
    negative: Flag = False

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

    model_config = ConfigDict(extra="forbid", json_schema_extra=_LONG_OR_SHORT)

    limit: Limit = 20
    filters: Filters = Field(default_factory=Filters)
    cursor: str | None = Field(None, max_length=500)
    box: Box | None = Field(None, description=f"Search by what is in it, at least {MIN_BOX_SIDE} pixels a side.")
    piece: PieceNumber | None = Field(
        None, description="Search by this one of the `pieces` that an answer told of; else by 0."
    )
    words: str | None = Field(None, min_length=1, max_length=MAX_WORDS, examples=["rose gold ring under 500"])
    parts: list[QueryPart] = Field(default_factory=list, max_length=MAX_PARTS)
    ignore: list[ChipId] = Field(default_factory=list, max_length=20)
    every_piece: Flag = False
    diversity: Share = 0.0
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


class Suggestions(BaseModel):
    """`cold`: the shopper is not known yet, so the list is what is popular and new. `search_id` as in `Results`.

    `variant`: of the shop's experiment, by which the list was ranked.
    """

    suggestions: list[Result]
    cold: bool = False
    search_id: SearchId | None = None
    variant: str | None = None


class SuggestionsBatch(BaseModel):
    """Suggestions for many users at once, as for a letter to each."""

    model_config = ConfigDict(extra="forbid")

    user_ids: list[UserId] = Field(min_length=1, max_length=MAX_SHOPPERS)
    limit: Limit = 20


class UserSuggestions(Suggestions):
    user_id: UserId


class SuggestionsBatchAnswer(BaseModel):
    """One entry a user, in the order in which they were asked for."""

    users: list[UserSuggestions]
