"""The broker: publishing, and looking at queues. The Celery app is configured here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import OperationalError

from shared.contracts.messages import Message
from shared.contracts.routes import SUBSCRIBERS, Service
from shared.errors import Permanent, Retryable
from shared.messaging.amqp_queues import AmqpQueues
from shared.messaging.queues import SENT_AT, QueueDepth, Queues
from shared.messaging.redis_queues import RedisQueues
from shared.observability import traces

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


class Broker:
    """One connection to the broker in one role, which is one kind of worker process."""

    def __init__(self, url: str, role: str, celery: Celery, queues: Queues) -> None:
        self.role = role
        self.celery = celery
        self._url = url
        self._queues = queues
        # AttributeError: what kombu says of a channel whose connection another thread closed under it.
        self._errors: tuple[type[Exception], ...] = (OperationalError, OSError, AttributeError, *queues.errors)

    def publish(self, message: Message) -> None:
        self.publish_many([message])

    def publish_many(self, messages: Sequence[Message]) -> None:
        """Publish in bundles: messages of one type share a task, because a task costs more than most of its messages.

        Inside a handler nothing leaves before the handler has succeeded, and all does before its own message is
        acknowledged.
        """
        messages = [traces.carried(message) for message in messages]
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

    def hand_back(self, service: Service, message_type: type[Message], payloads: list[dict[str, Any]]) -> None:
        """Put a bundle that this process will not handle back into the queue it came from."""
        with self._translated():
            self._send_to(service, message_type, payloads)

    def _send(self, message_type: type[Message], payloads: list[dict[str, Any]]) -> None:
        for service in SUBSCRIBERS[message_type]:
            self._send_to(service, message_type, payloads)

    def _send_to(self, service: Service, message_type: type[Message], payloads: list[dict[str, Any]]) -> None:
        self.celery.send_task(
            task_name(service, message_type.name),
            args=[payloads],
            queue=service,
            headers={SENT_AT: time.time()},
            retry=True,
            retry_policy={"max_retries": 1, "interval_start": 0.1},
            **self._queues.publish_options,
        )

    def idle(self, queues: Iterable[Service]) -> bool:
        """Whether nothing waits or, as far as the broker tells, is worked on."""
        return all((depth := self.depth(queue)).waiting == 0 and not depth.working for queue in queues)

    def depth(self, queue: Service) -> QueueDepth:
        """Raises `Retryable` when the broker does not answer."""
        with self._translated():
            return self._queues.depth(queue)

    def takes(self, queues: Iterable[Service]) -> None:
        """This role reads these queues: known to whoever asks for their depth."""
        with self._translated():
            self._queues.takes(queues)

    def restore_unacknowledged(self) -> int:
        """Put back what a dead worker of this role had taken, instead of waiting for the visibility timeout.

        Only for a role of a single worker process, before that worker starts. 0 where the broker does it itself.
        """
        with self._translated():
            return self._queues.restore_unacknowledged()

    def compact(self) -> None:
        """Have the broker give up what its files keep of messages that are gone, where it does not do so itself."""
        with self._translated():
            self._queues.compact()

    def memory(self) -> int | None:
        """Bytes that the broker has in use; None where it does not tell. Raises `Retryable` when it does not answer."""
        with self._translated():
            return self._queues.memory()

    def ping(self) -> None:
        """Return when the broker answers, else raise `Retryable` saying what to do."""
        with self._translated():
            self._queues.ping()

    def close(self) -> None:
        self.celery.close()
        self._queues.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            parts = urlsplit(self._url)
            where = f"The broker {parts.scheme}://{parts.hostname}:{parts.port}"
            cause = error.__cause__ if isinstance(error, OperationalError) else error
            if isinstance(cause, self._queues.refusals):
                raise Retryable(
                    f"{where} refuses the user or password in BROKER_URL ({type(cause).__name__}). "
                    "Nothing is lost: messages wait in the outbox. Correct BROKER_URL."
                ) from error
            raise Retryable(
                f"{where} does not answer ({type(error).__name__}). "
                "Nothing is lost: messages wait in the outbox until it is back. Start it again, or check BROKER_URL."
            ) from error


def task_name(service: str, message: str) -> str:
    """The Celery task of one subscriber of a message."""
    return f"{service}:{message}"


def open(url: str, role: str) -> Broker:
    """The broker at a URL, in a role.

    `redis://[:password@]host:port/db`; `rediss://` with TLS, and options as redis-py takes them, for example
    `?ssl_cert_reqs=required&ssl_ca_certs=/path.pem`; `amqp://user:password@host:port/vhost`. Raises `Permanent` for
    any other.
    """
    celery = Celery(f"loupe-{role}", broker=url, set_as_current=False)
    queues: Queues
    match urlsplit(url).scheme:
        case "redis" | "rediss":
            queues = RedisQueues(url, role, celery)
        case "amqp":
            queues = AmqpQueues(url)
        case scheme:
            raise Permanent(
                f"No broker has the scheme {scheme!r}. Set BROKER_URL to one of these forms: "
                "redis://:password@host:6379/0, rediss://..., amqp://user:password@host:5672/vhost"
            )
    celery.conf.update(
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
        broker_channel_error_retry=True,  # a Redis that is full, or whose disk is, refuses; the worker is to outlive it
        broker_connection_timeout=2,
        broker_pool_limit=8,
        broker_heartbeat=20,  # AMQP alone has one; each look at it also lets the worker see that it is to stop
        broker_heartbeat_checkrate=20,
        broker_transport_options=queues.transport_options,
    )
    return Broker(url, role, celery, queues)
