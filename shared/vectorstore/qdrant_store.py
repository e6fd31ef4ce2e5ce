"""A collection of a Qdrant server, or of the Python client's own small engine, which tests use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from shared.contracts.fields import Vector
from shared.errors import Permanent, Retryable
from shared.vectorstore.points import (
    INDEXED,
    TENANT,
    as_score,
    best_first,
    checked_filter,
    checked_id,
    checked_payload,
    checked_points,
    checked_vector,
    refuse_foreign,
    shown,
)
from shared.vectorstore.port import AnyOf, Condition, Filter, Hit, Payload, Point
from shared.vectorstore.qdrant_connection import Connection

_INDEX_TYPES = {
    "keyword": models.PayloadSchemaType.KEYWORD,
    "bool": models.PayloadSchemaType.BOOL,
    "float": models.PayloadSchemaType.FLOAT,
}


class QdrantStore:
    """The collection `collection` over `connection`. See `VectorStore` for what each method promises."""

    def __init__(self, connection: Connection, collection: str, dimension: int) -> None:
        self.dimension = dimension
        self._collection = collection
        self._connection = connection
        self._open = True
        with connection.calling() as client:
            if not client.collection_exists(collection):
                self._create(client)
            held = client.get_collection(collection).config.params.vectors
        if not isinstance(held, models.VectorParams) or held.size != dimension:
            raise Permanent(
                f"The collection {collection!r} holds vectors of another dimension than {dimension}. "
                "Reindex into a new collection, or set the model that it was made with."
            )
        connection.acquire()

    def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        checked = checked_points(points, self.dimension)
        if not checked:
            return
        stored = [
            models.PointStruct(id=p.id, vector=p.vector.tolist(), payload={**p.payload, TENANT: tenant})
            for p in checked.values()
        ]
        with self._calling() as client:
            held = client.retrieve(self._collection, list(checked), with_payload=[TENANT])
            refuse_foreign(tenant, ((str(record.id), record.payload) for record in held))
            client.upsert(self._collection, stored, wait=True)

    def delete(self, tenant: str, where: Filter) -> None:
        chosen = models.FilterSelector(filter=_filter(tenant, where))
        with self._calling() as client:
            client.delete(self._collection, chosen, wait=True)

    def set_payload(self, tenant: str, where: Filter, payload: Payload) -> None:
        # A null takes the field away, so that setting and removing are one step.
        chosen = models.FilterSelector(filter=_filter(tenant, where))
        fields = checked_payload(payload)
        with self._calling() as client:
            client.set_payload(self._collection, fields, chosen, wait=True)

    def search(
        self, tenant: str, vector: Vector, limit: int, where: Filter | None = None, offset: int = 0
    ) -> list[Hit]:
        query = checked_vector(vector, self.dimension).tolist()
        condition = _filter(tenant, where)

        def fetch(count: int) -> list[Hit]:
            with self._calling() as client:
                found = client.query_points(self._collection, query, query_filter=condition, limit=count).points
            return [Hit(str(point.id), as_score(point.score), shown(point.payload)) for point in found]

        return best_first(fetch, limit, offset)

    def scroll(
        self, tenant: str, where: Filter | None = None, limit: int = 1000, after: str | None = None
    ) -> list[Point]:
        start = None if after is None else checked_id(after)
        condition = _filter(tenant, where)
        with self._calling() as client:
            records, _ = client.scroll(
                self._collection, scroll_filter=condition, limit=limit + 1, offset=start, with_vectors=True
            )
        points = [Point(str(r.id), np.asarray(r.vector, dtype=np.float32), shown(r.payload)) for r in records]
        return [point for point in points if point.id != start][:limit]

    def count(self, tenant: str, where: Filter | None = None) -> int:
        condition = _filter(tenant, where)
        with self._calling() as client:
            return client.count(self._collection, condition, exact=True).count

    def ping(self) -> None:
        with self._calling() as client:
            client.get_collection(self._collection)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._connection.release()

    def _create(self, client: QdrantClient) -> None:
        try:
            client.create_collection(
                self._collection,
                vectors_config=models.VectorParams(size=self.dimension, distance=models.Distance.COSINE),
            )
        except UnexpectedResponse:
            if not client.collection_exists(self._collection):  # else another process made it first
                raise
        tenants = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        client.create_payload_index(self._collection, TENANT, tenants)
        for name, kind in INDEXED.items():
            client.create_payload_index(self._collection, name, _INDEX_TYPES[kind])

    @contextmanager
    def _calling(self) -> Iterator[QdrantClient]:
        if not self._open:
            raise Retryable("The vector index is closed, as this process is stopping. Try again once it has started.")
        with self._connection.calling() as client:
            yield client


def _filter(tenant: str, where: Filter | None) -> models.Filter:
    where = checked_filter(where)
    own = models.FieldCondition(key=TENANT, match=models.MatchValue(value=tenant))
    return models.Filter(
        must=[own, *(_condition(condition) for condition in where.must)],
        must_not=[_condition(condition) for condition in where.must_not],
    )


def _condition(condition: Condition) -> models.FieldCondition | models.Filter:
    key = condition.field
    if not isinstance(condition, AnyOf):
        return models.FieldCondition(key=key, range=models.Range(gte=condition.low, lte=condition.high))
    words = [value for value in condition.values if isinstance(value, str)]
    flags = [value for value in condition.values if isinstance(value, bool)]
    matches: list[models.MatchAny | models.MatchValue] = [models.MatchAny(any=words)]
    matches += [models.MatchValue(value=flag) for flag in flags]
    return models.Filter(should=[models.FieldCondition(key=key, match=match) for match in matches])
