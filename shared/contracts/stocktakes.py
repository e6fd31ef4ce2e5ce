"""Stock-takes by photo: what lies on a tray, against what should. Nothing of it counts until a person confirms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.analysis import Box
from shared.contracts.fields import MAX_TRAY_PIECES, NO_TEXT, Share, Sku, TenantId, Timestamp
from shared.contracts.internal import Analyses, TrayAnalyses
from shared.contracts.stock import MAIN, MAX_PIECES_MOVED, Location

MAX_TRAY_PHOTOS = 4
MAX_TRAY_BYTES = 64_000_000
MAX_EXPECTED = 500
"""Items that should lie at the place that is counted."""
MAX_STOCKTAKE_PIECES = MAX_TRAY_PHOTOS * MAX_TRAY_PIECES

StocktakeId = Annotated[str, StringConstraints(pattern=r"^stk_[0-9a-f]{32}$")]
StocktakeState = Literal["open", "confirmed", "expired"]
PieceOutcome = Literal["present", "unexpected", "unsure"]
Expected = Annotated[list[Sku], Field(max_length=MAX_EXPECTED)]
TrayPieceNumber = Annotated[int, Field(ge=0, lt=MAX_STOCKTAKE_PIECES)]


class PieceCandidate(BaseModel):
    """An item that a piece may be, and how likely, 0..1."""

    sku: Sku
    probability: Share


class StocktakePiece(BaseModel):
    """A piece on one of the photos, counted from 0. `present`: it is `sku`, which should lie there; `unexpected`: it is
    `sku`, which should not; `unsure`: nobody knows, and `candidates` are the likeliest: send a closer photo of it, or
    count its item by hand."""

    number: TrayPieceNumber
    photo: int = Field(ge=0, lt=MAX_TRAY_PHOTOS)
    box: Box
    outcome: PieceOutcome
    sku: Sku | None = None
    probability: Share
    candidates: list[PieceCandidate] = Field(default_factory=list)


class StocktakeItem(BaseModel):
    """An item that should lie there, or does: how many were `expected` and `seen`, how many are surely `missing`, and
    how many may be among the pieces that nobody is sure of."""

    sku: Sku
    expected: int
    seen: int
    missing: int
    unsure: int


class CountedItem(BaseModel):
    """So many of an item lie at the location."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=MAX_PIECES_MOVED), NO_TEXT]


class Stocktake(BaseModel):
    """Open for a day; then it is `expired`. `words` say what was found and what to do next. `counted`: what was saved
    as counts when a person confirmed."""

    stocktake_id: StocktakeId
    location: Location
    state: StocktakeState
    photos: int
    pieces: list[StocktakePiece]
    items: list[StocktakeItem]
    words: str
    created_at: Timestamp
    confirmed_at: Timestamp | None = None
    counted: list[CountedItem] = Field(default_factory=list)


class StocktakeConfirmation(BaseModel):
    """What a person saw. Items in `counts` count as it says. Every other item of the stock-take counts as it was seen,
    a missing one as missing; but one of which nobody is sure stays as it was until somebody counts it."""

    model_config = ConfigDict(extra="forbid")

    counts: Annotated[list[CountedItem], Field(max_length=1_000)] = Field(default_factory=list)


class StocktakeAsked(BaseModel):
    """What the gateway asks the inventory. `expected` None: all that the ledger says lies there."""

    tenant: TenantId
    location: Location = MAIN
    photos: list[TrayAnalyses] = Field(min_length=1, max_length=MAX_TRAY_PHOTOS)
    expected: Expected | None = None


class CloserPhoto(BaseModel):
    """The main piece of a photo taken from nearer, for the piece of that number."""

    tenant: TenantId
    number: TrayPieceNumber
    photo: Analyses
