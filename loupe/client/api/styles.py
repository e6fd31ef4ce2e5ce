"""Styles: pieces that look alike, and pieces by the retail dimensions."""

from __future__ import annotations

from loupe.client.calls import Call, Pages, answer, paged
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.styles import Dimension, DimensionName, Style, StyleDetail, StylePage, StylePiece, StylesAsked


def styles(*, page: int = MAX_LIMIT) -> Pages[Style]:
    """The shop's styles, the largest first. `page`: how many are fetched at a time."""
    return paged(StylePage, "styles", "/v1/inventory/styles", page)


def style_pieces(style_id: str, *, page: int = MAX_LIMIT) -> Pages[StylePiece]:
    """The pieces of a style, those that are most of it first. `page`: how many are fetched at a time."""
    return paged(StyleDetail, "members", "/v1/inventory/styles/{style_id}", page, of={"style_id": style_id})


def refresh_styles() -> Call[StylesAsked]:
    """Have the styles made again, in the background."""
    return Call("POST", "/v1/inventory/styles:refresh", answer(StylesAsked))


def dimension(by: DimensionName) -> Call[Dimension]:
    """How many pieces there are of each style, type, metal, stone or price band."""
    return Call("GET", "/v1/inventory/dimensions/{by}", answer(Dimension), {"by": by})
