"""Shop events on RabbitMQ: durable queues `loupe.shop.<tenant>.in`, `.out` and `.dead`.

An exchange `loupe.shop.<tenant>.in` leads to the queue of that name alone: a shop's user sends by it, and by no other.
Of several gateways RabbitMQ lets one consume a tenant's queue, so a tenant's events are handled in order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import structlog
from amqp.exceptions import AMQPError, ChannelError, MessageNacked, NotFound, RecoverableConnectionError
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError, OperationalError
from kombu.message import Message
from kombu.messaging import Consumer

from shared.errors import Retryable
from shared.shopbus.port import IN_HAND, KEPT_DEAD, KEPT_OUT, Delivery, Line

_HEARTBEAT_SECONDS = 60
_LIMIT_SECONDS = 10
_UNUSABLE_SECONDS = 5
_log = structlog.get_logger(__name__)
_TYPE = "application/cloudevents+json"


class AmqpBus:
    """See `ShopBus`. One connection receives and settles, another one, behind a lock, publishes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._receiving: Connection | None = None
        self._publishing: Connection | None = None
        self._publish_lock = threading.Lock()
        self._channels: dict[str, Any] = {}
        self._lines: dict[str, deque[Delivery]] = {}
        self._not_before: dict[str, float] = {}

    def receive(self, tenants: Sequence[str], seconds: float, paused: Collection[str] = ()) -> list[Delivery]:
        with self._receiving_connection() as connection:
            connection.heartbeat_check()
            for tenant in self._channels.keys() - set(tenants):
                self._channels.pop(tenant).close()  # what is not settled goes back into the queue
            for tenant in tenants:
                if tenant not in self._channels and time.monotonic() >= self._not_before.get(tenant, 0):
                    self._consume(connection, tenant)
            ready = [tenant for tenant in tenants if tenant in self._channels and tenant not in paused]
            deadline = time.monotonic() + seconds
            wait = 0.0  # first what has come in already
            while True:
                with suppress(TimeoutError):
                    connection.drain_events(timeout=wait or 0.001)
                found = [self._lines[tenant].popleft() for tenant in ready if self._lines[tenant]]
                wait = deadline - time.monotonic()
                if found or wait <= 0:
                    return found

    def done(self, delivery: Delivery) -> None:
        with self._receiving_connection():
            if delivery.handle.channel is not self._channels.get(delivery.tenant):
                raise RecoverableConnectionError("the event came by a connection that is gone")
            delivery.handle.ack()

    def bury(self, delivery: Delivery, letter: bytes) -> None:
        try:
            self._send(_queue(delivery.tenant, "dead", KEPT_DEAD), [letter])
        except Retryable:
            self._leave()
            raise
        self.done(delivery)

    def publish(self, tenant: str, events: Sequence[bytes]) -> None:
        self._send(_queue(tenant, "out", KEPT_OUT), events)

    def take_out(self, tenant: str, line: Line, chosen: Callable[[bytes], bool], before: float | None = None) -> int:
        """RabbitMQ shows an event by handing it out: what is not chosen goes back to its place when this is over.

        Of the line in it takes nothing out: that is one consumer's, who drops what it is handed.
        """
        if line == "in" or before is not None:  # it does not tell when what is in a queue was sent
            return 0
        name, taken = f"loupe.shop.{tenant}.{line}", 0
        with _translated(self._url, lambda: None), self._connect() as connection, connection.channel() as channel:
            try:
                waiting = channel.queue_declare(name, passive=True).message_count
            except NotFound:  # no gateway has served the shop yet
                return 0
            for _ in range(waiting):
                message = channel.basic_get(name)
                if message is None:
                    break
                body = message.body if isinstance(message.body, bytes) else message.body.encode()
                if chosen(body):
                    channel.basic_ack(message.delivery_tag)
                    taken += 1
        return taken

    def compact(self) -> None:
        """RabbitMQ gives up the files of acknowledged messages itself."""

    def ping(self) -> None:
        with _translated(self._url, lambda: None), self._connect() as connection:
            connection.connect()

    def close(self) -> None:
        """What was handed out and not settled goes back to its place in the queue."""
        with self._publish_lock:
            for connection in (self._receiving, self._publishing):
                if connection:
                    connection.release()

    def _consume(self, connection: Connection, tenant: str) -> None:
        line: deque[Delivery] = deque()
        first = True

        def received(message: Message) -> None:
            nonlocal first
            line.append(_delivery(tenant, message, first=first))
            first = False

        channel = connection.channel()
        try:
            _declare(channel, tenant)
            taking = [_queue(tenant, "in")]
            Consumer(channel, taking, on_message=received, prefetch_count=IN_HAND, auto_declare=False).consume()
        except ChannelError as error:  # a shop declared its queue in another way: the other shops' go on
            _log.warning("shop_line_unusable", tenant=tenant, error=str(error))
            self._not_before[tenant] = time.monotonic() + _UNUSABLE_SECONDS
            return
        self._channels[tenant], self._lines[tenant] = channel, line

    def _send(self, queue: Queue, bodies: Sequence[bytes]) -> None:
        with self._publish_lock, _translated(self._url, self._stop_publishing):
            self._publishing = self._publishing or self._connect()
            with self._publishing.Producer() as producer:
                for body in bodies:
                    producer.publish(
                        body,
                        routing_key=queue.name,
                        declare=[queue],
                        content_type=_TYPE,
                        content_encoding="utf-8",
                        delivery_mode="persistent",
                        mandatory=True,
                        timeout=_LIMIT_SECONDS,
                    )

    def _connect(self, heartbeat: int = 0) -> Connection:
        return _connection(self._url, heartbeat)

    @contextmanager
    def _receiving_connection(self) -> Iterator[Connection]:
        with _translated(self._url, self._leave):
            self._receiving = self._receiving or self._connect(_HEARTBEAT_SECONDS)
            yield self._receiving

    def _leave(self) -> None:
        """As `close`, without a word: a broker that half answers keeps a line for whom it does not hear leave."""
        left, self._receiving = self._receiving, None
        self._channels, self._lines = {}, {}
        if left:
            left.collect()

    def _stop_publishing(self) -> None:
        left, self._publishing = self._publishing, None
        if left:
            left.collect()


def make_lines(url: str, tenant: str) -> None:
    """Make the queues and the exchange of a tenant, unless they are there. Raises `Retryable` as `AmqpBus` does."""
    with _translated(url, lambda: None), _connection(url) as connection, connection.channel() as channel:
        _declare(channel, tenant)


def _declare(channel: Any, tenant: str) -> None:
    for queue in (_queue(tenant, "out", KEPT_OUT), _queue(tenant, "dead", KEPT_DEAD), _queue(tenant, "in")):
        queue(channel).declare()


def _connection(url: str, heartbeat: int = 0) -> Connection:
    return Connection(
        url,
        connect_timeout=2,
        heartbeat=heartbeat,
        transport_options={
            "confirm_publish": True,
            "read_timeout": _LIMIT_SECONDS,
            "write_timeout": _LIMIT_SECONDS,
        },
    )


@contextmanager
def _translated(url: str, give_up: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    except (AMQPError, MessageNacked, KombuError, OperationalError, OSError) as error:
        with suppress(AMQPError, OSError):
            give_up()
        parts = urlsplit(url)
        raise Retryable(
            f"The shop bus {parts.scheme}://{parts.hostname}:{parts.port or 5672} does not answer "
            f"({type(error).__name__}). Nothing is lost: events of shops wait in it, ours in the database. "
            "Start it again, or check SHOP_BUS_URL."
        ) from error


def _queue(tenant: str, line: str, kept: int | None = None) -> Queue:
    """The queue of a line, and for the line in the exchange that leads to it."""
    arguments: dict[str, Any] = {"x-max-length": kept} if kept else {"x-single-active-consumer": True}
    name = f"loupe.shop.{tenant}.{line}"
    exchange = Exchange(name, type="fanout", durable=True) if line == "in" else None
    return Queue(name, exchange, routing_key=name, durable=True, queue_arguments=arguments)


def _delivery(tenant: str, message: Message, *, first: bool) -> Delivery:
    """RabbitMQ marks what it only sent ahead as well; just the first of a line really was in work for certain."""
    body = message.body if isinstance(message.body, bytes) else message.body.encode()
    sent = message.properties.get("timestamp")
    return Delivery(
        tenant=tenant,
        body=body,
        since=float(sent) if sent else time.time(),
        tries=2 if first and message.delivery_info.get("redelivered") else 1,
        handle=message,
    )
