"""How much of a service's connections to its database is in use, read at the moment of a scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from shared.contracts.routes import Service
from shared.database.engine import Database


class PoolCollector(Collector):
    """`loupe_database_connections`: those in use, and how many may be."""

    def __init__(self, service: Service, database: Database) -> None:
        self._service = service
        self._database = database

    def collect(self) -> Iterator[Metric]:
        connections = GaugeMetricFamily(
            "loupe_database_connections", "Connections to a service's database", labels=["service", "state"]
        )
        used, most = self._database.connections()
        connections.add_metric([self._service, "used"], used)
        connections.add_metric([self._service, "most"], most)
        yield connections
