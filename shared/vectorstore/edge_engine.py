"""Folders of Qdrant's Rust engine, opened once in this process and shared by its stores."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import qdrant_edge as edge
import structlog

from shared.contracts.text import TEXT_DIMENSION
from shared.errors import Permanent, Retryable
from shared.vectorstore.points import INDEXED, LOOK, MEANING, TENANT, TERMS, UNNAMED

# Of 50,000 x 1,280 a search takes 5.3 ms of one core (docs/adr/0011-words-and-quantized-vectors.md).
_NUMBERS_A_MS = 12_000_000
_SLOW_MS = 20

_INDEX_TYPES = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "bool": edge.PayloadSchemaType.Bool,
    "float": edge.PayloadSchemaType.Float,
}
_log = structlog.get_logger(__name__)


class Engine:
    """One open folder; the engine itself lets only one opening in.

    `look`: the name of the vectors of pictures. `has_words`: whether points may have words, which those of a collection
    of before cannot.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self.dimension = dimension
        self.users = 0
        self.write_lock = threading.Lock()
        self.unflushed = 0
        self._opening = uuid4().hex
        self._writes: Counter[str] = Counter()
        self.shard, self.has_words = _open_shard(folder, dimension)
        self.look = LOOK if self.has_words else UNNAMED
        points = self.shard.info().points_count
        tell = _log.info if _search_ms(points, dimension) < _SLOW_MS else _log.warning
        tell("embedded_index_opened", collection=folder.name, points=points, words=outlook(points, dimension))

    def wrote(self, tenant: str) -> None:
        self._writes[tenant] += 1

    def generation(self, tenant: str) -> str:
        return f"{self._opening}-{self._writes[tenant]}"


_engines: dict[Path, Engine] = {}
_engines_lock = threading.Lock()


def acquire(folder: Path, dimension: int) -> Engine:
    """The engine of a resolved folder, for one more user. Raises `Permanent` when it is of another dimension."""
    with _engines_lock, translated():
        engine = _engines.get(folder) or Engine(folder, dimension)
        if engine.dimension != dimension:
            raise _other_dimension(folder, dimension)
        _engines[folder] = engine
        engine.users += 1
        return engine


def release(folder: Path, engine: Engine) -> None:
    """One user less; the last one closes the engine."""
    with _engines_lock, translated():
        engine.users -= 1
        if engine.users == 0:
            del _engines[folder]
            with engine.write_lock:
                engine.shard.close()


def remove(folder: Path) -> None:
    """Remove a collection's folder. Raises `Retryable` while a store of this process has it open."""
    with _engines_lock, translated():
        if folder.resolve() in _engines:
            raise Retryable(f"The collection {folder.name!r} is still being read. It can go once its readers are done.")
        if folder.exists():
            gone = folder.parent / f".{folder.name}.{uuid4().hex}"  # in one step: no half of it is ever opened
            folder.rename(gone)
            shutil.rmtree(gone)


def outlook(points: int, dimension: int) -> str:
    """How long searches take, as every vector is looked at, and what an operator should do when that is too long."""
    took = _search_ms(points, dimension)
    if took < _SLOW_MS:
        return f"A search without filters takes about {max(1, round(took))} ms of one core."
    return (
        f"A search without filters takes about {round(took)} ms of one core, as the embedded engine looks at every "
        "vector. A Qdrant server does not: `A large catalogue` in docs/operations.md says how to move to one "
        "(VECTOR_STORE_URL=qdrant://host:6333)."
    )


@contextmanager
def translated() -> Iterator[None]:
    """The engine's errors in our words."""
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


def _search_ms(points: int, dimension: int) -> float:
    return points * dimension / _NUMBERS_A_MS


def _open_shard(folder: Path, dimension: int) -> tuple[edge.EdgeShard, bool]:
    """The folder, made when there is none, and whether its points may have words."""
    if not folder.exists():
        _create(folder, dimension)
    try:
        return edge.EdgeShard.load(str(folder), _config(dimension)), True
    except Exception as error:
        if "expected vector size" in str(error):
            raise _other_dimension(folder, dimension) from error
        if "expected vector storages with keys" not in str(error):
            raise
    of_before = edge.EdgeConfig(vectors={UNNAMED: edge.EdgeVectorParams(dimension, edge.Distance.Cosine)})
    try:
        return edge.EdgeShard.load(str(folder), of_before), False
    except Exception as error:
        if "expected vector size" in str(error):
            raise _other_dimension(folder, dimension) from error
        raise


def _config(dimension: int) -> edge.EdgeConfig:
    # Eight bits by a random rotation: of the engine's ways the one that works as points come, without `optimize`.
    quantized = edge.TurboQuantQuantizationConfig(bits=edge.TurboQuantBitSize.Bits8, memory=edge.Memory.Pinned)

    def dense(size: int) -> edge.EdgeVectorParams:
        return edge.EdgeVectorParams(size, edge.Distance.Cosine, quantization_config=quantized)

    return edge.EdgeConfig(
        vectors={LOOK: dense(dimension), MEANING: dense(TEXT_DIMENSION)},
        sparse_vectors={TERMS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
    )


def _create(folder: Path, dimension: int) -> None:
    """A folder with its indexes, appearing in one step: a process killed here leaves nothing half made."""
    unfinished = folder.parent / f".{folder.name}.{uuid4().hex}"
    shard = edge.EdgeShard.create(str(unfinished), _config(dimension))
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
