"""The embedded index: Qdrant's Rust engine in this process, a folder a collection."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import numpy as np
import qdrant_edge as edge

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

# The write-ahead log is cut only by a flush. 2,000 points of 1,280 numbers flush in about 0.1 s, and replay in about
# 0.3 s after a crash (docs/adr/0002-embedded-vector-engine.md).
_FLUSH_EVERY = 2_000

_INDEX_TYPES = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "bool": edge.PayloadSchemaType.Bool,
    "float": edge.PayloadSchemaType.Float,
}


class _Engine:
    """One open folder, shared by the stores of this process; the engine itself lets only one opening in."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.dimension = dimension
        self.users = 0
        self.write_lock = threading.Lock()
        self.unflushed = 0
        self.shard = _open_shard(folder, dimension)


_engines: dict[Path, _Engine] = {}
_engines_lock = threading.Lock()


def remove(folder: Path) -> None:
    """Remove a collection's folder. Raises `Retryable` while a store of this process has it open."""
    with _engines_lock, _translated():
        if folder.resolve() in _engines:
            raise Retryable(f"The collection {folder.name!r} is still being read. It can go once its readers are done.")
        if folder.exists():
            gone = folder.parent / f".{folder.name}.{uuid4().hex}"  # in one step: no half of it is ever opened
            folder.rename(gone)
            shutil.rmtree(gone)


class EdgeStore:
    """A collection in `folder`. See `VectorStore` for what each method promises."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.dimension = dimension
        self._folder = folder.resolve()
        with _engines_lock, _translated():
            engine = _engines.get(self._folder) or _Engine(self._folder, dimension)
            if engine.dimension != dimension:
                raise _other_dimension(self._folder, dimension)
            _engines[self._folder] = engine
            engine.users += 1
        self._engine: _Engine | None = engine

    def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        checked = checked_points(points, self.dimension)
        stored = [edge.Point(p.id, _numbers(p.vector), {**p.payload, TENANT: tenant}) for p in checked.values()]
        with self._writing(len(stored)) as shard:
            held = shard.retrieve(list(checked), [TENANT], False)
            refuse_foreign(tenant, ((str(record.id), record.payload) for record in held))
            shard.update(edge.UpdateOperation.upsert_points(stored))

    def delete(self, tenant: str, where: Filter) -> None:
        operation = edge.UpdateOperation.delete_points_by_filter(_filter(tenant, where))
        with self._writing(1) as shard:
            shard.update(operation)

    def set_payload(self, tenant: str, where: Filter, payload: Payload) -> None:
        # A null takes the field away, so that setting and removing are one step.
        operation = edge.UpdateOperation.set_payload_by_filter(_filter(tenant, where), checked_payload(payload))
        with self._writing(1) as shard:
            shard.update(operation)

    def search(
        self, tenant: str, vector: Vector, limit: int, where: Filter | None = None, offset: int = 0
    ) -> list[Hit]:
        query = edge.Query.Nearest(_numbers(checked_vector(vector, self.dimension)))
        condition = _filter(tenant, where)

        def fetch(count: int) -> list[Hit]:
            with self._reading() as shard:
                found = shard.search(edge.SearchRequest(query, limit=count, filter=condition, with_payload=True))
            return [Hit(str(point.id), as_score(point.score), shown(point.payload)) for point in found]

        return best_first(fetch, limit, offset)

    def scroll(
        self, tenant: str, where: Filter | None = None, limit: int = 1000, after: str | None = None
    ) -> list[Point]:
        start = None if after is None else checked_id(after)
        request = edge.ScrollRequest(
            offset=start, limit=limit + 1, filter=_filter(tenant, where), with_payload=True, with_vector=True
        )
        with self._reading() as shard:
            records, _ = shard.scroll(request)
        points = [Point(str(r.id), np.asarray(r.vector, dtype=np.float32), shown(r.payload)) for r in records]
        return [point for point in points if point.id != start][:limit]

    def count(self, tenant: str, where: Filter | None = None) -> int:
        request = edge.CountRequest(exact=True, filter=_filter(tenant, where))
        with self._reading() as shard:
            return shard.count(request)

    def ping(self) -> None:
        with self._reading() as shard:
            shard.info()

    def close(self) -> None:
        """Let go of the folder. The last store of a folder closes the engine; closing twice is no error."""
        with _engines_lock, _translated():
            engine, self._engine = self._engine, None
            if engine is None:
                return
            engine.users -= 1
            if engine.users == 0:
                del _engines[self._folder]
                with engine.write_lock:
                    engine.shard.close()

    def _opened(self) -> _Engine:
        if self._engine is None:
            raise Retryable("The vector index is closed, as this process is stopping. Try again once it has started.")
        return self._engine

    @contextmanager
    def _reading(self) -> Iterator[edge.EdgeShard]:
        engine = self._opened()
        with _translated():
            yield engine.shard

    @contextmanager
    def _writing(self, changes: int) -> Iterator[edge.EdgeShard]:
        engine = self._opened()
        with engine.write_lock, _translated():
            yield engine.shard
            engine.unflushed += changes
            if engine.unflushed >= _FLUSH_EVERY:
                engine.shard.flush()
                engine.unflushed = 0


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (Permanent, Retryable):
        raise
    except Exception as error:  # the engine raises Exception itself, of no class of its own
        if "WouldBlock" in str(error):
            raise Retryable(
                "Another process holds the vector index. Stop the other Loupe of this folder, or give each its own."
            ) from error
        raise Retryable(f"The vector index failed: {error}. See that its disk has room and may be written.") from error


def _open_shard(folder: Path, dimension: int) -> edge.EdgeShard:
    config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine))
    if not folder.exists():
        _create(folder, config)
    try:
        return edge.EdgeShard.load(str(folder), config)
    except Exception as error:
        if "expected vector size" in str(error):
            raise _other_dimension(folder, dimension) from error
        raise


def _create(folder: Path, config: edge.EdgeConfig) -> None:
    """A folder with its indexes, appearing in one step: a process killed here leaves nothing half made."""
    unfinished = folder.parent / f".{folder.name}.{uuid4().hex}"
    shard = edge.EdgeShard.create(str(unfinished), config)
    shard.update(edge.UpdateOperation.create_field_index(TENANT, edge.KeywordIndexParams(is_tenant=True)))
    for name, kind in INDEXED.items():
        shard.update(edge.UpdateOperation.create_field_index(name, _INDEX_TYPES[kind]))
    shard.close()
    try:
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished)
        if not folder.exists():  # else another process made it first
            raise


def _other_dimension(folder: Path, dimension: int) -> Permanent:
    return Permanent(
        f"The collection {folder.name!r} holds vectors of another dimension than {dimension}. "
        "Reindex into a new collection, or set the model that it was made with."
    )


def _numbers(vector: Vector) -> list[float]:
    # The engine reads a list twice as fast as an array, number by number.
    return cast("list[float]", vector.tolist())


def _filter(tenant: str, where: Filter | None) -> edge.Filter:
    where = checked_filter(where)
    own = edge.FieldCondition(TENANT, match=edge.MatchValue(tenant))
    return edge.Filter(
        must=[own, *(_condition(condition) for condition in where.must)],
        must_not=[_condition(condition) for condition in where.must_not],
    )


def _condition(condition: Condition) -> Any:
    if not isinstance(condition, AnyOf):
        return edge.FieldCondition(condition.field, range=edge.RangeFloat(gte=condition.low, lte=condition.high))
    words = [value for value in condition.values if isinstance(value, str)]
    # A Python bool passes for an integer in the engine's binding, and an integer never equals a stored bool.
    flags = [np.bool_(value) for value in condition.values if isinstance(value, bool)]
    matches: list[Any] = [edge.MatchAny(words), *(edge.MatchValue(cast("Any", flag)) for flag in flags)]
    return edge.Filter(should=[edge.FieldCondition(condition.field, match=match) for match in matches])
