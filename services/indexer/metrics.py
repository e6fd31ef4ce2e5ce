"""What the indexer counts beside the metrics that every service has."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

PICTURES = Counter("loupe_indexer_pictures_total", "Analysed pictures: indexed, or dropped as removed", ["outcome"])
FILLED = Gauge(
    "loupe_indexer_filled_pictures", "Pictures in the collection being filled", multiprocess_mode="mostrecent"
)
