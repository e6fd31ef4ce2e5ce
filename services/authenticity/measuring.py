"""What the embedder tells of a picture when it is registered: how good it is, the text in it, and its vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.authenticity.comparing import Comparing
from shared.contracts.comparing import ComparisonAsked, Photo, PictureAsked, View
from shared.contracts.fields import Vector


@dataclass(frozen=True)
class Measured:
    """`photo.read` has the text of a close-up. `vector`: of the main piece, unit length float32, by the first model."""

    photo: Photo
    model_version: str
    vector: Vector


def measure(comparing: Comparing, picture: bytes, view: View) -> Measured:
    """The picture held against itself, which tells what it is worth. Raises as `Comparing` does."""
    asked = ComparisonAsked(query=PictureAsked(view=view), references=[PictureAsked(view=view)])
    (seen,) = comparing.compare(asked, picture, [picture]).comparisons
    analysis = comparing.analyse(picture).analyses[0]
    return Measured(seen.reference, analysis.model_version, analysis.pieces[0].embedding())


def packed(vector: Vector) -> bytes:
    """float32 of shape (d,), little-endian, as the database keeps it."""
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def unpacked(kept: bytes) -> Vector:
    return np.frombuffer(kept, dtype="<f4")
