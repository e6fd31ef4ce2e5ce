"""Notices what a broken connection leaves behind: a worker that takes nothing, and bundles that nobody acknowledges.

A Celery worker whose hands are all full does not read from its broker. When the broker dies at that moment, the
acknowledgements fail, the worker counts them as open for ever, and so never reads again and never sees that its
connection is gone (measured on kombu 5.7 over Redis, one kill with all threads busy). And what it had taken stays noted
as being worked on until the visibility timeout, which keeps the outbox from sending it again meanwhile. Over AMQP a
worker was seen to stand in a read for the answer to its prefetch count, after a kill, until its socket was closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from shared.contracts.routes import Service
from shared.errors import Retryable
from shared.messaging.broker import Broker

_LOOK_SECONDS = 1.0
_DEAF_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Watch:
    """`reconnect` is called when nothing has been in work for 5 seconds and a queue has waited as long.

    `sole`: no other process has this role. So what the broker still counts as being worked on, when nothing is and no
    retry is held back, was lost with a connection, and is put back at once.
    """

    def __init__(self, broker: Broker, queues: Sequence[Service], reconnect: Callable[[], None], *, sole: bool) -> None:
        self._broker = broker
        self._queues = queues
        self._reconnect = reconnect
        self._sole = sole
        self._held_until = 0.0
        self._lock = threading.Lock()
        self._in_work = 0
        self._idle_since = time.monotonic()
        self._waiting_since: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consumer-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around the handling of a bundle."""
        with self._lock:
            self._in_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_work -= 1
                self._idle_since = time.monotonic()

    def held_back(self, seconds: float) -> None:
        """A retry is with the worker, unacknowledged, for so long."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self._look()
            except Retryable:
                self._waiting_since = None  # the broker is away; when it is back, the worker has its time to notice

    def _look(self) -> None:
        now = time.monotonic()
        depths = [self._broker.depth(queue) for queue in self._queues]
        waits = any(depth.waiting for depth in depths)
        self._waiting_since = (self._waiting_since or now) if waits else None
        idle = self._in_work == 0 and now - self._idle_since > _DEAF_SECONDS
        if idle and self._waiting_since and now - self._waiting_since > _DEAF_SECONDS:
            _log.warning("consumer_deaf", queues=self._queues, doing="connecting anew")
            self._waiting_since = None
            self._reconnect()
        elif idle and not waits and self._sole and now > self._held_until and any(d.working for d in depths):
            _log.warning("unacknowledged_put_back", bundles=self._broker.restore_unacknowledged())
