"""Pictures written to the index: of each the points of all its pieces, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.indexer.collections import Collection, Stores
from services.indexer.points import points_of
from services.indexer.state import Image, Item
from shared.contracts.analysis import Analysis
from shared.vectorstore import AnyOf, Between, Filter, Point, Text, VectorStore

Pictures = Mapping[str, Sequence[Point]]
"""Image id -> its points, that of piece 0 first."""


class Writes:
    """What is to be written, so that each collection is called once for all of a tenant's pictures."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, str], tuple[Collection, dict[str, Sequence[Point]]]] = {}

    def add(self, target: Collection, item: Item, image: Image, analysis: Analysis, text: Text | None) -> None:
        """`analysis` is by the target's model; the image's row tells of it once it is saved."""
        points = points_of(item, image, analysis, text)
        self._pictures.setdefault((target.name, item.tenant), (target, {}))[1][image.image_id] = points
        image.written(target.generation, len(points))

    def write(self, stores: Stores) -> None:
        for (_, tenant), (target, pictures) in self._pictures.items():
            put(stores.of(target), tenant, pictures)


def put(store: VectorStore, tenant: str, pictures: Pictures) -> None:
    """Write all points of these pictures, then take out those of pieces that an analysis of before had beyond them.

    In this order no search misses a picture. Killed in between, the caller's rows are not saved, and it comes again.
    """
    store.upsert(tenant, [point for points in pictures.values() for point in points])
    with_pieces: dict[int, list[str]] = defaultdict(list)
    for image_id, points in pictures.items():
        with_pieces[len(points)].append(image_id)
    for pieces, image_ids in with_pieces.items():
        store.delete(tenant, Filter(must=(AnyOf("image_id", image_ids), Between("piece", low=pieces))))
