"""What the authenticity service counts beside the metrics that every service has."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from services.authenticity.tables import ReferencePictureRow, ReferenceRow
from shared.database import Database
from shared.errors import Retryable

VERIFICATIONS = Counter("loupe_verifications_total", "Verifications by what they answered of the design", ["outcome"])
for _outcome in ("match", "mismatch", "cannot_tell"):
    VERIFICATIONS.labels(_outcome)  # 0 from the start
VERIFYING = Histogram(
    "loupe_verification_seconds", "Time of one verification", buckets=(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20)
)


class AuthenticityCollector(Collector):
    """What is registered, of all shops together, counted at the moment of a scrape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        references = GaugeMetricFamily("loupe_references", "Registered references by kind", labels=["kind"])
        pictures = GaugeMetricFamily("loupe_reference_pictures", "Pictures of registered references")
        by_kind = select(ReferenceRow.kind, func.count()).group_by(ReferenceRow.kind)
        try:
            with self._database.read() as session:
                counted = session.execute(by_kind).all()
                held = session.scalar(select(func.count()).select_from(ReferencePictureRow))
        except Retryable:
            return
        for kind, count in counted:
            references.add_metric([kind], count)
        pictures.add_metric([], held or 0)
        yield from (references, pictures)
