"""A large index for the recommender alone. Apart from what reads it, which is to load no model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np

from bench.recommender_shop import TENANT, sku_of
from lab.models import open_model
from lab.recommend.simulation_pieces import pieces_of_renders
from services.embedder.manifest import SHIPPED, model_of, read_manifest
from shared import vectorstore
from shared.contracts.models import INDEX
from shared.vectorstore import Point

_STRAY = 0.4
"""As in `bench.search_catalogue`."""
_BATCH = 1_000


def fill_index(folder: Path, items: int) -> None:
    """So many items of renders' looks, no two the same."""
    pieces = pieces_of_renders(open_model(str(SHIPPED)))
    model = model_of(read_manifest(SHIPPED))
    vectors = np.stack([piece.vector for piece in pieces])
    rng = np.random.default_rng(5)
    one, two, three = rng.integers(len(pieces), size=(3, items))
    rows = vectors[one] + _STRAY * (vectors[two] - vectors[three])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    directory = vectorstore.directory(f"edge://{folder}/vectors", INDEX)
    store = directory.open("pieces", model.dimension)
    directory.switch("pieces", model.model_dump())
    now = datetime.now(UTC)
    for first in range(0, items, _BATCH):
        points = []
        for number in range(first, min(first + _BATCH, items)):
            like, at = pieces[one[number]], now - timedelta(hours=number)
            told = {"type": like.type, "metal": like.metal, "stone": like.stone, "price": like.price}
            told |= {"sku": sku_of(number), "image_id": f"i-{number}", "in_stock": number % 10 > 0}
            told |= {"created_at": at.isoformat(), "created_ts": at.timestamp()}
            points.append(Point(str(uuid4()), rows[number], told))
        store.upsert(TENANT, points)
    store.close()
    directory.close()
