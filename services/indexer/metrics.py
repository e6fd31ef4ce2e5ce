"""What the indexer counts beside the metrics that every service has."""

from __future__ import annotations

from prometheus_client import Counter

PICTURES = Counter("loupe_indexer_pictures_total", "Analysed pictures: indexed, or dropped as removed", ["outcome"])
