"""What the embedder knows of one picture: an object beside the picture, from which all else is derived."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Sha256, Vector, unpack_vector

AttributeName = Literal["type", "metal", "stone"]
ATTRIBUTES: tuple[AttributeName, ...] = ("type", "metal", "stone")


class Attribute(BaseModel):
    """One thing the model believes, with its confidence in 0..1. A merchant's correction has confidence 1."""

    model_config = ConfigDict(frozen=True)

    value: str = Field(min_length=1, max_length=64)
    confidence: float = Field(ge=0, le=1)


class Box(BaseModel):
    """A box in fractions of the picture's width and height, origin top left, 0 <= x0 < x1 <= 1."""

    model_config = ConfigDict(frozen=True)

    x0: float = Field(0.0, ge=0, le=1)
    y0: float = Field(0.0, ge=0, le=1)
    x1: float = Field(1.0, ge=0, le=1)
    y1: float = Field(1.0, ge=0, le=1)


class QualityWarning(BaseModel):
    """Something about the picture that makes it worse to find, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    code: Literal["blurred", "too-dark", "too-small"]
    message: str


class Knowledge(BaseModel):
    """What is known of one piece. What the model does not know is absent, never guessed."""

    box: Box = Field(default_factory=Box)
    type: Attribute | None = None
    metal: Attribute | None = None
    stone: Attribute | None = None


class Piece(Knowledge):
    """A piece with its embedding: `vector` is `pack_vector` of a unit-length float32 vector."""

    vector: str

    def embedding(self) -> Vector:
        return unpack_vector(self.vector)


class Analysis(BaseModel):
    """All of one picture, made by one model version."""

    model_config = ConfigDict(protected_namespaces=())

    sha256: Sha256
    model_version: str
    width: int
    height: int
    pieces: list[Piece] = Field(min_length=1)
    warnings: list[QualityWarning] = Field(default_factory=list)


def analysis_key(sha256: str, model_version: str) -> str:
    """Where the analysis of a picture lies in the `analyses` bucket."""
    return f"{sha256}/{model_version}.json"


def picture_key(sha256: str) -> str:
    """Where a picture lies in the `pictures` bucket."""
    return sha256
