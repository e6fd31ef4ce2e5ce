"""A shop's dead letters for an operator: looked at in order, taken out, or their event put into the line again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from amqp.exceptions import AMQPError, MessageNacked, NotFound
from kombu.connection import Connection
from kombu.exceptions import KombuError, OperationalError
from redis import Redis
from redis.exceptions import RedisError

from shared.errors import Permanent, Retryable

_PAGE = 100
_SECONDS = 10
_FIELD = b"event"


@dataclass(frozen=True)
class Letter:
    """A dead letter as it lies in its line; `handle` is the adapter's own."""

    body: bytes
    handle: Any = field(default=None, repr=False)


class Letters(Protocol):
    """The dead letters of one shop, for one thread. Every method raises `Retryable` when the bus does not answer."""

    def __iter__(self) -> Iterator[Letter]:
        """Those that are there now, the oldest first. They stay where they are, in their order."""
        ...

    def drop(self, letter: Letter) -> None:
        """Take out a letter while it is the one that the iteration is at."""
        ...

    def send_again(self, letter: Letter, event: bytes) -> None:
        """As `drop`, its event first at the end of the shop's line in: a kill in between leaves both."""
        ...

    def close(self) -> None: ...


class RedisLetters:
    """See `Letters`."""

    def __init__(self, url: str, tenant: str) -> None:
        self._url = url
        self._redis = Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=2, protocol=2)
        self._in, self._dead = f"loupe:shop:{tenant}:in", f"loupe:shop:{tenant}:dead"

    def __iter__(self) -> Iterator[Letter]:
        newest = self._entries("+", "-", 1, newest_first=True)
        after = "-"
        while newest:
            entries = self._entries(after, newest[0][0], _PAGE)
            for entry, fields in entries:
                yield Letter(fields.get(_FIELD, b""), entry)
            if len(entries) < _PAGE:
                return
            after = f"({entries[-1][0].decode()}"

    def drop(self, letter: Letter) -> None:
        with _translated(self._url):
            self._redis.xdel(self._dead, letter.handle)

    def send_again(self, letter: Letter, event: bytes) -> None:
        with _translated(self._url), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xadd(self._in, {_FIELD: event})
            pipeline.xdel(self._dead, letter.handle)
            pipeline.execute()

    def close(self) -> None:
        self._redis.close()

    def _entries(
        self, start: str, end: Any, count: int, *, newest_first: bool = False
    ) -> list[tuple[bytes, dict[bytes, bytes]]]:
        with _translated(self._url):
            read = self._redis.xrevrange if newest_first else self._redis.xrange
            return cast(list[tuple[bytes, dict[bytes, bytes]]], read(self._dead, start, end, count=count))


class AmqpLetters:
    """See `Letters`. RabbitMQ shows a message by handing it out: what is not taken out goes back to its place."""

    def __init__(self, url: str, tenant: str) -> None:
        self._url = url
        self._in, self._dead = f"loupe.shop.{tenant}.in", f"loupe.shop.{tenant}.dead"
        options = {"confirm_publish": True, "read_timeout": _SECONDS, "write_timeout": _SECONDS}
        self._connection = Connection(url, connect_timeout=2, transport_options=options)

    def __iter__(self) -> Iterator[Letter]:
        with _translated(self._url):
            channel = self._connection.channel()
        try:
            for _ in range(self._waiting()):
                with _translated(self._url):
                    message = channel.basic_get(self._dead)
                if message is None:
                    return
                body = message.body if isinstance(message.body, bytes) else message.body.encode()
                yield Letter(body, message)
        finally:
            with suppress(AMQPError, OSError):
                channel.close()

    def drop(self, letter: Letter) -> None:
        with _translated(self._url):
            letter.handle.channel.basic_ack(letter.handle.delivery_tag)

    def send_again(self, letter: Letter, event: bytes) -> None:
        with _translated(self._url), self._connection.Producer() as producer:
            producer.publish(
                event,
                routing_key=self._in,
                content_type="application/cloudevents+json",
                content_encoding="utf-8",
                delivery_mode="persistent",
                mandatory=True,
                timeout=_SECONDS,
            )
        self.drop(letter)

    def close(self) -> None:
        self._connection.release()

    def _waiting(self) -> int:
        with _translated(self._url), self._connection.channel() as channel:
            try:
                return int(channel.queue_declare(self._dead, passive=True).message_count)
            except NotFound:  # no gateway has served the shop yet
                return 0


def open_letters(url: str, tenant: str) -> Letters:
    """The dead letters of a shop on the bus at a URL, as `shopbus.open` takes it."""
    scheme = urlsplit(url).scheme
    if scheme in ("redis", "rediss"):
        return RedisLetters(url, tenant)
    if scheme in ("amqp", "amqps"):
        return AmqpLetters(url, tenant)
    raise Permanent(f"No shop bus has the scheme {scheme!r}.")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (RedisError, AMQPError, MessageNacked, KombuError, OperationalError, OSError) as error:
        where = urlsplit(url)
        raise Retryable(
            f"The shop bus {where.scheme}://{where.hostname}:{where.port or ''} does not answer "
            f"({type(error).__name__}). Start it again, or check SHOP_BUS_URL."
        ) from error
