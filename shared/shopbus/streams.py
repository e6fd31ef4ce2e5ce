"""Shop events on Redis Streams, each an entry with one field, `event`: plain XADD and XREAD speak to it.

A gateway serves a tenant while it holds a lease on the stream, so a tenant's events are handled in order. Who gets the
lease first reads what the holder before left unacknowledged. A handled entry is deleted: the stream is what waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from redis import Redis
from redis.exceptions import LockError, RedisError, ResponseError
from redis.lock import Lock

from shared.errors import Retryable
from shared.shopbus.port import KEPT_DEAD, KEPT_OUT, Delivery, Line

LEASE_SECONDS = 15.0
_GROUP = "loupe"
_CONSUMER = "gateway"  # one name for all of them: what a dead one left is pending for the one that serves next
_FIELD = b"event"
_TENANTS_AT_ONCE = 16
_PAGE = 100
_log = structlog.get_logger(__name__)
_UNSETTLED, _NEW = "0", ">"
_NO_FIELD = "The stream entry has no field named 'event'. Send it as XADD <stream> * event '<the CloudEvent as JSON>'."


@dataclass
class _Line:
    """A tenant's stream that this gateway serves.

    `after`: the last entry handed out of those that had been handed out before, or `>` when all of them were.
    """

    lease: Lock
    renewed: float
    after: str = _UNSETTLED


class RedisStreams:
    """See `ShopBus`. `lease_seconds`: how long after the death of a gateway another one takes over its tenants."""

    def __init__(self, url: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self._redis = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=2, protocol=2)
        self._where = urlsplit(url)
        self._lease_seconds = lease_seconds
        self._lines: dict[str, _Line] = {}
        self._asked: dict[str, float] = {}
        self._turn = 0

    def receive(self, tenants: Sequence[str], seconds: float, paused: Collection[str] = ()) -> list[Delivery]:
        with self._receiving():
            self._hold_leases(tenants)
            ready = [tenant for tenant in tenants if tenant in self._lines and tenant not in paused]
            turns = max(1, -(-len(ready) // _TENANTS_AT_ONCE))
            self._turn = (self._turn + 1) % turns
            chosen = [tenant for tenant in ready[self._turn :: turns] if self._has_group(tenant)]
            found = [delivery for tenant in chosen for delivery in self._unsettled(tenant)]
            fresh = [tenant for tenant in chosen if self._lines[tenant].after == _NEW]
            wait = 0 if found else seconds / turns
            if not fresh:
                time.sleep(wait)
                return found
            return found + self._new(fresh, wait)

    def done(self, delivery: Delivery) -> None:
        with self._receiving():
            self._settle(delivery, None)

    def bury(self, delivery: Delivery, letter: bytes) -> None:
        with self._receiving():
            self._settle(delivery, letter)

    def publish(self, tenant: str, events: Sequence[bytes]) -> None:
        with self._translated(), self._redis.pipeline(transaction=False) as pipeline:
            for event in events:
                pipeline.xadd(_key(tenant, "out"), {_FIELD: event}, maxlen=KEPT_OUT, approximate=True)
            pipeline.execute()

    def take_out(self, tenant: str, line: Line, chosen: Callable[[bytes], bool], before: float | None = None) -> int:
        key, taken, after, last = _key(tenant, line), 0, "-", "+" if before is None else str(int(before * 1000))
        while True:
            with self._translated():
                page = cast(list[tuple[bytes, dict[bytes, bytes]]], self._redis.xrange(key, after, last, count=_PAGE))
                found = [entry for entry, fields in page if fields and chosen(b" ".join(fields.values()))]
                if found:
                    with self._redis.pipeline(transaction=True) as pipeline:
                        if line == "in":
                            pipeline.xack(key, _GROUP, *found)
                        pipeline.xdel(key, *found)
                        pipeline.execute()
            taken += len(found)
            if len(page) < _PAGE:
                return taken
            after = f"({page[-1][0].decode()}"

    def compact(self) -> None:
        with self._translated(), suppress(ResponseError):  # one is under way, or the server lets nobody ask for it
            self._redis.bgrewriteaof()

    def ping(self) -> None:
        with self._translated():
            self._redis.ping()

    def close(self) -> None:
        for line in self._lines.values():
            with suppress(RedisError):
                line.lease.release()
        self._lines, self._asked = {}, {}
        self._redis.close()

    def _hold_leases(self, tenants: Sequence[str]) -> None:
        now = time.monotonic()
        for tenant in self._lines.keys() - set(tenants):
            self._let_go(tenant)
        for tenant in tenants:
            line = self._lines.get(tenant)
            if line is None:
                if now - self._asked.get(tenant, -self._lease_seconds) > self._lease_seconds / 10:
                    self._asked[tenant] = now
                    self._try_to_serve(tenant, now)
            elif now - line.renewed > self._lease_seconds / 3:
                try:
                    line.lease.reacquire()
                    line.renewed = now
                except LockError:  # it ran out: another gateway may serve the tenant by now
                    del self._lines[tenant]

    def _let_go(self, tenant: str) -> None:
        with suppress(LockError):
            self._lines.pop(tenant).lease.release()

    def _try_to_serve(self, tenant: str, now: float) -> None:
        lease = self._redis.lock(_key(tenant, "lease"), timeout=self._lease_seconds, blocking=False, thread_local=False)
        if lease.acquire():
            self._lines[tenant] = _Line(lease, now)

    def _has_group(self, tenant: str) -> bool:
        """Make the stream and its group unless they are there. Not so when a shop broke its own stream."""
        if self._lines[tenant].after != _UNSETTLED:
            return True
        try:
            self._redis.xgroup_create(_key(tenant, "in"), _GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                _log.warning("shop_line_unusable", tenant=tenant, error=str(error))
                self._let_go(tenant)
                return False
        return True

    def _unsettled(self, tenant: str) -> Iterator[Delivery]:
        """The next of the entries that were handed out before and never settled, if there is one left."""
        line = self._lines[tenant]
        while line.after != _NEW:
            entries = self._read({_key(tenant, "in"): line.after}, None)
            if not entries:
                line.after = _NEW
                return
            _, entry, fields = entries[0]
            line.after = entry.decode()
            if fields:
                yield self._delivery(tenant, entry, fields)
                return
            self._redis.xack(_key(tenant, "in"), _GROUP, entry)  # it was deleted by someone else

    def _new(self, tenants: Sequence[str], seconds: float) -> list[Delivery]:
        by_key = {_key(tenant, "in").encode(): tenant for tenant in tenants}
        block = max(1, int(seconds * 1000)) if seconds else None
        entries = self._read(dict.fromkeys(by_key, _NEW), block)
        return [_fresh(by_key[key], entry, fields) for key, entry, fields in entries]

    def _read(self, streams: Any, block: int | None) -> list[tuple[bytes, bytes, dict[bytes, bytes]]]:
        """Up to one entry of each stream: its key, its id and its fields."""
        found = self._redis.xreadgroup(_GROUP, _CONSUMER, streams, count=1, block=block)
        return [(key, entry, fields) for key, entries in cast(list[Any], found) for entry, fields in entries]

    def _delivery(self, tenant: str, entry: bytes, fields: dict[bytes, bytes]) -> Delivery:
        name = entry.decode()
        pending = cast(list[dict[str, Any]], self._redis.xpending_range(_key(tenant, "in"), _GROUP, name, name, 1))
        return _fresh(tenant, entry, fields, pending[0]["times_delivered"] if pending else 1)

    def _settle(self, delivery: Delivery, letter: bytes | None) -> None:
        key = _key(delivery.tenant, "in")
        with self._redis.pipeline(transaction=True) as pipeline:
            if letter is not None:
                pipeline.xadd(_key(delivery.tenant, "dead"), {_FIELD: letter}, maxlen=KEPT_DEAD, approximate=True)
            pipeline.xack(key, _GROUP, delivery.handle)
            pipeline.xdel(key, delivery.handle)
            pipeline.execute()

    @contextmanager
    def _receiving(self) -> Iterator[None]:
        """Whatever is not settled when the bus was away is read again."""
        try:
            with self._translated():
                yield
        except Retryable:
            for line in self._lines.values():
                line.renewed, line.after = -self._lease_seconds, _UNSETTLED
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError) as error:
            where = f"{self._where.scheme}://{self._where.hostname}:{self._where.port or 6379}"
            raise Retryable(
                f"The shop bus {where} does not answer ({type(error).__name__}). Nothing is lost: events of shops wait "
                "in it, ours in the database. Start it again, or check SHOP_BUS_URL."
            ) from error


def _key(tenant: str, line: str) -> str:
    return f"loupe:shop:{tenant}:{line}"


def _fresh(tenant: str, entry: bytes, fields: dict[bytes, bytes], tries: int = 1) -> Delivery:
    body = fields.get(_FIELD)
    return Delivery(
        tenant=tenant,
        body=body if body is not None else b" ".join(name + b"=" + value for name, value in fields.items()),
        since=int(entry.partition(b"-")[0]) / 1000,
        tries=tries,
        fault=None if body is not None else _NO_FIELD,
        handle=entry,
    )
