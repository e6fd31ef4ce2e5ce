"""Depth and age of the queues, read at the moment of a scrape."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from shared.contracts.routes import Service
from shared.errors import Retryable
from shared.messaging.broker import Broker
from shared.messaging.queues import QueueDepth

_LONGEST_SECONDS = 6.0
"""Prometheus waits for 10 s in all. To look for the name of a broker that is away may take longer by itself."""


class QueueCollector(Collector):
    """`loupe_queue_*` for every service's queue, as far as the broker tells them, and `loupe_broker_up`: 0 too when it
    has not told them within 6 s."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        self._asking: _Asking | None = None

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("loupe_queue_waiting", "Bundles of messages waiting in a queue", labels=["queue"])
        working = GaugeMetricFamily("loupe_queue_working", "Bundles taken and not acknowledged", labels=["queue"])
        age = GaugeMetricFamily("loupe_queue_oldest_seconds", "Age of the oldest waiting bundle", labels=["queue"])
        memory = GaugeMetricFamily("loupe_broker_memory_bytes", "Memory that the broker has in use")
        up = GaugeMetricFamily("loupe_broker_up", "1 when the broker answers")
        told = self._told()
        for queue, depth in told.depths.items() if told else ():
            waiting.add_metric([queue], depth.waiting)
            if depth.working is not None:
                working.add_metric([queue], depth.working)
            if depth.oldest_seconds is not None:
                age.add_metric([queue], depth.oldest_seconds)
        if told and told.memory is not None:
            memory.add_metric([], told.memory)
        up.add_metric([], 1 if told else 0)
        yield from (waiting, working, age, memory, up)

    def _told(self) -> _Told | None:
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = _Asking(self._broker)
                self._asking.start()
            asking = self._asking
        asking.join(_LONGEST_SECONDS)
        return asking.told


@dataclass(frozen=True)
class _Told:
    depths: Mapping[Service, QueueDepth]
    memory: float | None


class _Asking(threading.Thread):
    """One look at all queues; `told` is None until it has ended, and after it when the broker did not answer."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(name="queue-depths", daemon=True)
        self._broker = broker
        self.told: _Told | None = None

    def run(self) -> None:
        with suppress(Retryable):
            depths = {queue: self._broker.depth(queue) for queue in get_args(Service)}
            self.told = _Told(depths, self._broker.memory())
