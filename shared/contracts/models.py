"""A model as the services tell each other of it, and the filling of the index by a new one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import ModelVersion, Timestamp

INDEX = "pieces"
"""The name by which indexer and recommender find the active collection."""
RIVALS = 10
"""Of the items found by a picture, so many of the best contend for being the piece in it."""


class Probability(BaseModel):
    """How likely something is by a cosine: 1 / (1 + exp(-(slope * cosine + offset))). It rises with the cosine."""

    model_config = ConfigDict(frozen=True)

    slope: float = Field(gt=0)
    offset: float

    def __call__(self, cosine: float) -> float:
        """In 0..1."""
        return 1 / (1 + math.exp(min(-(self.slope * cosine + self.offset), 700)))


class Sameness(BaseModel):
    """How likely the items found by a picture are the piece in it: a softmax of their cosines and of "none of them".

    Items contend: two that are as near cannot both be sure. P(i) = exp(slope * c_i) / (exp(-offset) + sum of
    exp(slope * c_j) over the `RIVALS` best).
    """

    model_config = ConfigDict(frozen=True)

    slope: float = Field(gt=0, le=100)
    offset: float = Field(ge=-100, le=100)

    def among(self, best: Sequence[float]) -> Callable[[float], float]:
        """From an item's cosine to its probability in 0..1, rising; `best`: the cosines of the best items, falling."""
        rivals = math.fsum(math.exp(self.slope * cosine) for cosine in best[:RIVALS]) + math.exp(-self.offset)
        return lambda cosine: math.exp(self.slope * cosine) / rivals


class Model(BaseModel):
    """A model's vectors and what their cosines mean.

    `same`: that an item is the piece of a photo. `style`: that two pieces are of a similar style. None where nobody has
    measured them. Below `no_match_below` the best hit of a photo is not the piece; from `look_at_least` on two pieces
    may be told to look alike.

    `form_dimension`: so many of the first numbers of a vector are of the form, the others of the colours; None where
    they are not told apart. The two parts have the same lengths in all vectors, and the whole is of unit length.
    """

    model_config = ConfigDict(frozen=True)

    version: ModelVersion
    dimension: int = Field(gt=0, le=65_536)
    no_match_below: float = Field(ge=-1, le=1)
    look_at_least: float = Field(ge=0, lt=1)
    same: Sameness | None = None
    style: Probability | None = None
    form_dimension: int | None = Field(None, gt=0)


class Models(BaseModel):
    """The models that the embedder has loaded."""

    models: list[Model] = Field(min_length=1)


class ReindexStart(BaseModel):
    """`hold`: when all is filled, wait for an operator to switch."""

    model: Model
    hold: bool = False


CollectionState = Literal["filling", "active", "retired", "dropping", "dropped"]
"""A collection is filled, becomes the active one, is kept while old queries end, and is dropped. Writes go to the first
three."""


class CollectionStatus(BaseModel):
    """One collection of the index, from its start to its end."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    model_version: str
    dimension: int
    state: CollectionState
    created_at: Timestamp
    activated_at: Timestamp | None = None
    retired_at: Timestamp | None = None


class ReindexStatus(BaseModel):
    """The newest collections first. While one is filled, `done` of the `total` pictures are in it.

    `waiting` are those of which the embedder was asked for an analysis, `refused` those that it cannot analyse; `words`
    tell what goes on and what an operator may do.
    """

    collections: list[CollectionStatus]
    total: int = 0
    done: int = 0
    waiting: int = 0
    refused: int = 0
    words: str
