"""What webhooks can count."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from services.gateway.webhooks.tables import DeliveryRow, WebhookRow
from shared.database import Database
from shared.errors import Retryable

ATTEMPTS = Counter("loupe_webhook_attempts_total", "Tries to deliver an event to a webhook", ["outcome"])
for _outcome in ("delivered", "refused", "unreachable"):
    ATTEMPTS.labels(_outcome)  # a rate needs the 0 before the first
GIVEN_UP = Counter("loupe_webhook_given_up_total", "Events that a webhook did not take in a day")
DISABLED = Counter("loupe_webhooks_disabled_total", "Webhooks that were disabled because they took nothing", ["why"])
for _why in ("gone", "failing"):
    DISABLED.labels(_why)
SECONDS = Histogram(
    "loupe_webhook_seconds",
    "How long a receiver took, or did not answer",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)


class WebhookCollector(Collector):
    """Webhooks, and what waits for them, counted at the moment of a scrape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        webhooks = GaugeMetricFamily("loupe_webhooks", "Webhooks by whether anything is sent to them", labels=["state"])
        waiting = GaugeMetricFamily("loupe_webhook_waiting", "Events on their way to a webhook")
        counts = {"enabled": 0, "disabled": 0}
        try:
            with self._database.read() as session:
                for enabled, count in session.execute(
                    select(WebhookRow.enabled, func.count()).group_by(WebhookRow.enabled)
                ):
                    counts["enabled" if enabled else "disabled"] = count
                due = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.next_at.is_not(None))
                waiting.add_metric([], session.execute(due).scalar_one())
            for state, count in counts.items():
                webhooks.add_metric([state], count)
        except Retryable:
            pass  # loupe_database_up says so
        yield from (webhooks, waiting)
