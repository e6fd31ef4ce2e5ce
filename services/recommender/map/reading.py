"""The items of an index as the map sees them: one short vector each, and the facts that it is coloured by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.recommender.index import Pinned
from services.recommender.map.layout import Floats
from services.recommender.ranking import BESIDE_THE_MAIN
from shared.vectorstore import Filter, Payload, Point

AXES = 50
_PAGE = 1_000
_FIRST = 4_000
"""Points by which the axes are chosen. They come in order of id, which is a hash: so the first are any."""


@dataclass(frozen=True)
class Seen:
    """Items in order of SKU: `vectors` float32 [n, axes] of unit length, and of each what the index says of it.

    `looks` tells by a text which picture an item was seen by: another one, another text.
    """

    skus: list[str]
    vectors: Floats
    payloads: list[Payload]
    looks: list[str]
    basis: Floats


def read(pinned: Pinned, tenant: str, basis: Floats | None = None, go_on: Callable[[], bool] = lambda: True) -> Seen:
    """Every item by the main piece of its first picture by id. `basis` [dimension, axes]: those of a map that was made;
    else the axes along which the items differ most."""
    first: list[Point] = []
    short: dict[str, tuple[str, Floats, Payload]] = {}

    def keep(points: list[Point]) -> None:
        assert basis is not None  # noqa: S101  chosen before anything is kept
        flat = np.stack([point.vector for point in points]) @ basis
        for point, vector in zip(points, flat, strict=True):
            sku, image = point.payload["sku"], point.payload["image_id"]
            if sku not in short or image < short[sku][0]:
                short[sku] = image, vector, {name: point.payload.get(name) for name in _FACTS}

    for points in _pages(pinned, tenant):
        if not go_on():
            break
        if basis is None:
            first += points
            if len(first) < _FIRST and len(points) == _PAGE:
                continue
            points, first = sorted(first, key=lambda point: (point.payload["sku"], point.payload["image_id"])), []
            basis = axes_of(np.stack([point.vector for point in points])) if points else None
        if points:
            keep(points)
    skus = sorted(short)
    vectors = np.stack([short[sku][1] for sku in skus]) if skus else np.zeros((0, AXES), dtype=np.float32)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return Seen(
        skus=skus,
        vectors=np.round(vectors / lengths, _DECIMALS).astype(np.float32),
        payloads=[short[sku][2] for sku in skus],
        looks=[short[sku][0] for sku in skus],
        basis=basis if basis is not None else np.zeros((pinned.model.dimension, 1), dtype=np.float32),
    )


def axes_of(vectors: Floats) -> Floats:
    """[n, d] -> [d, up to 50]: the axes along which they differ most, about their origin: so cosines stay."""
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :AXES], dtype=np.float32)


_DECIMALS = 4
"""The same items come to the same places, in whatever order the index gives them."""
_FACTS = ("type", "metal", "stone", "price", "currency", "created_ts")


def _pages(pinned: Pinned, tenant: str) -> Iterator[list[Point]]:
    after = None
    while True:
        points = pinned.vectors.scroll(tenant, Filter((), (BESIDE_THE_MAIN,)), _PAGE, after)
        yield points
        if len(points) < _PAGE:
            return
        after = points[-1].id
