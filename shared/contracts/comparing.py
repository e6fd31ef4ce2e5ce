"""What the embedder tells of two photos of jewelry compared: numbers, regions and codes. It decides nothing.

`POST /compare` takes multipart/form-data: `asked` (JSON, a `ComparisonAsked`), `query` (one picture) and `reference` (1
to 8 pictures, in the order of `asked.references`), and answers `Comparisons`. `POST /compare-copy` takes the same
without `asked` and answers `CopyChecks`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.analysis import Box
from shared.contracts.fields import Share, Text

MAX_REFERENCES = 8
"""Pictures that a query is compared with in one call."""
MAX_REGIONS = 12
"""Of one comparison."""
MAX_READ = 20
"""Lines that are told of one close-up."""
MAX_EXPECTED = 8

View = Literal["front", "side", "back", "top", "detail", "hallmark", "serial", "scale"]
"""What a picture of a registered piece shows, as its owner says."""
TEXT_VIEWS: tuple[View, ...] = ("hallmark", "serial")
"""Views whose text is read."""

ReadText = Annotated[Text, StringConstraints(min_length=1, max_length=64)]

FEATURES: tuple[str, ...] = (
    # How sure it can be: what the photos are worth.
    "aligned",
    "query_sharpness",
    "reference_sharpness",
    "query_glare",
    "reference_glare",
    "query_pixels",
    "reference_pixels",
    "tilt",
    "backdrop",
    "exposure",
    "contrast",
    "light_warm",
    # The whole piece.
    "deep",
    "deep_form",
    "deep_colour",
    "type_agrees",
    "metal_agrees",
    # Keypoints.
    "matches",
    "inliers",
    "inlier_share",
    "inlier_cover",
    "residual",
    # In the common frame.
    "outline",
    "outline_worst",
    "area",
    "structure",
    "structure_low",
    "structure_worst",
    "dense",
    "dense_low",
    "dense_worst",
    "structure_near",
    "structure_near_worst",
    "dense_near",
    "dense_near_worst",
    "colour",
    "colour_worst",
    "colour_near",
    "colour_near_top",
    "colour_near_worst",
    "tone_near",
    "tone_near_top",
    "tone_near_worst",
    "palette",
    "light_colour",
    "warp",
    "bent",
    # Beside the piece.
    "text",
    "text_read",
    "same_picture",
)
"""The names of `Comparison.features`: every one is always there, finite, and told in `docs/authenticity-features.md`.

Higher is more alike for: deep*, *_agrees, matches, inliers, inlier_share, inlier_cover, outline, structure,
structure_low, structure_near, dense, dense_low, dense_near, palette, text. Higher is less alike for: residual,
outline_worst, area, *_worst, colour*, tone*, warp, bent. The others say how far to trust. Where nothing could be
aligned `aligned` is 0, and what needs a common frame is 0, too.
"""

QualityCode = Literal["blurred", "glare", "too-small", "too-dark", "no-piece", "cut-off"]
"""Of one photo: out of focus or shaken; highlights blown over much of the piece; too few pixels on the piece; too dark;
no piece found; the piece runs out of the picture."""
PairCode = Literal["other-side", "not-aligned", "text-unread"]
"""Of two: the same kind of piece by its looks, and hardly a point of one is on the other: another side or view of it;
nothing in common to align by; a close-up in which no text could be read."""
EditCode = Literal["mirrored", "cropped", "recoloured", "bordered", "rephotographed", "pasted"]
"""How a picture was changed: turned left to right; cut; other colours; in a frame or a collage; a photo of a print or a
screen; a part of it in another picture."""


class PictureAsked(BaseModel):
    """One picture of a call. `box`: where the piece is; None: the main piece is found. `view` only of a reference."""

    model_config = ConfigDict(extra="forbid")

    view: View = "front"
    box: Box | None = None


class ComparisonAsked(BaseModel):
    """`evidence`: answer with pictures, too. `expected`: texts that are registered, which those read are held against
    beside those read in the references."""

    model_config = ConfigDict(extra="forbid")

    query: PictureAsked = Field(default_factory=PictureAsked)
    references: list[PictureAsked] = Field(min_length=1, max_length=MAX_REFERENCES)
    evidence: bool = False
    expected: list[ReadText] = Field(default_factory=list, max_length=MAX_EXPECTED)


class Photo(BaseModel):
    """What is known of one photo. `box` is the piece that was compared, found with `confidence` in 0..1.

    `sharpness`: unitless, sharp photos have over 0.15. `glare`: the share of the piece, 0..1, of which a
    colour is near its end. `pixels`: of the longer side of the piece in the original. `read`: the lines of text, of a
    close-up alone.
    """

    sha256: str
    width: int
    height: int
    box: Box
    confidence: Share
    sharpness: float
    glare: Share
    pixels: int
    codes: list[QualityCode] = Field(default_factory=list)
    read: list[str] = Field(default_factory=list, max_length=MAX_READ)


class Region(BaseModel):
    """A part of the piece in both photos, in fractions of each. `kind`: alike or different. `what`: in which way it is
    most so. `strength` in 0..1; `area` is its share of the piece, 0..1."""

    kind: Literal["alike", "differs"]
    what: Literal["structure", "colour", "outline"]
    query: Box
    reference: Box
    strength: Share
    area: Share


class TextFound(BaseModel):
    """Text of the close-ups: what was `expected`, and the line that is nearest to it, `read`.

    `agreement` in 0..1: 1 is equal but for characters that are easily taken for each other (0 O, 1 I l, 5 S, 8 B);
    `differs`: the places (of `expected`) whose characters were surely read as others.
    """

    expected: str
    read: str | None = None
    agreement: Share
    differs: list[int] = Field(default_factory=list)


class SamePicture(BaseModel):
    """How likely the two are one picture, 0..1, and how it was changed. It proves nothing of the piece: whoever saw the
    reference can send it again."""

    probability: Share
    edits: list[EditCode] = Field(default_factory=list)


class Evidence(BaseModel):
    """`picture`: base64 of a JPEG: the query, brought into the reference's frame, at the left, the reference at the
    right, the regions framed in both: green what is alike, red what differs."""

    picture: str
    width: int
    height: int


class Comparison(BaseModel):
    """The query against one reference. `features` has every name of `FEATURES`."""

    view: View
    reference: Photo
    features: dict[str, float]
    codes: list[PairCode] = Field(default_factory=list)
    regions: list[Region] = Field(default_factory=list, max_length=MAX_REGIONS)
    texts: list[TextFound] = Field(default_factory=list)
    same_picture: SamePicture
    evidence: Evidence | None = None


class Comparisons(BaseModel):
    """`method`: the version of what compares, with the model's; figures of two methods are not to be mixed."""

    method: str
    query: Photo
    comparisons: list[Comparison] = Field(min_length=1, max_length=MAX_REFERENCES)


COPY_FEATURES: tuple[str, ...] = (
    "inliers",
    "inlier_share",
    "inlier_cover",
    "residual",
    "detail",
    "detail_low",
    "highlights",
    "mirrored",
    "recoloured",
    "cover",
)
"""The names of `CopyCheck.features`: every one is always there and finite."""


class CopyCheck(BaseModel):
    """Whether a picture is a copy of another. `degree`: by `probability` of being one; `none` says nothing of the
    piece, which may still be of the same design. `query` and `reference`: where in each the common part is."""

    degree: Literal["same_picture", "edited_picture", "none"]
    probability: Share
    edits: list[EditCode] = Field(default_factory=list)
    query: Box | None = None
    reference: Box | None = None
    features: dict[str, float]


class CopyChecks(BaseModel):
    """One a reference, in their order."""

    method: str
    checks: list[CopyCheck] = Field(min_length=1, max_length=MAX_REFERENCES)
