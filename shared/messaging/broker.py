"""The broker: publishing, and looking at queues. The Celery app is configured here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from shared.contracts.messages import Message
from shared.contracts.routes import SUBSCRIBERS, Service
from shared.errors import Retryable

VISIBILITY_SECONDS = 120
_SENT_AT = "loupe-sent-at"
_ROLES = "loupe:roles"


_held: ContextVar[list[Message] | None] = ContextVar("held", default=None)


@contextmanager
def holding() -> Iterator[list[Message]]:
    """Hold back what is published inside, on this thread: the list of it, to be published at the end."""
    held: list[Message] = []
    token = _held.set(held)
    try:
        yield held
    finally:
        _held.reset(token)


@dataclass(frozen=True)
class QueueDepth:
    """`waiting` bundles nobody took yet, `working` taken and not acknowledged, `oldest_seconds` the longest wait.

    A bundle holds one or more messages of a type, `Message.bundle` at most.
    """

    waiting: int
    working: int
    oldest_seconds: float


class Broker:
    """One connection to the broker in one role.

    A role is one kind of worker process. What it took and did not acknowledge is kept under keys of its own, because
    restoring those of another role would put messages back that are being worked on.
    """

    def __init__(self, url: str, role: str) -> None:
        self.role = role
        self._url = url
        self._redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self.celery = Celery(f"loupe-{role}", broker=url, set_as_current=False)
        self.celery.conf.update(
            task_serializer="json",
            accept_content=["json"],
            task_acks_late=True,
            task_ignore_result=True,
            task_store_errors_even_if_ignored=False,
            task_default_queue="unrouted",
            worker_prefetch_multiplier=1,
            worker_enable_remote_control=False,
            worker_send_task_events=False,
            worker_hijack_root_logger=False,
            worker_redirect_stdouts=False,
            worker_cancel_long_running_tasks_on_connection_loss=False,
            broker_connection_retry_on_startup=True,
            broker_connection_max_retries=None,
            broker_connection_timeout=2,
            broker_pool_limit=8,
            broker_transport_options={
                "visibility_timeout": VISIBILITY_SECONDS,
                "unacked_key": _unacked(role),
                "unacked_index_key": f"{_unacked(role)}:index",
                "unacked_mutex_key": f"{_unacked(role)}:mutex",
                "socket_connect_timeout": 2,
                "socket_timeout": 10,
                "socket_keepalive": True,
            },
        )

    def publish(self, message: Message) -> None:
        self.publish_many([message])

    def publish_many(self, messages: Sequence[Message]) -> None:
        """Publish in bundles: messages of one type share a task, because a task costs more than most of its messages.

        Inside a handler nothing leaves before the handler has succeeded, and all does before its own message is
        acknowledged.
        """
        held = _held.get()
        if held is not None:
            held.extend(messages)
            return
        by_type: dict[type[Message], list[Message]] = {}
        for message in messages:
            by_type.setdefault(type(message), []).append(message)
        with self._translated():
            for message_type, alike in by_type.items():
                for start in range(0, len(alike), message_type.bundle):
                    bundle = alike[start : start + message_type.bundle]
                    self._send(message_type, [message.model_dump(mode="json") for message in bundle])

    def _send(self, message_type: type[Message], payloads: list[dict[str, Any]]) -> None:
        for service in SUBSCRIBERS[message_type]:
            self.celery.send_task(
                task_name(service, message_type.name),
                args=[payloads],
                queue=service,
                headers={_SENT_AT: time.time()},
                retry=True,
                retry_policy={"max_retries": 1, "interval_start": 0.1},
            )

    def idle(self, queues: Iterable[Service]) -> bool:
        return all((depth := self.depth(queue)).waiting == 0 and depth.working == 0 for queue in queues)

    def depth(self, queue: Service) -> QueueDepth:
        """Raises `Retryable` when the broker does not answer. `working` counts the whole role that reads the queue."""
        with self._translated():
            waiting = int(self._redis.llen(queue))
            role = self._redis.hget(_ROLES, queue)
            working = int(self._redis.hlen(_unacked(role.decode()))) if isinstance(role, bytes) else 0
            oldest = self._redis.lindex(queue, -1)
        sent_at = orjson.loads(oldest)["headers"].get(_SENT_AT) if isinstance(oldest, bytes) else None
        return QueueDepth(waiting, working, max(0.0, time.time() - sent_at) if sent_at else 0.0)

    def takes(self, queues: Iterable[Service]) -> None:
        """This role reads these queues: known to whoever asks for their depth."""
        with self._translated():
            for queue in queues:
                self._redis.hset(_ROLES, queue, self.role)

    def restore_unacknowledged(self) -> int:
        """Put back what a dead worker of this role had taken, instead of waiting for the visibility timeout.

        Only for a role of a single worker process, before that worker starts.
        """
        with self._translated(), self.celery.connection_for_read() as connection, connection.channel() as channel:
            tags = self._redis.hkeys(_unacked(self.role))
            for tag in tags:
                channel.qos.restore_by_tag(tag)
            return len(tags)

    def ping(self) -> None:
        """Return when the broker answers, else raise `Retryable` saying what to do."""
        with self._translated():
            self._redis.ping()

    def close(self) -> None:
        self.celery.close()
        self._redis.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, RedisError, OSError) as error:
            parts = urlsplit(self._url)
            where = f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.hostname else parts.scheme
            raise Retryable(
                f"The broker {where} does not answer ({type(error).__name__}). "
                "Nothing is lost: messages wait in the outbox until it is back. Start it again, or check BROKER_URL."
            ) from error


def task_name(service: str, message: str) -> str:
    """The Celery task of one subscriber of a message."""
    return f"{service}:{message}"


def _unacked(role: str) -> str:
    return f"loupe:unacked:{role}"


def open(url: str, role: str) -> Broker:
    """The broker at `redis://[:password@]host:port/db`, in a role."""
    return Broker(url, role)
