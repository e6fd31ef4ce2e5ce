"""How the embedded engine's ways to keep vectors compare, and how a graph over int8 finds with its parameters.

`python -m bench.vector_quantization [--items 50000] [--graph]` prints the figures that
docs/adr/0011-words-and-quantized-vectors.md is based on. `--graph` builds what a server builds, by the same code.
Times are of the processor, which other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import qdrant_edge as edge

from bench.search_catalogue import EVERY, QUERIES, TOP, Catalogue, vectors_of_renders

_TURBO = edge.TurboQuantQuantizationConfig(bits=edge.TurboQuantBitSize.Bits8, memory=edge.Memory.Pinned)
_INT8 = edge.ScalarQuantizationConfig(type=edge.ScalarType.Int8, quantile=0.99, memory=edge.Memory.Pinned)
WAYS: dict[str, dict[str, Any]] = {
    "float32": {},
    "float16": {"datatype": edge.VectorStorageDatatype.Float16},
    "8 bits alone": {"datatype": edge.VectorStorageDatatype.Turbo8},
    "8 bits and float32": {"quantization_config": _TURBO},
    "int8 and float32": {"quantization_config": _INT8},
}


def build(folder: str, catalogue: Catalogue, **vectors: Any) -> edge.EdgeShard:
    look = edge.EdgeVectorParams(catalogue.dimension, edge.Distance.Cosine, **vectors)
    graph = edge.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=10_000)
    shard = edge.EdgeShard.create(f"{folder}/c", edge.EdgeConfig(vectors={"look": look}, hnsw_config=graph))
    shard.update(edge.UpdateOperation.create_field_index("tenant", edge.KeywordIndexParams(is_tenant=True)))
    shard.update(edge.UpdateOperation.create_field_index("tags", edge.PayloadSchemaType.Keyword))
    for points in catalogue.chunks():
        stored = [edge.Point(p.id, {"look": p.vector.tolist()}, {**p.payload, "tenant": "bench"}) for p in points]
        shard.update(edge.UpdateOperation.upsert_points(stored))
    shard.flush()
    return shard


def tell(shard: edge.EdgeShard, catalogue: Catalogue, what: str, oversampling: float, ef: int | None = None) -> None:
    """Print CPU ms a search and recall@10 at each selectivity."""
    rescored = edge.QuantizationSearchParams(rescore=True, oversampling=oversampling)
    params = edge.SearchParams(hnsw_ef=ef, quantization=rescored)
    figures = []
    for every in EVERY:
        own = edge.FieldCondition("tenant", match=edge.MatchValue("bench"))
        kept = [edge.FieldCondition("tags", match=edge.MatchValue(f"every-{every}"))] if every > 1 else []
        condition = edge.Filter(must=[own, *kept])
        started, found = time.process_time(), []
        for query in catalogue.queries:
            nearest = edge.Query.Nearest(query.tolist(), "look")
            found.append(shard.search(edge.SearchRequest(nearest, limit=TOP, filter=condition, params=params)))
        cpu = (time.process_time() - started) * 1e3 / QUERIES
        figures.append(f"{100 / every:g}%: {cpu:.2f} ms, {recall(found, catalogue, every):.4f}")
    print(f"{what}, {oversampling:g} times as many scored again: " + "; ".join(figures), flush=True)


def recall(found: Sequence[Sequence[edge.ScoredPoint]], catalogue: Catalogue, every: int) -> float:
    shares = []
    for number, points in enumerate(found):
        expected = catalogue.nearest(number, every)
        shares.append(len({str(point.id) for point in points} & expected) / len(expected))
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--graph", action="store_true")
    given = parser.parse_args()
    catalogue = Catalogue(vectors_of_renders(given.pictures)[1], given.items)
    print(f"{given.items} x {catalogue.dimension}; recall@10 after the times")
    for name, way in {"a graph over int8": WAYS["int8 and float32"]}.items() if given.graph else WAYS.items():
        with TemporaryDirectory() as folder:
            shard = build(folder, catalogue, **way)
            if given.graph:
                started = time.process_time()
                shard.optimize()
                print(f"the graph took {time.process_time() - started:.0f} s of CPU")
                for ef in (64, 128, 256):
                    for oversampling in (1.0, 2.0):
                        tell(shard, catalogue, f"{name}, ef {ef}", oversampling, ef)
            else:
                size = sum(path.stat().st_blocks * 512 for path in Path(folder).rglob("*") if path.is_file())
                print(f"{name}: {size / given.items / 1e3:.1f} kB an item on disk")
                tell(shard, catalogue, name, 2.0)
            shard.close()


if __name__ == "__main__":
    main()
