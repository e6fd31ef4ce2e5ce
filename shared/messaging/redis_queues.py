"""Queues on Redis or Valkey: lists, and what is taken under keys of the role that took it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import orjson
from celery import Celery
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from shared.contracts.routes import Service
from shared.messaging.queues import SENT_AT, QueueDepth

VISIBILITY_SECONDS = 120
_LOOK_SECONDS = 5
"""Between two looks for what a dead worker had taken; kombu looks each 100 s by itself."""
_LOOK_ENDS_SECONDS = 30
"""A worker that died at such a look keeps the others from theirs for so long; 300 s by kombu itself."""
_ROLES = "loupe:roles"


class RedisQueues:
    """See `Queues`. `working` counts the whole role that reads the queue.

    A role is one kind of worker process. What it took and did not acknowledge is kept under keys of its own, because
    restoring those of another role would put messages back that are being worked on.
    """

    errors: tuple[type[Exception], ...] = (RedisError,)
    refusals: tuple[type[Exception], ...] = (AuthenticationError, NoPermissionError)

    def __init__(self, url: str, role: str, celery: Celery) -> None:
        self._role = role
        self._celery = celery
        self._redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self.publish_options: Mapping[str, Any] = {}
        self.transport_options: Mapping[str, Any] = {
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_key": _unacked(role),
            "unacked_index_key": f"{_unacked(role)}:index",
            "unacked_mutex_key": f"{_unacked(role)}:mutex",
            "unacked_mutex_expire": _LOOK_ENDS_SECONDS,
            "unacked_restore_interval": _LOOK_SECONDS,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
            "socket_keepalive": True,
        }

    def depth(self, queue: Service) -> QueueDepth:
        waiting = int(self._redis.llen(queue))
        role = self._redis.hget(_ROLES, queue)
        working = int(self._redis.hlen(_unacked(role.decode()))) if isinstance(role, bytes) else 0
        oldest = self._redis.lindex(queue, -1)
        sent_at = orjson.loads(oldest)["headers"].get(SENT_AT) if isinstance(oldest, bytes) else None
        return QueueDepth(waiting, working, max(0.0, time.time() - sent_at) if sent_at else 0.0)

    def takes(self, queues: Iterable[Service]) -> None:
        for queue in queues:
            self._redis.hset(_ROLES, queue, self._role)

    def restore_unacknowledged(self) -> int:
        with self._celery.connection_for_read() as connection, connection.channel() as channel:
            tags = self._redis.hkeys(_unacked(self._role))
            for tag in tags:
                channel.qos.restore_by_tag(tag)
            return len(tags)

    def compact(self) -> None:
        with suppress(ResponseError):  # one is under way, or the server lets nobody ask for it
            self._redis.bgrewriteaof()

    def memory(self) -> int | None:
        return int(self._redis.info("memory")["used_memory"])

    def ping(self) -> None:
        self._redis.ping()

    def close(self) -> None:
        self._redis.close()


def _unacked(role: str) -> str:
    return f"loupe:unacked:{role}"
