"""Boards: pictures, pieces and words that somebody gathers, each with its weight, to look at and to search by."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.fields import NO_TEXT, Flag, Limit, Share, Sku, Text, Timestamp
from shared.contracts.internal import Filters
from shared.contracts.search import MAX_WORDS, SearchResults

MAX_BOARDS = 200
"""Of one shop."""
MAX_ENTRIES = 40
MAX_BOARD_PICTURES = 40
"""Uploaded to one board, those that no entry names any more included."""
BoardId = Annotated[str, StringConstraints(pattern=r"^bd_[0-9a-f]{24}$")]
PictureId = Annotated[str, StringConstraints(pattern=r"^bp_[0-9a-f]{24}$")]
"""A picture that was uploaded to a board."""
ShareId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Whoever has it may look at one board."""

_NOTHING = {"type": "null"}
_KINDS = ("sku", "picture_id", "words")
_ONE_OF_THEM: dict[str, Any] = {
    "oneOf": [
        {
            "required": [kind],
            "properties": {kind: {"type": "string"}, **{other: _NOTHING for other in _KINDS if other != kind}},
        }
        for kind in _KINDS
    ]
}


class BoardEntry(BaseModel):
    """One of the shop's items, a picture that was uploaded to the board, or words.

    `weight` is relative to the other entries; `negative`: not like this. What left the shop stays on the board.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_ONE_OF_THEM)

    sku: Sku | None = None
    picture_id: PictureId | None = None
    words: Text | None = Field(None, min_length=1, max_length=MAX_WORDS)
    weight: Annotated[float, Field(gt=0, le=1), NO_TEXT] = 1.0
    negative: Flag = False
    note: Text = Field("", max_length=300)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(each is not None for each in (self.sku, self.picture_id, self.words)) != 1:
            raise ValueError("give one of sku, picture_id and words")
        return self


class BoardIn(BaseModel):
    """A board as it is to be. A PUT replaces all of it."""

    model_config = ConfigDict(extra="forbid")

    title: Text = Field(min_length=1, max_length=120)
    entries: list[BoardEntry] = Field(default_factory=list, max_length=MAX_ENTRIES)


class ShownEntry(BaseModel):
    """An entry with what is to be seen of it. `gone`: the item is not in the shop any more, or has no picture."""

    sku: Sku | None = None
    picture_id: PictureId | None = None
    words: str | None = None
    weight: float = 1.0
    negative: bool = False
    note: str = ""
    title: str | None = None
    image_url: str | None = None
    gone: bool = False


class Board(BaseModel):
    """`share_url`: the page that whoever has this address may look at; absent while the board is not shared."""

    board_id: BoardId
    title: str
    entries: list[ShownEntry]
    created_at: Timestamp
    updated_at: Timestamp
    share_url: str | None = None


class BoardSummary(BaseModel):
    """`image_urls`: of its first entries, up to four."""

    board_id: BoardId
    title: str
    entries: int
    updated_at: Timestamp
    shared: bool = False
    image_urls: list[str] = Field(default_factory=list)


class BoardList(BaseModel):
    """All boards of the shop, the one changed last first."""

    boards: list[BoardSummary]


class BoardPicture(BaseModel):
    """An uploaded picture: name it in an entry within a day, or it goes."""

    picture_id: PictureId
    image_url: str


class BoardSearch(BaseModel):
    """How to search by a board. A cursor goes with the same board, unchanged."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 20
    filters: Filters = Field(default_factory=Filters)
    cursor: str | None = Field(None, max_length=500)
    diversity: Share = 0.0


class BoardResults(SearchResults):
    """`used`: the numbers, from 0, of the entries that were searched by, the heaviest first: at most 8, of them at most
    4 uploaded pictures, and no item that is gone."""

    used: list[int] = Field(default_factory=list)


class SharedEntry(BaseModel):
    title: str | None = None
    words: str | None = None
    image_url: str | None = None
    negative: bool = False
    note: str = ""


class SharedBoard(BaseModel):
    """What whoever has the address sees: no SKU, no price, no weight."""

    title: str
    entries: list[SharedEntry]
    updated_at: Timestamp
