"""A collection of a Qdrant server, or of the Python client's own small engine, which tests use."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from shared.contracts.fields import Vector
from shared.errors import Permanent, Retryable
from shared.vectorstore.fusion import Measure, fused
from shared.vectorstore.points import (
    LOOK,
    MEANING,
    TENANT,
    TERMS,
    UNNAMED,
    as_score,
    as_term_score,
    best_first,
    checked_id,
    checked_payload,
    checked_points,
    checked_text,
    checked_vector,
    most_first,
    refuse_foreign,
    shown,
    shown_text,
    shown_vector,
)
from shared.vectorstore.port import Filter, Hit, Payload, Point, Text
from shared.vectorstore.qdrant_connection import Connection
from shared.vectorstore.qdrant_requests import (
    GENERATION,
    INDEXES,
    RESCORED,
    among,
    filter_of,
    marker_id,
    new_generation,
    rarity_in,
    schema,
    upserting,
    words_of,
)

_PAGE = 1_000


class QdrantStore:
    """The collection `collection` over `connection`. See `VectorStore` for what each method promises.

    In a collection that was made before points had words, words are dropped and nothing is found by them.
    """

    def __init__(self, connection: Connection, collection: str, dimension: int) -> None:
        self.dimension = dimension
        self._collection = collection
        self._connection = connection
        self._open = True
        with connection.calling() as client:
            if not client.collection_exists(collection):
                self._create(client)
            held = client.get_collection(collection).config.params.vectors
        self._has_words = isinstance(held, dict)
        self._look = LOOK if self._has_words else UNNAMED
        look = held.get(LOOK) if isinstance(held, dict) else held
        if look is None or look.size != dimension:
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
            models.PointStruct(
                id=p.id,
                vector={
                    self._look: p.vector.tolist(),
                    **(words_of(p.text) if p.text and self._has_words else {}),
                },
                payload={**p.payload, TENANT: tenant},
            )
            for p in checked.values()
        ]
        with self._calling() as client:
            held = client.retrieve(self._collection, list(checked), with_payload=[TENANT])
            refuse_foreign(tenant, ((str(record.id), record.payload) for record in held))
            self._write(client, tenant, upserting(stored))

    def delete(self, tenant: str, where: Filter) -> None:
        chosen = models.FilterSelector(filter=filter_of(tenant, where))
        with self._calling() as client:
            self._write(client, tenant, models.DeleteOperation(delete=chosen))

    def set_payload(self, tenant: str, where: Filter, payload: Payload) -> None:
        # A null takes the field away, so that setting and removing are one step.
        change = models.SetPayload(payload=checked_payload(payload), filter=filter_of(tenant, where))
        with self._calling() as client:
            self._write(client, tenant, models.SetPayloadOperation(set_payload=change))

    def set_text(self, tenant: str, where: Filter, text: Text | None) -> None:
        words = words_of(checked_text(text)) if text else {}
        condition = filter_of(tenant, where)
        if not self._has_words:
            return
        steps: list[models.UpdateOperation] = []
        if gone := [name for name in (MEANING, TERMS) if name not in words]:
            chosen = models.DeleteVectors(filter=condition, vector=gone)
            steps.append(models.DeleteVectorsOperation(delete_vectors=chosen))
        with self._calling() as client:
            if words and (points := self._matching(client, condition)):
                changed = [models.PointVectors(id=point, vector=words) for point in points]
                vectors = models.UpdateVectors(points=changed)
                steps.append(models.UpdateVectorsOperation(update_vectors=vectors))
            self._write(client, tenant, *steps)

    def search(
        self,
        tenant: str,
        vector: Vector,
        limit: int,
        where: Filter | None = None,
        offset: int = 0,
        *,
        with_vectors: bool = False,
    ) -> list[Hit]:
        query = checked_vector(vector, self.dimension).tolist()
        condition = filter_of(tenant, where)

        def fetch(count: int) -> list[Hit]:
            with self._calling() as client:
                found = client.query_points(
                    self._collection,
                    query,
                    using=self._look,
                    query_filter=condition,
                    search_params=RESCORED,
                    limit=count,
                    with_vectors=[self._look] if with_vectors else False,
                ).points
            return [self._hit(point, as_score(point.score), with_vectors) for point in found]

        return best_first(fetch, limit, offset)

    def search_text(
        self, tenant: str, text: Text, limit: int, where: Filter | None = None, *, with_vectors: bool = False
    ) -> list[Hit]:
        words = words_of(checked_text(text))
        condition = filter_of(tenant, where)
        if not self._has_words:
            return []

        def by_meaning(limit: int, points: Collection[str] | None) -> dict[str, float]:
            found = self._scores(MEANING, words[MEANING], limit, condition, points, RESCORED)
            return {point: as_score(score) for point, score in found}

        def by_terms(limit: int, points: Collection[str] | None) -> dict[str, float]:
            found = self._scores(TERMS, words[TERMS], limit, condition, points, rarity_in(tenant))
            return {point: as_term_score(score) for point, score in found}

        measures: list[Measure] = [by_meaning, by_terms] if text.terms else [by_meaning]
        best = fused(measures, limit)
        if not best:
            return []
        with self._calling() as client:
            records, _ = client.scroll(
                self._collection,
                scroll_filter=among(condition, best),
                limit=len(best),
                with_vectors=[self._look] if with_vectors else False,
            )
        found = {str(record.id): record for record in records}
        return [self._hit(found[point], score, with_vectors) for point, score in best.items() if point in found]

    def scroll(
        self, tenant: str, where: Filter | None = None, limit: int = 1000, after: str | None = None
    ) -> list[Point]:
        start = None if after is None else checked_id(after)
        condition = filter_of(tenant, where)
        with self._calling() as client:
            records, _ = client.scroll(
                self._collection, scroll_filter=condition, limit=limit + 1, offset=start, with_vectors=True
            )
        points = [
            Point(str(r.id), shown_vector(r.vector, self._look), shown(r.payload), shown_text(r.vector))
            for r in records
        ]
        return [point for point in points if point.id != start][:limit]

    def largest(self, tenant: str, field: str, limit: int, where: Filter | None = None) -> list[Hit]:
        order = models.OrderBy(key=field, direction=models.Direction.DESC)
        condition = filter_of(tenant, where)
        with self._calling() as client:
            records, _ = client.scroll(
                self._collection, scroll_filter=condition, limit=limit, order_by=order, with_vectors=False
            )
        return [Hit(str(record.id), 0.0, shown(record.payload)) for record in records]

    def count(self, tenant: str, where: Filter | None = None) -> int:
        condition = filter_of(tenant, where)
        with self._calling() as client:
            return client.count(self._collection, condition, exact=True).count

    def values(self, tenant: str, field: str, limit: int, where: Filter | None = None) -> dict[str, int]:
        condition = filter_of(tenant, where)
        with self._calling() as client:
            found = client.facet(self._collection, field, condition, limit, exact=True)
        return most_first((str(hit.value), hit.count) for hit in found.hits)

    def generation(self, tenant: str) -> str:
        with self._calling() as client:
            told = client.retrieve(self._collection, [marker_id(tenant)], with_payload=[GENERATION])
        return str((told[0].payload or {})[GENERATION]) if told else "none"

    def ping(self) -> None:
        with self._calling() as client:
            client.get_collection(self._collection)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._connection.release()

    def _write(self, client: QdrantClient, tenant: str, *steps: models.UpdateOperation) -> None:
        """The steps in order, and after them, so that nobody reads the old under it, a new generation."""
        client.batch_update_points(self._collection, [*steps, new_generation(tenant)], wait=True)

    def _matching(self, client: QdrantClient, condition: models.Filter) -> list[models.ExtendedPointId]:
        found: list[models.ExtendedPointId] = []
        start = None
        while True:
            records, start = client.scroll(
                self._collection, scroll_filter=condition, limit=_PAGE, offset=start, with_payload=False
            )
            found += [record.id for record in records]
            if start is None:
                return found

    def _scores(
        self,
        using: str,
        query: list[float] | models.SparseVector,
        limit: int,
        condition: models.Filter,
        points: Collection[str] | None,
        params: models.SearchParams,
    ) -> list[tuple[str, float]]:
        with self._calling() as client:
            found = client.query_points(
                self._collection,
                query,
                using=using,
                query_filter=condition if points is None else among(condition, points),
                search_params=params,
                limit=limit,
                with_payload=False,
            ).points
        return [(str(point.id), point.score) for point in found]

    def _hit(self, point: models.ScoredPoint | models.Record, score: float, with_vector: bool) -> Hit:
        vector = shown_vector(point.vector, self._look) if with_vector else None
        return Hit(str(point.id), score, shown(point.payload), vector)

    def _create(self, client: QdrantClient) -> None:
        try:
            client.create_collection(self._collection, **schema(self.dimension), **self._connection.spread.options())
        except UnexpectedResponse:
            if not client.collection_exists(self._collection):  # else another process made it first
                raise
        for name, kind in INDEXES.items():
            client.create_payload_index(self._collection, name, kind)

    @contextmanager
    def _calling(self) -> Iterator[QdrantClient]:
        if not self._open:
            raise Retryable("The vector index is closed, as this process is stopping. Try again once it has started.")
        with self._connection.calling() as client:
            yield client
