"""What the computation stands on: figures that reports of this repository hold, each found there by its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Constant:
    """`value` stands in `report` where `words` have their group; `command` measures it again."""

    what: str
    unit: str
    report: str
    words: str
    command: str

    @property
    def value(self) -> float:
        """Raises `ValueError` when the report does not hold it, and `OSError` when there is none."""
        found = re.search(self.words, (ROOT / self.report).read_text())
        if not found:
            raise ValueError(f"{self.report} does not say {self.words!r}. Measure it again: {self.command}")
        return float(found[1].replace(",", ""))


PICTURE_KB = Constant(
    "a picture as a shop sends it",
    "kB",
    "bench/reports/embedder.md",
    r"JPEGs of (\d+) kB in the mean",
    "make bench-embedder",
)
PICTURE_MS = Constant(
    "a picture in the embedder, alone: decode, find, forward, describe",
    "ms of a core",
    "bench/reports/search-api.md",
    r"\| model alone \| ([\d.]+) \|",
    "make bench-search-api",
)
INDEX_KB = Constant(
    "an item in the index, without a graph",
    "kB of memory",
    "bench/reports/search.md",
    r"an item takes ([\d.]+) kB of memory",
    "make bench-search",
)
INDEX_DISK_KB = Constant(
    "the same on disk", "kB", "bench/reports/search.md", r"of memory; ([\d.]+) kB of disk", "make bench-search"
)
SCAN_MS = Constant(
    "a search that looks at each of 100,000 vectors",
    "ms of CPU",
    "bench/reports/search.md",
    r"10 nearest of 100% \| [\d.]+ \| [\d.]+ \| [\d.]+ \| ([\d.]+) \|",
    "make bench-search",
)
GRAPH_MS = Constant(
    "a search by a graph of 50,000 vectors, recall 0.998",
    "ms of a core",
    "docs/adr/0011-words-and-quantized-vectors.md",
    r"0\.998 \(ef 256, ([\d.]+) ms\)",
    "python -m bench.vector_quantization --graph",
)
PHOTO_MS = Constant(
    "gateway and ranking, a search by photo, 10,000 items",
    "ms of CPU",
    "bench/reports/search-api.md",
    r"A search took ([\d.]+) ms of CPU",
    "make bench-search-api",
)
PHOTO_WAIT_MS = Constant(
    "the same from outside, model and all, one client",
    "ms",
    "bench/reports/search-api.md",
    r"\| through the API \| ([\d.]+) \|",
    "make bench-search-api",
)
EVENTS = Constant(
    "events of shoppers recorded, two cores",
    "a second",
    "bench/reports/recommender.md",
    r"\| recorded \| ([\d,]+) \|",
    "make bench-recommender",
)
EVERY = (
    PICTURE_KB,
    PICTURE_MS,
    INDEX_KB,
    INDEX_DISK_KB,
    SCAN_MS,
    GRAPH_MS,
    PHOTO_MS,
    PHOTO_WAIT_MS,
    EVENTS,
)
