"""Collections as they were made before points had words: one vector, and that without a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import qdrant_edge as edge
from qdrant_client import QdrantClient, models

from shared.vectorstore import Point

FIELDS = ("sku", "image_id", "type")


def embedded(folder: Path, dimension: int, tenant: str, points: Sequence[Point]) -> None:
    """A folder of the embedded engine."""
    config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(dimension, edge.Distance.Cosine))
    shard = edge.EdgeShard.create(str(folder), config)
    shard.update(edge.UpdateOperation.create_field_index("tenant", edge.KeywordIndexParams(is_tenant=True)))
    for name in FIELDS:
        shard.update(edge.UpdateOperation.create_field_index(name, edge.PayloadSchemaType.Keyword))
    stored = [edge.Point(point.id, point.vector.tolist(), {**point.payload, "tenant": tenant}) for point in points]
    shard.update(edge.UpdateOperation.upsert_points(stored))
    shard.close()


def on_server(client: QdrantClient, name: str, dimension: int, tenant: str, points: Sequence[Point]) -> None:
    """A collection of a server, or of the client's own engine."""
    client.create_collection(name, models.VectorParams(size=dimension, distance=models.Distance.COSINE))
    stored = [
        models.PointStruct(id=point.id, vector=point.vector.tolist(), payload={**point.payload, "tenant": tenant})
        for point in points
    ]
    client.batch_update_points(name, [models.UpsertOperation(upsert=models.PointsList(points=stored))])
