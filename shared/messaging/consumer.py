"""The consumer: validate, bind the log, time, handle, retry or bury. One a process."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import structlog
from celery import Task
from celery.app.trace import setup_worker_optimizations
from celery.worker import state
from kombu.entity import Queue
from pydantic import ValidationError

from shared.contracts.messages import Message, MessageDied
from shared.contracts.routes import Service
from shared.errors import Permanent, Retryable
from shared.messaging.broker import Broker, holding, task_name
from shared.observability import logs, metrics

Handler = Callable[[Any], None]
Handlers = Mapping[type[Message], Handler]
Unit = Callable[[], AbstractContextManager[object]]
_MAX_RETRIES = 6
_LONGEST_PAUSE = 20.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Subscription:
    """A service's queue: who handles what, and the unit of work around the handlers of one bundle."""

    service: Service
    handlers: Handlers
    unit: Unit = nullcontext


class Consumer:
    """Runs the handlers of one or more services in a pool of threads.

    At most one a process: Celery workers share a process-wide event hub, and several stall each other. A handler may
    run twice for one message. `Retryable` and unforeseen errors are tried again with growing pauses, then buried;
    `Permanent` is buried at once: a `MessageDied` with the reason goes to the gateway.
    """

    def __init__(self, broker: Broker, subscriptions: Sequence[Subscription], threads: int) -> None:
        self._broker = broker
        self._queues = [subscription.service for subscription in subscriptions]
        app = broker.celery
        app.conf.task_queues = [Queue(name, routing_key=name) for name in self._queues]  # type: ignore[no-untyped-call]
        for subscription in subscriptions:
            for message_type in subscription.handlers:
                self._register(subscription, message_type)
        self._worker: Any = None
        self._threads = threads
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take messages, in a thread of its own. Waits for the broker when it is away."""
        self._thread = threading.Thread(target=self._run, name="consumer")
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in work, take nothing more, and return."""
        state.should_stop = 0
        if self._thread:
            self._thread.join()
        state.should_stop = None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        pause = 0.2
        while state.should_stop is None:
            try:
                self._broker.takes(self._queues)
                break
            except Retryable as error:
                _log.warning("consumer_waits", detail=error.detail)
                time.sleep(pause)
                pause = min(pause * 2, 5)
        if state.should_stop is not None:
            return
        hostname = f"{self._broker.role}@loupe"
        setup_worker_optimizations(self._broker.celery, hostname)  # tasks are looked up in this app, not a default one
        self._worker = self._broker.celery.WorkController(
            pool="threads",
            concurrency=self._threads,
            prefetch_multiplier=1,
            queues=self._queues,
            use_eventloop=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            hostname=hostname,
        )
        self._worker.start()

    def _register(self, subscription: Subscription, message_type: type[Message]) -> None:
        def run(task: Task, payloads: list[dict[str, Any]]) -> None:
            self._handle_bundle(task, subscription, message_type, payloads)

        name = task_name(subscription.service, message_type.name)
        self._broker.celery.task(run, name=name, bind=True, shared=False, lazy=False)

    def _handle_bundle(
        self, task: Task, subscription: Subscription, message_type: type[Message], payloads: list[dict[str, Any]]
    ) -> None:
        service, handler = subscription.service, subscription.handlers[message_type]
        last = task.request.retries >= _MAX_RETRIES
        failed: list[dict[str, Any]] = []
        with holding() as outgoing:
            try:
                with subscription.unit():
                    for payload in payloads:
                        if not self._handle(service, message_type, handler, payload, last):
                            failed.append(payload)
            except Retryable as error:  # the unit of work as a whole did not hold: nothing in it happened
                _log.warning("bundle_failed", service=service, error=error.detail)
                failed = payloads
                outgoing.clear()
        self._broker.publish_many(outgoing)
        if failed:
            pause = min(2.0**task.request.retries, _LONGEST_PAUSE) * random.uniform(0.5, 1)
            raise task.retry(args=[failed], countdown=pause, max_retries=_MAX_RETRIES)

    def _handle(
        self, service: Service, message_type: type[Message], handler: Handler, payload: dict[str, Any], last: bool
    ) -> bool:
        """Whether the message is done with: handled or buried."""
        name = message_type.name
        with logs.bound(service=service, message=name, **_context(payload)):
            started = time.perf_counter()
            outcome = "dead"
            try:
                with holding() as caused:
                    handler(message_type.model_validate(payload))
                self._broker.publish_many(caused)
                outcome = "ok"
            except ValidationError as error:
                first = error.errors()[0]
                path = ".".join(str(part) for part in first["loc"])
                self._bury(service, name, payload, f"{path}: {first['msg']}", path)
            except Permanent as error:
                self._bury(service, name, payload, error.detail)
            except Exception as error:  # noqa: BLE001 - a fault of ours is tried again too, then buried, never lost
                expected = isinstance(error, Retryable)
                _log.warning("message_failed", error=str(error), exc_info=None if expected else error)
                if last:
                    self._bury(service, name, payload, f"{type(error).__name__}: {error}", retryable=True)
                else:
                    outcome = "retried"
            seconds = time.perf_counter() - started
            metrics.MESSAGE_SECONDS.labels(service, name).observe(seconds)
            metrics.MESSAGES.labels(service, name, outcome).inc()
            _log.info("message_handled", outcome=outcome, ms=round(seconds * 1000, 1))
            return outcome != "retried"

    def _bury(
        self,
        service: str,
        name: str,
        payload: dict[str, Any],
        reason: str,
        path: str | None = None,
        retryable: bool = False,
    ) -> None:
        _log.error("message_died", reason=reason, path=path)
        context = _context(payload)
        self._broker.publish(
            MessageDied(
                tenant=context.get("tenant", "unknown"),
                correlation_id=context.get("correlation_id", logs.correlation_id()),
                source=name,
                queue=service,
                reason=reason,
                path=path,
                payload=payload,
                retryable=retryable,
            )
        )


def _context(payload: Mapping[str, Any]) -> dict[str, str]:
    keys = ("tenant", "correlation_id", "image_id", "sku")
    return {key: payload[key] for key in keys if isinstance(payload.get(key), str)}
