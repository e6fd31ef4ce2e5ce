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
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
import psutil

from bench.search_catalogue import EVERY, QUERIES, TOP, VOCABULARY, Catalogue, text_of, vectors_of_renders
from shared import vectorstore
from shared.contracts.text import TEXT_DIMENSION
from shared.vectorstore import AnyOf, Filter, Hit, VectorStore
from shared.vectorstore.qdrant import connect

REPORT = Path(__file__).parent / "reports" / "search.md"
TENANT = "bench"
CANDIDATES = 200
"""So many are asked for to be ranked again."""


@dataclass
class Figures:
    """Of one engine. Times in ms; `searches`: what, recall, times."""

    engine: str
    built_s: float
    memory_kb: float | None = None
    disk_kb: float | None = None
    searches: list[tuple[str, str, list[float]]] = field(default_factory=list)

    def lines(self, items: int) -> list[str]:
        room = [
            f"{self.memory_kb:.1f} kB of memory" if self.memory_kb else "",
            f"{self.disk_kb:.1f} kB of disk" if self.disk_kb else "",
        ]
        told = "; ".join(part for part in room if part)
        rows = [
            f"| {what} | {recall} | {np.median(times):.2f} | {np.quantile(times, 0.99):.2f} |"
            for what, recall, times in self.searches
        ]
        return [
            f"## {self.engine}",
            "",
            f"Built in {self.built_s:.0f} s, {items / self.built_s:.0f} items/s"
            + (f"; an item takes {told}." if told else "."),
            "",
            "| search | recall@10 | p50 ms | p99 ms |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]


def measure(store: VectorStore, catalogue: Catalogue, engine: str, settled: Callable[[], None]) -> Figures:
    before, started = memory_mb(), time.perf_counter()
    for points in catalogue.chunks():
        store.upsert(TENANT, points)
    settled()
    figures = Figures(engine, time.perf_counter() - started)
    figures.memory_kb = (memory_mb() - before) * 1e3 / catalogue.items
    for every in EVERY:
        where = Filter(must=[AnyOf("tags", [f"every-{every}"])]) if every > 1 else None
        times: list[float] = []
        recalls = []
        for number, query in enumerate(catalogue.queries):
            hits = timed(times, lambda q=query, w=where: store.search(TENANT, q, TOP, w))  # type: ignore[misc]
            expected = catalogue.nearest(number, every)
            recalls.append(len({hit.id for hit in hits} & expected) / len(expected))
        figures.searches.append((f"10 nearest of {100 / every:g}%", f"{np.mean(recalls):.4f}", times))
    times = []
    for query in catalogue.queries:
        timed(times, lambda q=query: store.search(TENANT, q, CANDIDATES, with_vectors=True))  # type: ignore[misc]
    figures.searches.append((f"{CANDIDATES} nearest with vectors", "", times))
    rng, times = np.random.default_rng(3), []
    for _ in range(QUERIES):
        text = text_of(rng.standard_normal(TEXT_DIMENSION, dtype=np.float32), rng.integers(20, VOCABULARY, 3))
        timed(times, lambda t=text: store.search_text(TENANT, t, CANDIDATES))  # type: ignore[misc]
    figures.searches.append((f"{CANDIDATES} best by words", "", times))
    return figures


def timed(times: list[float], search: Callable[[], list[Hit]]) -> list[Hit]:
    started = time.perf_counter()
    hits = search()
    times.append((time.perf_counter() - started) * 1e3)
    return hits


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
