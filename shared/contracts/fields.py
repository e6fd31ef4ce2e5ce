"""The field types that messages and API models share."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from enum import IntEnum
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    Strict,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

Vector = npt.NDArray[np.float32]


class PictureWidth(IntEnum):
    """Pixels across that a picture can be had in: few, so that one is made for many who look at it."""

    THUMBNAIL = 120
    CARD = 240
    SHARP_CARD = 480
    LARGE = 960


MAX_PICTURE_BYTES = 20_000_000
MAX_PICTURE_PIXELS = 50_000_000
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
"""By Pillow's names. AVIF before HEIF: both may begin with the same words, and only the first looks further."""
PICTURE_FORMATS_TOLD = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
MAX_BATCH_PICTURES = 32
MAX_BATCH_BYTES = 64_000_000
MAX_PIECES = 12
"""Of one picture: more are a pile, in which no single piece is what the picture shows."""
MAX_TRAY_PIECES = 60
"""Of one photo of a tray that is counted."""
MIN_BOX_SIDE = 16
"""Pixels of the original that a box which somebody drew must have, each way."""
MAX_EVENTS = 1_000
MAX_SHOPPERS = 100
"""Of one batch of suggestions."""
MAX_ITEMS = 500
MAX_LIMIT = 100


def _not_dots(value: str) -> str:
    if not value.strip("."):
        raise ValueError("an identifier cannot be made of dots alone")
    return value


def _date_and_time(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _DATE_AND_TIME.match(value)):
        return value
    raise ValueError("needs a date and a time with its zone, for example 2026-05-01T12:00:00Z")


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone, for example 2026-05-01T12:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:  # the first and the last day that there are, in the zones where UTC has none
        raise ValueError("needs a year from 1 to 9999 in UTC") from error


FROM_TEXT: dict[str, bool] = {"text": True}
"""The context to validate by what comes from a file of text, where numbers are text as all else is."""


def _no_text(value: object, info: ValidationInfo) -> object:
    if isinstance(value, bool) or (isinstance(value, str) and info.context is not FROM_TEXT):
        raise ValueError("needs a number, without quotes")
    return value


_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d")


TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Lower-case letters, digits and hyphens: safe as a folder, a bucket prefix and a queue name."""

# \x85 and \ufeff beside \s: whether they are spaces is told otherwise from language to language.
_SKU = r"^[^\s\x85\ufeff/\\\x00-\x1f\x7f]([^/\\\x00-\x1f\x7f]{0,126}[^\s\x85\ufeff/\\\x00-\x1f\x7f])?$"
_SHOPPER = r"^[^\x00-\x1f\x7f/]{1,128}$"
_DOTS = r"^\.*$"

Sku = Annotated[
    str,
    StringConstraints(pattern=_SKU),
    AfterValidator(_not_dots),
    WithJsonSchema({"type": "string", "pattern": _SKU, "not": {"pattern": _DOTS}}),
]
"""1 to 128 characters; no slash, backslash or control character, no space at an end."""

ModelVersion = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
"""A model, for good: any change of it is another version."""

KeyScope = Literal["read", "write", "events", "admin", "operator"]
"""What an API key may do: look and search; change the catalogue; tell what shoppers did; administer the shop; operate
what all shops of the installation share, as the index."""

KeyId = Annotated[str, StringConstraints(pattern=r"^k_[0-9a-f]{12}$")]
KeyName = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s\x85\ufeff\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,61}[^\s\x85\ufeff\x00-\x1f\x7f])?$"),
]
"""1 to 63 characters; no control character, no space at an end."""

Text = Annotated[str, AfterValidator(lambda text: text.replace("\0", "\N{REPLACEMENT CHARACTER}"))]
"""Any text but for the one character that PostgreSQL does not keep, in whose place another is kept."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A tag, or a value of an attribute: 1 to 64 characters, none of them a control character."""

UserId = Annotated[
    str,
    StringConstraints(pattern=_SHOPPER),
    AfterValidator(_not_dots),
    WithJsonSchema({"type": "string", "pattern": _SHOPPER, "not": {"pattern": _DOTS}}),
]
SessionId = UserId
"""A visit of a shopper, by the shop's own name for it. Of another kind than a `UserId`: equal ones are no link."""
EventId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
SearchId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""One search with all its pages, or another list that a shopper was shown."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ImageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
TraceParent = Annotated[str, StringConstraints(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
CorrelationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
Timestamp = Annotated[datetime, BeforeValidator(_date_and_time), AfterValidator(_aware)]

NO_TEXT = BeforeValidator(_no_text)
"""Takes a JSON number for one; neither "1" nor true. Comes last in its `Annotated`, or the schema lacks the limits."""
Flag = Annotated[bool, Strict()]
"""true or false; neither 1 nor "yes" is one."""
Price = Annotated[float, Field(ge=0, le=1e9), NO_TEXT]
Stock = Annotated[int, Field(ge=0, le=1_000_000_000), NO_TEXT]
Share = Annotated[float, Field(ge=0, le=1), NO_TEXT]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), NO_TEXT]
"""How many entries a page has at most."""


def pack_vector(vector: Vector) -> str:
    """A float32 vector of shape (d,) as base64 of its little-endian bytes: exact, and a third of its JSON digits."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")


def pack_features(features: Vector) -> str:
    """Features of shape (f,) as base64 of their little-endian float16."""
    return base64.b64encode(np.ascontiguousarray(features, dtype="<f2").tobytes()).decode("ascii")


def unpack_features(packed: str) -> Vector:
    """The float32 features of shape (f,), as near as float16 holds them."""
    return np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f2").astype(np.float32)


def unpack_vector(packed: str) -> Vector:
    """The float32 vector of shape (d,) that `pack_vector` packed."""
    return np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f4").astype(np.float32)
