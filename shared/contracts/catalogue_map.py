"""The map of a shop's catalogue: where each item lies, where the catalogue is thin, and search by colours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.fields import MAX_LIMIT, NO_TEXT, Limit, ModelVersion, Sku, TenantId, Timestamp
from shared.contracts.internal import Filters

MAP_SIDE = 65_535
MAX_COLOURS = 6
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
"""sRGB, as `#d4af37`."""


class CatalogueMap(BaseModel):
    """Items side by side that look alike. Columns of one length: entry n of each is of item n, in order of SKU.

    `state`: `making` until the first one is made; `empty`: no item has an indexed picture. `x`, `y`: in 0..65,535, y
    downwards. `type` and `metal` are numbers, from 0, in `types` and `metals`; -1: not known. `price` is as the shop
    said it, in `currency`, the most frequent one; null: none, or in another. `day`: when it came in, in days since
    1970. `laid_out`: of how many the map was made; the others were put beside those which they are most like.
    `kept_together`: of the 10 pieces most like one, the share that lie among its 30 nearest on the map.
    """

    state: Literal["ready", "making", "empty"]
    made_at: Timestamp | None = None
    kept_together: float | None = None
    laid_out: int = 0
    skus: list[str] = Field(default_factory=list)
    x: list[int] = Field(default_factory=list)
    y: list[int] = Field(default_factory=list)
    types: list[str] = Field(default_factory=list)
    type: list[int] = Field(default_factory=list)
    metals: list[str] = Field(default_factory=list)
    metal: list[int] = Field(default_factory=list)
    currency: str | None = None
    price: list[float | None] = Field(default_factory=list)
    day: list[int] = Field(default_factory=list)


class MapLook(BaseModel):
    """Items of which the pictures are wanted."""

    model_config = ConfigDict(extra="forbid")

    skus: list[Sku] = Field(min_length=1, max_length=MAX_LIMIT)


class MapPiece(BaseModel):
    sku: Sku
    title: str
    image_url: str
    price: float | None = None
    currency: str | None = None


class MapPieces(BaseModel):
    """Those that are in the shop and have a picture, in the order in which they were asked for."""

    pieces: list[MapPiece]


class Gap(BaseModel):
    """A part of the map where people search and the catalogue is thin.

    A circle about `x`, `y`, as on the map. `searches` of the last 30 days led there, `unmatched` of them found no piece
    near enough; `pieces` lie there. `lift`: how many times as many searches come to a piece there as anywhere.
    `skus`: the pieces that came nearest to what was searched for, the most frequent first.
    """

    x: int
    y: int
    radius: int
    searches: int
    unmatched: int
    pieces: int
    lift: float
    skus: list[str]


class Gaps(BaseModel):
    """The widest first. `searches`: of how many it was made; with fewer than 20 nothing is told."""

    gaps: list[Gap]
    searches: int = 0
    days: int = 30


class PaletteColour(BaseModel):
    """`share`: how much of the piece has it, relative to the others."""

    model_config = ConfigDict(extra="forbid")

    colour: Colour
    share: Annotated[float, Field(gt=0, le=1), NO_TEXT] = 1.0


class PaletteSearch(BaseModel):
    """Colours that a piece is to have, whatever its shape."""

    model_config = ConfigDict(extra="forbid")

    colours: list[PaletteColour] = Field(min_length=1, max_length=MAX_COLOURS)
    filters: Filters = Field(default_factory=Filters)
    limit: Limit = 20


class PaletteRequest(BaseModel):
    """`vectors`: of a picture of the colours, as in `QueryPart.vectors`. What of them is of form counts for nothing."""

    tenant: TenantId
    vectors: dict[ModelVersion, str] = Field(min_length=1, max_length=8)
    filters: Filters = Field(default_factory=Filters)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
