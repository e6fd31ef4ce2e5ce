"""Depth and age of the queues, read at the moment of a scrape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from shared.contracts.routes import Service
from shared.errors import Retryable
from shared.messaging.broker import Broker


class QueueCollector(Collector):
    """`loupe_queue_*` for every service's queue, as far as the broker tells them, and `loupe_broker_up`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("loupe_queue_waiting", "Bundles of messages waiting in a queue", labels=["queue"])
        working = GaugeMetricFamily("loupe_queue_working", "Bundles taken and not acknowledged", labels=["queue"])
        age = GaugeMetricFamily("loupe_queue_oldest_seconds", "Age of the oldest waiting bundle", labels=["queue"])
        memory = GaugeMetricFamily("loupe_broker_memory_bytes", "Memory that the broker has in use")
        up = GaugeMetricFamily("loupe_broker_up", "1 when the broker answers")
        try:
            for queue in get_args(Service):
                depth = self._broker.depth(queue)
                waiting.add_metric([queue], depth.waiting)
                if depth.working is not None:
                    working.add_metric([queue], depth.working)
                if depth.oldest_seconds is not None:
                    age.add_metric([queue], depth.oldest_seconds)
            used = self._broker.memory()
            if used is not None:
                memory.add_metric([], used)
            up.add_metric([], 1)
        except Retryable:
            up.add_metric([], 0)
        yield from (waiting, working, age, memory, up)
