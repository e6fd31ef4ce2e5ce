"""Queues on RabbitMQ: durable, with persistent messages, each publication confirmed by the broker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from amqp.exceptions import AccessRefused, AMQPError, MessageNacked, NotAllowed, NotFound
from kombu.connection import Connection

from shared.contracts.routes import Service
from shared.messaging.queues import QueueDepth

_ANSWER_SECONDS = 5
_T = TypeVar("_T")


class AmqpQueues:
    """See `Queues`.

    Without its management plugin RabbitMQ tells how many bundles wait, but neither how many are being worked on nor how
    old they are: both are None, and a queue is idle when nothing waits in it. Looking at the oldest by taking it and
    putting it back would mark it as redelivered, which it is not. What a dead worker had taken the broker puts back
    itself, as soon as its connection is gone.
    """

    errors: tuple[type[Exception], ...] = (AMQPError, MessageNacked, OSError)
    refusals: tuple[type[Exception], ...] = (AccessRefused, NotAllowed)

    def __init__(self, url: str) -> None:
        self._url = url
        self.transport_options: Mapping[str, Any] = {"confirm_publish": True, "write_timeout": 10}
        self.publish_options: Mapping[str, Any] = {"confirm_timeout": 10}
        self._lock = threading.Lock()
        self._connection: Any = None

    def depth(self, queue: Service) -> QueueDepth:
        def ask(channel: Any) -> int:
            try:
                return int(channel.queue_declare(queue, passive=True).message_count)
            except NotFound:  # nobody has published to it or read it yet
                return 0

        return QueueDepth(self._ask(ask), None, None)

    def takes(self, queues: Iterable[Service]) -> None:  # noqa: ARG002 - of the protocol
        self.ping()

    def restore_unacknowledged(self) -> int:
        return 0

    def compact(self) -> None:
        """RabbitMQ gives up the files of acknowledged messages itself."""

    def memory(self) -> None:
        """RabbitMQ tells it to its management plugin alone."""

    def ping(self) -> None:
        self._ask(lambda _channel: None)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _ask(self, question: Callable[[Any], _T]) -> _T:
        """Over one connection, made anew when it broke since the last question."""
        with self._lock:
            if self._connection:
                try:
                    return self._answer(question)
                except self.errors:
                    self._drop()
            self._connection = Connection(
                self._url,
                connect_timeout=2,
                transport_options={"read_timeout": _ANSWER_SECONDS, "write_timeout": _ANSWER_SECONDS},
            )
            try:
                return self._answer(question)
            except self.errors:
                self._drop()
                raise

    def _answer(self, question: Callable[[Any], _T]) -> _T:
        with self._connection.channel() as channel:
            return question(channel)

    def _drop(self) -> None:
        if self._connection:
            with suppress(*self.errors):
                self._connection.release()
            self._connection = None
