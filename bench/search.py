"""How well and how fast a large index answers: the embedded engine, and a Qdrant server when QDRANT_URL names one.

`python -m bench.search [--items 100000] [--pictures 500]` prints the figures, and writes them to
bench/reports/search.md.

The vectors are those that the model which ships makes of the evaluation renders, varied within their clusters: an item
is a picture's vector plus a part of the difference of two others', so that it strays where real vectors stray. A query
is made like an item. What brute force finds is kept while the index is built; so 1,000,000 items need the engine's
memory alone.
"""

from __future__ import annotations

import argparse
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from urllib.parse import urlsplit

import numpy as np
import psutil

from bench.search_catalogue import EVERY, QUERIES, TOP, Catalogue, vectors_of_renders
from services.recommender.ranking import BESIDE_THE_MAIN
from shared import vectorstore
from shared.contracts.fields import Vector
from shared.vectorstore import AnyOf, Filter, Hit, Text, VectorStore
from shared.vectorstore.qdrant import connect

REPORT = Path(__file__).parent / "reports" / "search.md"
Query = TypeVar("Query")
TENANT = "bench"
CANDIDATES = 200
"""So many are asked for to be ranked again."""


@dataclass
class Row:
    """Searches of one kind: wall-clock times in ms, and ms of this process's CPU for one."""

    what: str
    times: list[float]
    cpu: float
    recall: float | None = None

    def line(self) -> str:
        recall = "" if self.recall is None else f"{self.recall:.4f}"
        p50, p99 = np.quantile(self.times, [0.5, 0.99])
        return f"| {self.what} | {recall} | {p50:.2f} | {p99:.2f} | {self.cpu:.2f} |"


@dataclass
class Figures:
    """Of one engine."""

    engine: str
    built_s: float
    memory_kb: float | None = None
    disk_kb: float | None = None
    rows: list[Row] = field(default_factory=list)

    def lines(self, items: int) -> list[str]:
        room = [
            f"{self.memory_kb:.1f} kB of memory" if self.memory_kb else "",
            f"{self.disk_kb:.1f} kB of disk" if self.disk_kb else "",
        ]
        told = "; ".join(part for part in room if part)
        return [
            f"## {self.engine}",
            "",
            f"Built in {self.built_s:.0f} s, {items / self.built_s:.0f} items/s"
            + (f"; an item takes {told}." if told else "."),
            "",
            "| search | recall@10 | p50 ms | p99 ms | our CPU ms |",
            "| --- | --- | --- | --- | --- |",
            *(row.line() for row in self.rows),
            "",
        ]


def measure(store: VectorStore, catalogue: Catalogue, engine: str, settled: Callable[[], None]) -> Figures:
    before, figures = memory_mb(), Figures(engine, 0)
    for points in catalogue.chunks():
        started = time.perf_counter()
        store.upsert(TENANT, points)
        figures.built_s += time.perf_counter() - started
    started = time.perf_counter()
    settled()
    figures.built_s += time.perf_counter() - started
    figures.memory_kb = (memory_mb() - before) * 1e3 / catalogue.items
    queries = list(catalogue.queries)
    for every in EVERY:
        where = Filter(must=[AnyOf("tags", [f"every-{every}"])]) if every > 1 else None
        row, found = timed(f"{TOP} nearest of {100 / every:g}%", queries, partial(nearest, store, where))
        row.recall = float(np.mean([share(hits, catalogue.nearest(n, every)) for n, hits in enumerate(found)]))
        figures.rows.append(row)
    figures.rows.append(timed(f"{CANDIDATES} nearest with vectors", queries, partial(candidates, store))[0])
    texts = catalogue.texts()
    figures.rows.append(timed(f"{CANDIDATES} best by words", texts, partial(by_words, store))[0])
    return figures


def timed(what: str, queries: list[Query], search: Callable[[Query], list[Hit]]) -> tuple[Row, list[list[Hit]]]:
    found, times, cpu = [], [], time.process_time()
    for query in queries:
        started = time.perf_counter()
        found.append(search(query))
        times.append((time.perf_counter() - started) * 1e3)
    return Row(what, times, (time.process_time() - cpu) * 1e3 / len(queries)), found


def nearest(store: VectorStore, where: Filter | None, query: Vector) -> list[Hit]:
    return store.search(TENANT, query, TOP, where)


def candidates(store: VectorStore, query: Vector) -> list[Hit]:
    return store.search(TENANT, query, CANDIDATES, with_vectors=True)


def by_words(store: VectorStore, text: Text) -> list[Hit]:
    return store.search_text(TENANT, text, CANDIDATES, Filter(must_not=[BESIDE_THE_MAIN]))


def share(hits: list[Hit], expected: set[str]) -> float:
    return len({hit.id for hit in hits} & expected) / len(expected)


def embedded(catalogue: Catalogue) -> Figures:
    with TemporaryDirectory() as folder:
        store = vectorstore.open(f"edge://{folder}", "bench", catalogue.dimension)
        figures = measure(store, catalogue, "The embedded engine", lambda: None)
        store.close()
        figures.disk_kb = on_disk_mb(Path(folder)) * 1e3 / catalogue.items
        return figures


def on_server(url: str, catalogue: Catalogue) -> Figures:
    """Its memory is another process's, so it is not told."""
    name = f"bench-{uuid.uuid4().hex}"
    directory = vectorstore.directory(url, name)
    connection = connect(urlsplit(url))
    connection.acquire()

    def settled() -> None:
        with connection.calling() as client:
            while client.get_collection(name).status != "green":
                time.sleep(0.5)

    store = directory.open(name, catalogue.dimension)
    try:
        figures = measure(store, catalogue, "A Qdrant server", settled)
    finally:
        store.close()
        directory.drop(name)
        directory.close()
        connection.release()
    figures.memory_kb = None
    return figures


def memory_mb() -> float:
    """Resident memory of this process, mapped files included."""
    return float(psutil.Process().memory_info().rss) / 1e6


def on_disk_mb(folder: Path) -> float:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=500, help="So many renders the vectors come of.")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    version, pictures = vectors_of_renders(given.pictures)
    catalogue = Catalogue(pictures, given.items)
    load = os.getloadavg()[0]
    found = [embedded(catalogue)]
    if url := os.environ.get("QDRANT_URL"):
        found.append(on_server(url, catalogue))
    lines = [
        "# Search in a large index",
        "",
        f"Made by `make bench-search`, on {os.cpu_count()} cores, which had a load of {load:.1f} of other work.",
        f"{given.items:,} items with words; vectors of {version}, {catalogue.dimension} numbers, of {len(pictures)}",
        "renders, varied within their clusters.",
        f"{QUERIES} queries a row, one after the other.",
        "",
        *(line for figures in found for line in figures.lines(given.items)),
    ]
    if not url:
        lines += ["No Qdrant server was at hand: set QDRANT_URL to one, and its figures stand here too.", ""]
    text = "\n".join(lines)
    print(text)
    given.report.write_text(text)


if __name__ == "__main__":
    main()
