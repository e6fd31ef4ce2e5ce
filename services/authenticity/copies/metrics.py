"""What is counted of looking for copies."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

COMPARED = Counter("loupe_copies_compared_total", "Pictures compared with those of other shops", ["outcome"])
for _outcome in ("looked", "unseen", "withdrawn"):
    COMPARED.labels(_outcome)  # 0 from the start
FOUND = Counter("loupe_copies_found_total", "Look-alikes that a shop was told of")
COMPARING = Histogram(
    "loupe_copies_seconds", "Time of comparing one picture", buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
)
GALLERY = Gauge("loupe_copies_gallery_pieces", "Pieces that pictures are compared with, in memory")
