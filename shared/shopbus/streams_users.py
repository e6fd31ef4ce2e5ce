"""Users of shops on Redis and Valkey, by access control lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from shared.errors import InvalidInput, Permanent, Retryable
from shared.shopbus.users import new_password, signed_in, user_of

_CONNECT = ("ping", "hello", "auth", "quit", "client|setname", "client|getname", "client|id")
_TOGETHER = ("multi", "exec", "discard")
_OPTIONAL = "client|setinfo"  # Redis 7.2 and later; clients send it when they connect
_READ = ("xread", "xrange", "xrevrange", "xlen", "xinfo|stream")
_CONSUME = ("xreadgroup", "xack", "xgroup", "xdel", "xpending", "xclaim", "xautoclaim", "xinfo")


class RedisUsers:
    """See `ShopUsers`."""

    def __init__(self, bus_url: str, admin_url: str) -> None:
        self._bus_url = bus_url
        self._where = urlsplit(admin_url)
        self._redis = Redis.from_url(admin_url, socket_timeout=10, socket_connect_timeout=2)

    def check(self, *, management: bool = False) -> None:
        if management:
            raise InvalidInput("Redis has no management API: only a shop on RabbitMQ can be let into one.")
        with self._translated():
            self._keep()

    def give(self, tenant: str, *, management: bool = False) -> str:
        self.check(management=management)
        user, password = user_of(tenant), new_password()
        with self._translated():
            self._do("ACL SETUSER", user, *self._rules(tenant, password))
            self._keep()
            self._do("CLIENT KILL", "USER", user)
        return signed_in(self._bus_url, user, password)

    def _rules(self, tenant: str, password: str) -> list[str]:
        """All that the user may do: send, read, and consume the line out in groups of its own."""
        line = f"loupe:shop:{tenant}"
        optional = [_OPTIONAL] if self._knows(_OPTIONAL) else []
        read, consume = (" ".join(f"+{command}" for command in commands) for commands in (_READ, _CONSUME))
        return [
            "reset",
            "on",
            f"#{hashlib.sha256(password.encode()).hexdigest()}",
            *(f"+{command}" for command in (*_CONNECT, *optional, *_TOGETHER)),
            f"+select|{_database(self._bus_url)}",
            "+xadd",
            f"%W~{line}:in",
            f"({read} %R~{line}:out %R~{line}:dead)",
            f"({consume} %RW~{line}:out)",
        ]

    def _do(self, command: str, *arguments: str) -> Any:
        return self._redis.execute_command(command, *arguments)  # type: ignore[no-untyped-call]

    def _knows(self, command: str) -> bool:
        (known,) = self._do("COMMAND INFO", command)  # as "COMMAND" redis-py could not read None
        return known is not None

    def _keep(self) -> None:
        """Have the server write its users where it reads them when it starts."""
        try:
            self._do("ACL SAVE")
        except ResponseError as no_file:
            try:
                self._do("CONFIG REWRITE")
            except ResponseError as error:
                raise Permanent(
                    f"The shop bus cannot keep the users of shops ({no_file}; {error}). Start it with `aclfile`, and "
                    "let the user of SHOP_BUS_ADMIN_URL, or of SHOP_BUS_URL, change users. Or make the user of the "
                    "shop by hand: docs/queue.md says what it may do."
                ) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (ResponseError, AuthenticationError) as error:
            raise Permanent(
                f"The shop bus refuses to make a user ({error}). Set SHOP_BUS_ADMIN_URL to redis:// with a user that "
                "may change users."
            ) from error
        except (RedisError, OSError) as error:
            raise Retryable(
                f"The shop bus {self._where.scheme}://{self._where.hostname}:{self._where.port or 6379} does not "
                f"answer ({type(error).__name__}). Start it, or check SHOP_BUS_URL and SHOP_BUS_ADMIN_URL."
            ) from error


def _database(url: str) -> str:
    return urlsplit(url).path.strip("/") or "0"
