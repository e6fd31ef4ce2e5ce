"""How fast the embedded vector engine is without a graph, and what building one costs.

`python -m bench.vector_engine [optimize]` prints the figures that docs/adr/0002-embedded-vector-engine.md is based on.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import numpy as np
import qdrant_edge as edge

from shared.contracts.fields import Vector
from shared.vectorstore import AnyOf, Filter, Point
from shared.vectorstore.edge import EdgeStore


def _filled(folder: Path, count: int, dimension: int) -> tuple[EdgeStore, list[Vector]]:
    rng = np.random.default_rng(0)
    store, started = EdgeStore(folder, dimension), time.perf_counter()
    for first in range(0, count, 100):
        rows = rng.standard_normal((100, dimension), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        points = [
            Point(str(uuid.uuid4()), row, {"sku": str(first + i), "in_stock": i % 3 > 0}) for i, row in enumerate(rows)
        ]
        store.upsert("lumen", points)
    print(f"{count} x {dimension}: {count / (time.perf_counter() - started):.0f} upserts/s", end="; ")
    return store, list(rows)


def search_times(count: int, dimension: int) -> None:
    """Print median and 95th percentile of a search for 20, all and filtered, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        store, queries = _filled(Path(folder) / "c", count, dimension)
        for name, where in (("search", None), ("filtered", Filter(must=[AnyOf("in_stock", [True])]))):
            times = []
            for query in queries:
                started = time.perf_counter()
                store.search("lumen", query, 20, where)
                times.append((time.perf_counter() - started) * 1e3)
            print(f"{name} p50 {np.median(times):.1f} p95 {np.quantile(times, 0.95):.1f} ms", end="; ")
        print()
        store.close()


def optimize_times(count: int, dimension: int) -> None:
    """Print what `optimize` takes, and how often another Python thread ran meanwhile (every 10 ms when it is free)."""
    with tempfile.TemporaryDirectory() as folder:
        store, _ = _filled(Path(folder) / "c", count, dimension)
        store.close()
        shard, ticks, done = edge.EdgeShard.load(str(Path(folder) / "c")), 0, threading.Event()

        def tick() -> None:
            nonlocal ticks
            while not done.wait(0.01):
                ticks += 1

        thread = threading.Thread(target=tick)
        thread.start()
        before, wall, cpu = ticks, time.perf_counter(), time.process_time()
        shard.optimize()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"optimize {wall:.1f} s, CPU {cpu:.1f} s, ticks {ticks - before}")
        done.set()
        thread.join()
        shard.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["optimize"]:
        for size in (10_000, 20_000):
            optimize_times(size, 384)
    else:
        for size in (5_000, 20_000):
            search_times(size, 1_280)
