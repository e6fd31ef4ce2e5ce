"""What the embedder knows of one picture: an object beside the picture, from which all else is derived."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.fields import MAX_PIECES, MAX_TRAY_PIECES, Sha256, Share, Vector, unpack_features, unpack_vector

AttributeName = Literal["type", "metal", "stone", "cut", "setting"]
ATTRIBUTES: tuple[AttributeName, ...] = ("type", "metal", "stone", "cut", "setting")


class Attribute(BaseModel):
    """One thing the model believes, with its confidence in 0..1. A merchant's correction has confidence 1."""

    model_config = ConfigDict(frozen=True)

    value: str = Field(min_length=1, max_length=64)
    confidence: float = Field(ge=0, le=1)


class Box(BaseModel):
    """A box in fractions of the upright picture's width and height, origin top left, 0 <= x0 < x1 <= 1, y alike."""

    model_config = ConfigDict(frozen=True)

    x0: Share = 0.0
    y0: Share = 0.0
    x1: Share = 1.0
    y1: Share = 1.0

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise ValueError("the box is empty: x0 must be below x1, and y0 below y1")
        return self

    @property
    def area(self) -> float:
        """The share of the picture in 0..1."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def overlap(self, other: Box) -> float:
        """Intersection over union in 0..1."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        both = max(width, 0.0) * max(height, 0.0)
        return both / (self.area + other.area - both)


class QualityWarning(BaseModel):
    """Something about the picture that makes it worse to find, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    code: Literal["blurred", "too-dark", "too-small"]
    message: str


class Knowledge(BaseModel):
    """What is known of one piece. What the model does not know is absent, never guessed.

    `confidence`: how sure it is that there is a piece in the box, in 0..1.
    """

    box: Box = Field(default_factory=Box)
    confidence: float = Field(1.0, ge=0, le=1)
    type: Attribute | None = None
    metal: Attribute | None = None
    stone: Attribute | None = None
    cut: Attribute | None = None
    setting: Attribute | None = None


class Piece(Knowledge):
    """A piece with its embedding: `vector` is `pack_vector` of a unit-length float32 vector.

    `features` is `pack_features` of what the model's heads saw beside it; absent where they saw nothing else.
    """

    vector: str
    features: str | None = None

    def embedding(self) -> Vector:
        return unpack_vector(self.vector)

    def seen_besides(self) -> Vector:
        """float32 (f,); empty where nothing was."""
        return unpack_features(self.features) if self.features else np.zeros(0, np.float32)


class Analysis(BaseModel):
    """All of one picture, made by one model version.

    The main piece is the first: that of the largest confidence times area of its box. Where a picture stands for one
    piece, as in the catalogue, it stands for this one.
    """

    model_config = ConfigDict(protected_namespaces=())

    sha256: Sha256
    model_version: str
    width: int
    height: int
    pieces: list[Piece] = Field(min_length=1, max_length=MAX_PIECES)
    warnings: list[QualityWarning] = Field(default_factory=list)


class TrayAnalysis(BaseModel):
    """The pieces on the photo of a tray, by one model: as in an `Analysis`, but many, in rows from the top left, or
    none. It is never kept."""

    model_config = ConfigDict(protected_namespaces=())

    model_version: str
    width: int
    height: int
    pieces: list[Piece] = Field(max_length=MAX_TRAY_PIECES)
    warnings: list[QualityWarning] = Field(default_factory=list)


def analysis_key(sha256: str, model_version: str) -> str:
    """Where the analysis of a picture lies in the `analyses` bucket."""
    return f"{sha256}/{model_version}.json"


def attempts_key(sha256: str) -> str:
    """Where the `analyses` bucket counts the attempts to analyse a picture alone."""
    return f"attempts/{sha256}"


def picture_key(sha256: str) -> str:
    """Where a picture lies in the `pictures` bucket."""
    return sha256
