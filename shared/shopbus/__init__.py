"""Messages between shops and Loupe; `open` picks the adapter by the scheme of the URL."""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.errors import Permanent
from shared.shopbus.amqp import AmqpBus
from shared.shopbus.port import IN_HAND, Delivery, Line, ShopBus
from shared.shopbus.streams import RedisStreams

__all__ = ["IN_HAND", "AmqpBus", "Delivery", "Line", "RedisStreams", "ShopBus", "open"]


def open(url: str) -> ShopBus:
    """The bus at `redis://`, `rediss://` (Redis Streams) or `amqp://`, `amqps://` (RabbitMQ). Connects when used.

    Raises `Permanent` for another scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme in ("redis", "rediss"):
        return RedisStreams(url)
    if scheme in ("amqp", "amqps"):
        return AmqpBus(url)
    raise Permanent(
        f"No shop bus has the scheme {scheme!r}. Set SHOP_BUS_URL to redis://host:port/1 or amqp://user@host/vhost."
    )
