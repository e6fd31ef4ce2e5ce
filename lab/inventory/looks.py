"""What the methods are told of the made-up shop's pieces: what the inventory's service would know of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.inventory.pieces import Piece
from services.inventory.forecast.demand import Dimensions
from services.inventory.forecast.groups import Groups, Neighbours
from services.inventory.styles.grouping import Similar, grouped, neighbours, shares
from services.inventory.styles.making import NEIGHBOURS
from services.inventory.styles.seen import similarity
from shared.contracts.fields import Vector
from shared.contracts.models import Model


def dimensions(pieces: Sequence[Piece], model: Model) -> Dimensions:
    """Types, styles by look, metal, stone and price band, and neighbours by P(similar), as a night's run makes them."""
    vectors = np.array([piece.vector for piece in pieces], np.float32)
    similar = similarity(model)
    return Dimensions(
        types=Groups.of([piece.type for piece in pieces]),
        styles=styles(vectors, [piece.type for piece in pieces], similar),
        others=[
            Groups.of([piece.metal for piece in pieces]),
            Groups.of([piece.stone for piece in pieces]),
            Groups.of([piece.price_class for piece in pieces]),
        ],
        alike=alike(vectors, similar),
    )


def styles(vectors: Vector, types: Sequence[str], similar: Similar) -> Groups:
    """Groups of looks; a piece between two is in both, one like no others in none."""
    labels = grouped(vectors, types)
    told = [
        (piece, one.group, one.share)
        for piece, mine in enumerate(shares(vectors, types, labels, similar))
        for one in mine
    ]
    piece, group, share = (np.array(column) for column in zip(*told, strict=True))
    return Groups.rows([f"style {at}" for at in range(labels.max() + 1)], len(vectors), piece, group, share)


def alike(vectors: Vector, similar: Similar) -> Neighbours:
    """The nearest of each, with how likely they are of a similar style."""
    places, likely = neighbours(vectors, vectors, NEIGHBOURS + 1, similar)
    piece = np.repeat(np.arange(len(vectors)), places.shape[1])
    others = places.ravel() != piece
    return Neighbours(piece[others], places.ravel()[others], likely.ravel()[others].astype(float))
