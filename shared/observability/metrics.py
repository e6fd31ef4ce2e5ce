"""The metrics that every service has. Units are in the names; label values come from code, never from input."""

from __future__ import annotations

import os
from collections.abc import Sequence

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

HTTP_REQUESTS = Counter("loupe_http_requests_total", "HTTP requests answered", ["service", "method", "route", "status"])
HTTP_SECONDS = Histogram(
    "loupe_http_request_seconds", "Duration of HTTP requests", ["service", "route"], buckets=_SECONDS
)
HTTP_IN_HAND = Gauge(
    "loupe_http_requests_in_hand", "HTTP requests that wait for their answer", ["service"], multiprocess_mode="livesum"
)
MESSAGES = Counter("loupe_messages_total", "Messages handled: ok, retried or dead", ["service", "message", "outcome"])
MESSAGE_SECONDS = Histogram(
    "loupe_message_seconds", "Duration of message handlers", ["service", "message"], buckets=_SECONDS
)
MESSAGE_WAIT = Histogram(
    "loupe_message_wait_seconds",
    "From the publication of a bundle of messages until a worker begins with it, the first time",
    ["service"],
    buckets=(*_SECONDS, 60, 300, 900, 3_600),
)
WORKER_THREADS = Gauge("loupe_worker_threads", "Threads that handle messages", ["role"], multiprocess_mode="livesum")


def render(collectors: Sequence[Collector] = ()) -> bytes:
    """The exposition text of all processes that share PROMETHEUS_MULTIPROC_DIR, or of this alone; plus `collectors`."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # the library's own setting, read where the library reads it
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        text = generate_latest(registry)
    else:
        text = generate_latest(REGISTRY)
    if collectors:
        extra = CollectorRegistry()
        for collector in collectors:
            extra.register(collector)
        text += generate_latest(extra)
    return text
