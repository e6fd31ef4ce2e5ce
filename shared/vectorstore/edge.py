"""The embedded index: Qdrant's Rust engine in this process, a folder a collection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import qdrant_edge as edge

from shared.contracts.fields import Vector
from shared.errors import Retryable
from shared.vectorstore import edge_engine
from shared.vectorstore.edge_engine import Engine, translated
from shared.vectorstore.edge_requests import among, filter_of, numbers, vectors_of, words_of
from shared.vectorstore.fusion import Measure, fused
from shared.vectorstore.points import (
    MEANING,
    TENANT,
    TERMS,
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

# The write-ahead log is cut only by a flush. 2,000 points of 1,280 numbers flush in about 0.1 s, and replay in about
# 0.3 s after a crash (docs/adr/0002-embedded-vector-engine.md).
_FLUSH_EVERY = 2_000

# Twice as many as are wanted come by their eight bits, and are scored again by the vectors themselves.
_RESCORED = edge.SearchParams(quantization=edge.QuantizationSearchParams(rescore=True, oversampling=2.0))


class EdgeStore:
    """A collection in `folder`. See `VectorStore` for what each method promises.

    In a collection that was made before points had words, words are dropped and nothing is found by them.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self.dimension = dimension
        self._folder = folder.resolve()
        self._engine: Engine | None = edge_engine.acquire(self._folder, dimension)

    def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        checked = checked_points(points, self.dimension)
        with self._writing(tenant, len(checked)) as engine:
            held = engine.shard.retrieve(list(checked), [TENANT], False)
            refuse_foreign(tenant, ((str(record.id), record.payload) for record in held))
            stored = [edge.Point(p.id, vectors_of(engine, p), {**p.payload, TENANT: tenant}) for p in checked.values()]
            engine.shard.update(edge.UpdateOperation.upsert_points(stored))

    def delete(self, tenant: str, where: Filter) -> None:
        operation = edge.UpdateOperation.delete_points_by_filter(filter_of(tenant, where))
        with self._writing(tenant, 1) as engine:
            engine.shard.update(operation)

    def set_payload(self, tenant: str, where: Filter, payload: Payload) -> None:
        # A null takes the field away, so that setting and removing are one step.
        operation = edge.UpdateOperation.set_payload_by_filter(filter_of(tenant, where), checked_payload(payload))
        with self._writing(tenant, 1) as engine:
            engine.shard.update(operation)

    def set_text(self, tenant: str, where: Filter, text: Text | None) -> None:
        words = words_of(checked_text(text)) if text else {}
        condition = filter_of(tenant, where)
        request = edge.ScrollRequest(filter=condition, with_payload=False, with_vector=False, limit=2**31)
        with self._writing(tenant, 1) as engine:
            if not engine.has_words:
                return
            if gone := [name for name in (MEANING, TERMS) if name not in words]:
                engine.shard.update(edge.UpdateOperation.delete_vectors_by_filter(condition, gone))
            if words:
                records, _ = engine.shard.scroll(request)
                changed = [edge.PointVectors(record.id, words) for record in records]
                engine.shard.update(edge.UpdateOperation.update_vectors(changed))

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
        look = self._opened().look
        query = edge.Query.Nearest(numbers(checked_vector(vector, self.dimension)), look)
        condition = filter_of(tenant, where)

        def fetch(count: int) -> list[Hit]:
            request = edge.SearchRequest(
                query,
                limit=count,
                filter=condition,
                params=_RESCORED,
                with_payload=True,
                with_vector=[look] if with_vectors else False,
            )
            with self._reading() as shard:
                found = shard.search(request)
            return [
                Hit(
                    str(point.id),
                    as_score(point.score),
                    shown(point.payload),
                    shown_vector(point.vector, look) if with_vectors else None,
                )
                for point in found
            ]

        return best_first(fetch, limit, offset)

    def search_text(
        self, tenant: str, text: Text, limit: int, where: Filter | None = None, *, with_vectors: bool = False
    ) -> list[Hit]:
        text = checked_text(text)
        engine = self._opened()
        if not engine.has_words:
            return []
        words, condition = words_of(text), filter_of(tenant, where)

        def by_meaning(limit: int, points: Collection[str] | None) -> dict[str, float]:
            found = self._scores(edge.Query.Nearest(words[MEANING], MEANING), limit, condition, points, _RESCORED)
            return {point: as_score(score) for point, score in found}

        def by_terms(limit: int, points: Collection[str] | None) -> dict[str, float]:
            in_tenant = edge.SearchParams(idf=edge.IdfParams(filter_of(tenant, None)))
            found = self._scores(edge.Query.Nearest(words[TERMS], TERMS), limit, condition, points, in_tenant)
            return {point: as_term_score(score) for point, score in found}

        measures: list[Measure] = [by_meaning, by_terms] if text.terms else [by_meaning]
        best = fused(measures, limit)
        request = edge.ScrollRequest(
            filter=among(condition, best),
            limit=len(best),
            with_payload=True,
            with_vector=[engine.look] if with_vectors else False,
        )
        with self._reading() as shard:
            records = {str(record.id): record for record in shard.scroll(request)[0]} if best else {}
        return [
            Hit(point, score, shown(record.payload), shown_vector(record.vector, engine.look) if with_vectors else None)
            for point, score in best.items()
            if (record := records.get(point))
        ]

    def scroll(
        self, tenant: str, where: Filter | None = None, limit: int = 1000, after: str | None = None
    ) -> list[Point]:
        look = self._opened().look
        start = None if after is None else checked_id(after)
        request = edge.ScrollRequest(
            offset=start, limit=limit + 1, filter=filter_of(tenant, where), with_payload=True, with_vector=True
        )
        with self._reading() as shard:
            records, _ = shard.scroll(request)
        points = [
            Point(str(r.id), shown_vector(r.vector, look), shown(r.payload), shown_text(r.vector)) for r in records
        ]
        return [point for point in points if point.id != start][:limit]

    def largest(self, tenant: str, field: str, limit: int, where: Filter | None = None) -> list[Hit]:
        request = edge.ScrollRequest(
            limit=limit,
            filter=filter_of(tenant, where),
            with_payload=True,
            with_vector=False,
            order_by=edge.OrderBy(field, edge.Direction.Desc),
        )
        with self._reading() as shard:
            records, _ = shard.scroll(request)
        return [Hit(str(record.id), 0.0, shown(record.payload)) for record in records]

    def count(self, tenant: str, where: Filter | None = None) -> int:
        request = edge.CountRequest(exact=True, filter=filter_of(tenant, where))
        with self._reading() as shard:
            return shard.count(request)

    def values(self, tenant: str, field: str, limit: int, where: Filter | None = None) -> dict[str, int]:
        request = edge.FacetRequest(field, limit=limit, exact=True, filter=filter_of(tenant, where))
        with self._reading() as shard:
            found = shard.facet(request)
        return most_first((str(hit.value), hit.count) for hit in found.hits)

    def generation(self, tenant: str) -> str:
        return self._opened().generation(tenant)

    def ping(self) -> None:
        with self._reading() as shard:
            shard.info()

    def close(self) -> None:
        """Let go of the folder. The last store of a folder closes the engine; closing twice is no error."""
        engine, self._engine = self._engine, None
        if engine:
            edge_engine.release(self._folder, engine)

    def _scores(
        self,
        query: edge.Query,
        limit: int,
        condition: edge.Filter,
        points: Collection[str] | None,
        params: edge.SearchParams,
    ) -> list[tuple[str, float]]:
        condition = condition if points is None else among(condition, points)
        with self._reading() as shard:
            found = shard.search(edge.SearchRequest(query, limit=limit, filter=condition, params=params))
        return [(str(point.id), point.score) for point in found]

    def _opened(self) -> Engine:
        if self._engine is None:
            raise Retryable("The vector index is closed, as this process is stopping. Try again once it has started.")
        return self._engine

    @contextmanager
    def _reading(self) -> Iterator[edge.EdgeShard]:
        engine = self._opened()
        with translated():
            yield engine.shard

    @contextmanager
    def _writing(self, tenant: str, changes: int) -> Iterator[Engine]:
        engine = self._opened()
        with engine.write_lock, translated():
            try:
                yield engine
            finally:
                engine.wrote(tenant)
            engine.unflushed += changes
            if engine.unflushed >= _FLUSH_EVERY:
                engine.shard.flush()
                engine.unflushed = 0
