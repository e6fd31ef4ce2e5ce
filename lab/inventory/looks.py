"""What the methods are told of the made-up shop's pieces: what the inventory's service would know of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans

from lab.inventory.pieces import Piece
from services.inventory.forecast.demand import Dimensions
from services.inventory.forecast.groups import Groups, Neighbours
from shared.contracts.models import Model

_NEIGHBOURS = 20
_PIECES_A_STYLE = 12
_SHARPNESS = 12.0


def dimensions(pieces: Sequence[Piece], model: Model) -> Dimensions:
    """Types, styles by look, metal, stone and price band, and neighbours by P(similar)."""
    vectors = np.array([piece.vector for piece in pieces], np.float32)
    return Dimensions(
        types=Groups.of([piece.type for piece in pieces]),
        styles=styles(vectors),
        others=[
            Groups.of([piece.metal for piece in pieces]),
            Groups.of([piece.stone for piece in pieces]),
            Groups.of([piece.price_class for piece in pieces]),
        ],
        alike=neighbours(vectors, model),
    )


def styles(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Groups:
    """Groups of looks; a piece between two is in both."""
    count = max(2, len(vectors) // _PIECES_A_STYLE)
    found = KMeans(count, n_init=2, random_state=0).fit(vectors)
    far = found.transform(vectors)
    nearest = np.argsort(far, axis=1)[:, :2]
    share = np.exp(-_SHARPNESS * np.take_along_axis(far, nearest, axis=1))
    piece = np.repeat(np.arange(len(vectors)), 2)
    return Groups.rows(
        [f"style {at}" for at in range(count)], len(vectors), piece, nearest.ravel(), share.ravel().astype(float)
    )


def neighbours(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]], model: Model) -> Neighbours:
    """The nearest of each, with how likely they are of a similar style by the model's own calibration."""
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    nearest = np.argsort(-cosine, axis=1)[:, :_NEIGHBOURS]
    piece = np.repeat(np.arange(len(vectors)), _NEIGHBOURS)
    values = np.take_along_axis(cosine, nearest, axis=1).ravel()
    assert model.style is not None  # noqa: S101 - the shipped model has it
    return Neighbours(piece, nearest.ravel(), np.array([model.style(float(value)) for value in values]))
