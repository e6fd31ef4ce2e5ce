"""The user of the broker that a shop signs in with: it reaches the lines of that shop, and nothing else."""

from __future__ import annotations

import secrets
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from shared.errors import Permanent


class ShopUsers(Protocol):
    """Both methods raise `Retryable` when the broker cannot be reached, and `Permanent` when its administrator may not
    do this, or when the broker would forget the users that it is told."""

    def check(self, *, management: bool = False) -> None:
        """Return when `give` can do so, and what it makes is kept when the broker starts again."""
        ...

    def give(self, tenant: str, *, management: bool = False) -> str:
        """Make the user of a shop, or give it a new password and end its connections.

        Returns the URL with which the shop connects; its password is kept nowhere. `management` lets the user into
        RabbitMQ's management API too, where it sees the names and lengths of all shops' queues.
        """
        ...


def open_users(bus_url: str, admin_url: str | None = None) -> ShopUsers | None:
    """Who makes users at the shop bus `bus_url`, which is as for `shopbus.open`.

    `admin_url` names who may: for Redis `redis://` of a user that may change users, by default that of `bus_url`; for
    RabbitMQ `http://` or `https://` of its management API. None when RabbitMQ's is not named.
    Raises `Permanent` for schemes that do not fit.
    """
    scheme, admin_scheme = urlsplit(bus_url).scheme, urlsplit(admin_url or "").scheme
    if scheme in ("redis", "rediss") and admin_scheme in ("", "redis", "rediss"):
        from shared.shopbus.streams_users import RedisUsers

        return RedisUsers(bus_url, admin_url or bus_url)
    if scheme in ("amqp", "amqps") and admin_scheme in ("http", "https"):
        from shared.shopbus.amqp_users import AmqpUsers

        return AmqpUsers(bus_url, str(admin_url))
    if scheme in ("amqp", "amqps") and not admin_url:
        return None
    raise Permanent(
        f"SHOP_BUS_ADMIN_URL does not fit a bus of {scheme}://. For redis:// it is redis://, or not set; for amqp:// "
        "it is that of RabbitMQ's management API, http://user:password@host:15672."
    )


def user_of(tenant: str) -> str:
    return f"shop-{tenant}"


def new_password() -> str:
    return secrets.token_urlsafe(24)


def signed_in(bus_url: str, user: str, password: str) -> str:
    """The URL of the bus with another user in it."""
    parts = urlsplit(bus_url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password, safe='')}@{address}"))
