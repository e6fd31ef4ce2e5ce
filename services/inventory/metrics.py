"""What the inventory counts beside the metrics that every service has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import case, func, select

from services.inventory.forecast_tables import AdviceRow, ForecastRun
from services.inventory.tables import ItemStock, MovementRow
from shared.database import Database
from shared.errors import Retryable

MOVEMENTS = Counter(
    "loupe_inventory_movements_total", "Movements of stock: recorded, or repeated (known by their id)", ["outcome"]
)
for _outcome in ("recorded", "repeated"):
    MOVEMENTS.labels(_outcome)  # 0 from the start
MENDED = Counter("loupe_inventory_mended_total", "Items whose levels were not what their movements make; always 0")


class InventoryCollector(Collector):
    """How fresh the ledger and what follows from it are, counted at the moment of a scrape. Of all shops together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        items = GaugeMetricFamily("loupe_inventory_items", "Items by their stock", labels=["state"])
        moved = GaugeMetricFamily(
            "loupe_inventory_last_movement_timestamp_seconds", "When the last movement of any shop came in"
        )
        made = GaugeMetricFamily(
            "loupe_inventory_oldest_forecast_timestamp_seconds",
            "When the forecasts of the shop that waits longest were made",
        )
        advice = GaugeMetricFamily("loupe_inventory_advice", "Pieces by what is advised", labels=["kind"])
        state = case((ItemStock.on_hand.is_(None), "uncounted"), (ItemStock.on_hand > 0, "in-stock"), else_="out")
        try:
            with self._database.read() as session:
                counts = dict.fromkeys(("in-stock", "out", "uncounted"), 0)
                counts |= {row[0]: row[1] for row in session.execute(select(state, func.count()).group_by(state))}
                last = session.scalar(select(MovementRow.recorded_at).order_by(MovementRow.id.desc()).limit(1))
                oldest = session.scalar(select(func.min(ForecastRun.made_at)))
                pieces = select(AdviceRow.kind, func.count()).where(AdviceRow.of == "piece").group_by(AdviceRow.kind)
                advised = {kind or "none": count for kind, count in session.execute(pieces)}
        except Retryable:
            return  # LoupeServiceDown, or the service's own words, say so
        for of, count in counts.items():
            items.add_metric([of], count)
        for kind, count in advised.items():
            advice.add_metric([kind], count)
        if last is not None:
            moved.add_metric([], last / 1000)
        if oldest is not None:
            made.add_metric([], oldest.replace(tzinfo=UTC).timestamp())
        yield from (items, moved, made, advice)
