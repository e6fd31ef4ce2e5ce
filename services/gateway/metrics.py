"""What only the gateway can count."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from services.gateway.tables import OUTBOX, DeadLetter, Image
from shared.database import Database
from shared.errors import Retryable

OUTCOMES = Counter("loupe_pictures_total", "Pictures whose outcome came back", ["outcome"])
UPLOADED_BYTES = Histogram(
    "loupe_picture_bytes", "Size of accepted pictures", buckets=(1e4, 1e5, 3e5, 1e6, 3e6, 1e7, 2e7)
)


class CatalogueCollector(Collector):
    """Pictures by state, open outbox rows and dead letters, counted at the moment of a scrape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        pictures = GaugeMetricFamily("loupe_catalogue_pictures", "Pictures by state", labels=["state"])
        waiting = GaugeMetricFamily("loupe_outbox_open", "Messages whose outcome has not come back")
        letters = GaugeMetricFamily("loupe_dead_letters", "Messages that nobody could handle")
        up = GaugeMetricFamily("loupe_database_up", "1 when the catalogue database answers")
        try:
            with self._database.read() as session:
                for state, count in session.execute(select(Image.state, func.count()).group_by(Image.state)):
                    pictures.add_metric([state], count)
                waiting.add_metric([], OUTBOX.open_rows(session))
                letters.add_metric([], session.execute(select(func.count()).select_from(DeadLetter)).scalar_one())
            up.add_metric([], 1)
        except Retryable:
            up.add_metric([], 0)
        yield from (pictures, waiting, letters, up)
