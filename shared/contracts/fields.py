"""The field types that messages and API models share."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, StringConstraints

Vector = npt.NDArray[np.float32]

MAX_PICTURE_BYTES = 20_000_000
MAX_PICTURE_PIXELS = 50_000_000
MAX_EVENTS = 1_000
MAX_ITEMS = 500
MAX_LIMIT = 100


def _not_dots(value: str) -> str:
    if not value.strip("."):
        raise ValueError("an identifier cannot be made of dots alone")
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone, for example 2026-05-01T12:00:00Z")
    return value.astimezone(UTC)


TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Lower-case letters, digits and hyphens: safe as a folder, a bucket prefix and a queue name."""

Sku = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s/\\\x00-\x1f\x7f]([^/\\\x00-\x1f\x7f]{0,126}[^\s/\\\x00-\x1f\x7f])?$"),
    AfterValidator(_not_dots),
]
"""1 to 128 characters; no slash, backslash or control character, no space at an end."""

UserId = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f/]{1,128}$"), AfterValidator(_not_dots)]
EventId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ImageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
CorrelationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
Timestamp = Annotated[datetime, AfterValidator(_aware)]


def pack_vector(vector: Vector) -> str:
    """A float32 vector of shape (d,) as base64 of its little-endian bytes: exact, and a third of its JSON digits."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")


def unpack_vector(packed: str) -> Vector:
    """The float32 vector of shape (d,) that `pack_vector` packed."""
    return np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f4").astype(np.float32)
