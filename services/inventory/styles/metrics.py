"""What is counted of runs that make styles."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

STYLE_RUNS = Counter("loupe_inventory_style_runs_total", "Runs that made a shop's styles, by outcome", ["outcome"])
STYLE_SECONDS = Gauge("loupe_inventory_style_seconds", "What the last run took")
for _outcome in ("made", "failed", "stopped"):
    STYLE_RUNS.labels(_outcome)  # 0 from the start
