"""A shop of thousands of items made of the evaluation renders, in the running local stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.search_questions import Piece
from bench.search_stack import imported
from deploy.local.home import TENANT, Home
from shared import vectorstore
from shared.contracts.models import INDEX
from shared.vectorstore import Point, VectorStore
from tests.support.stack import RunningStack

METALS = ("yellow gold", "rose gold", "white gold", "silver", "platinum")
_STRAY = 0.4
"""The part of a difference of two vectors that an item strays by, as in `bench.search_catalogue`."""
_PAGE = 1_000


@dataclass(frozen=True)
class Shop:
    """`items`: what each SKU's `PUT /v1/items/{sku}` says; no two have one price."""

    items: Mapping[str, Mapping[str, Any]]

    @property
    def skus(self) -> list[str]:
        return list(self.items)


def opened(stack: RunningStack, pieces: Sequence[Piece], count: int, folder: Path) -> Shop:
    """Import `count` items, each a design in some metal with one picture, then make no two of their vectors the same.

    The pictures are as many as the renders: those of one render would else be one point of the space.
    """
    items: dict[str, dict[str, Any]] = {}
    rows = []
    for number in range(count):
        piece = pieces[number % len(pieces)]
        metal = METALS[number // len(pieces) % len(METALS)]
        sku = f"SKU-{number:06}"
        items[sku] = {
            "title": piece.words.title.replace(piece.made_of, metal) if piece.made_of else piece.words.title,
            "description": piece.words.description,
            "price": float(100 + number),
            "currency": "EUR",
            "stock": 3,
            "tags": [tag for tag in piece.words.tags if tag != piece.made_of],
            "attributes": {"type": piece.type, "metal": metal, "stone": piece.stone},
        }
        picture = piece.picture if number // len(pieces) % 2 == 0 else piece.photo
        told = {name: value for name, value in items[sku].items() if name not in ("attributes", "tags")}
        tags = "|".join(items[sku]["tags"])
        rows.append({"sku": sku, **told, "tags": tags, **items[sku]["attributes"], "images": picture})
    imported(stack, rows, folder / "shop.csv")
    stack.stop()
    with_vectors_apart(stack.home)
    stack.start()
    return Shop(items)


def with_vectors_apart(home: Path) -> None:
    """Move every vector of a stopped stack to where a vector of another photo of such a piece may be."""
    store = store_of(home)
    try:
        points = scrolled(store)
        vectors = np.stack([point.vector for point in points])
        rng = np.random.default_rng(2)
        one, two = rng.integers(len(points), size=(2, len(points)))
        moved = vectors + _STRAY * (vectors[one] - vectors[two])
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        for first in range(0, len(points), _PAGE):
            page = zip(points[first : first + _PAGE], moved[first : first + _PAGE], strict=True)
            store.upsert(TENANT, [Point(point.id, row, point.payload, point.text) for point, row in page])
    finally:
        store.close()


def store_of(home: Path) -> VectorStore:
    """The active collection of a stopped stack, or of a copy of its folder."""
    directory = vectorstore.directory(Home.at(home).vectors_url, INDEX)
    try:
        active = directory.active()
        if active is None:
            raise SystemExit(f"There is no index in {home}.")
        return directory.open(active.name, int(active.about["dimension"]))
    finally:
        directory.close()


def scrolled(store: VectorStore) -> list[Point]:
    points: list[Point] = []
    while page := store.scroll(TENANT, limit=_PAGE, after=points[-1].id if points else None):
        points += page
    return points


def put(api: httpx.Client, sku: str, item: Mapping[str, Any]) -> None:
    api.put(f"/v1/items/{sku}", json=item).raise_for_status()


def removed(api: httpx.Client, sku: str) -> None:
    api.delete(f"/v1/items/{sku}").raise_for_status()
