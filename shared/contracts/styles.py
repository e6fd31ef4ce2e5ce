"""Styles: pieces of a shop that look alike, as groups that keep their ids; and the retail dimensions beside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from shared.contracts.fields import ImageId, Share, Sku, Timestamp

StyleId = Annotated[str, StringConstraints(pattern=r"^st_[0-9a-f]{16}$")]
DimensionName = Literal["style", "type", "metal", "stone", "price_band"]


class Style(BaseModel):
    """Pieces that look alike. `name` is of what they share and others lack; `sku` and `image_id` are of the piece that
    is most typical, and `image_url` shows it. `since`: when the style was first seen; it keeps its id while most of its
    pieces stay together. `pieces` counts those that are of this style before any other, `on_hand` what lies of them.
    """

    style_id: StyleId
    name: str
    sku: Sku
    image_id: ImageId | None = None
    image_url: str | None = None
    pieces: int
    on_hand: int
    price_min: float | None = None
    price_max: float | None = None
    since: Timestamp


class StylePage(BaseModel):
    """The largest first. `made_at`: when styles were last made of all pieces, None where they never were; `of_no_style`
    counts the pieces that are like too few others."""

    styles: list[Style]
    made_at: Timestamp | None = None
    of_no_style: int = 0
    next_cursor: str | None = None


class OfStyle(BaseModel):
    """That a piece is of a style, and by how much, 0..1."""

    style_id: StyleId
    share: Share


class StylePiece(BaseModel):
    """A piece of a style, by `share`; where it sits between two, `also` is the other. What is not known is absent."""

    sku: Sku
    share: Share
    also: OfStyle | None = None
    type: str | None = None
    metal: str | None = None
    stone: str | None = None
    price_band: str | None = None
    on_hand: int | None = None


class StyleDetail(Style):
    """`members`: those that are most of it first."""

    members: list[StylePiece] = Field(default_factory=list)
    next_cursor: str | None = None


class StylesAsked(BaseModel):
    """Styles will be made again, within some minutes in a shop of 10,000 pieces."""

    asked_at: Timestamp


class DimensionValue(BaseModel):
    """`value` None: of these pieces nobody knows it. Of `style` it is an id, and `name` tells it."""

    value: str | None = None
    name: str | None = None
    pieces: int
    on_hand: int


class Dimension(BaseModel):
    """The shop's pieces by one dimension, the value with the most pieces first, 1,000 at most."""

    by: DimensionName
    values: list[DimensionValue]
