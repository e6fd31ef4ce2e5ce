"""The consumer: validate, bind the log, time, handle, retry or bury. One a process."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
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
from shared.messaging.noting import context_of, note_handled, note_wait, words_of
from shared.messaging.watch import Watch
from shared.observability import logs, metrics, traces

Handler = Callable[[Any], None]
Handlers = Mapping[type[Message], Handler]
BundleHandlers = Mapping[type[Message], Callable[[Sequence[Any]], None]]
Unit = Callable[[], AbstractContextManager[object]]
_MAX_RETRIES = 6
_LONGEST_PAUSE = 20.0
_RETRY_SLACK = 5.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Subscription:
    """A service's queue: who handles what, and the unit of work around the handlers of one bundle.

    `bundle_handlers` do what `handlers` do for all messages of a bundle at once, where that is much cheaper. One that
    raises has done nothing; the messages are then handled one by one, so that each has a fate of its own.
    """

    service: Service
    handlers: Handlers
    unit: Unit = nullcontext
    bundle_handlers: BundleHandlers = field(default_factory=dict)


class Consumer:
    """Runs the handlers of one or more services in a pool of threads.

    At most one a process: Celery workers share a process-wide event hub, and several stall each other. A handler may
    run twice for one message. `Retryable` and unforeseen errors are tried again with growing pauses, then buried;
    `Permanent` is buried at once: a `MessageDied` with the reason goes to the gateway. `sole`: no other process has the
    broker's role. `ended` is called when it stops taking messages though nobody told it to.
    """

    def __init__(
        self,
        broker: Broker,
        subscriptions: Sequence[Subscription],
        threads: int,
        *,
        sole: bool = False,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._broker = broker
        self._ended = ended
        self._queues = [subscription.service for subscription in subscriptions]
        app = broker.celery
        app.conf.task_queues = [Queue(name, routing_key=name) for name in self._queues]
        for subscription in subscriptions:
            for message_type in subscription.handlers:
                self._register(subscription, message_type)
        self._worker: Any = None
        self._threads = threads
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._watch = Watch(broker, self._queues, self._reconnect, sole=sole)

    def start(self) -> None:
        """Begin to take messages, in a thread of its own. Waits for the broker when it is away."""
        self._thread = threading.Thread(target=self._run, name="consumer")
        self._thread.start()
        self._watch.start()

    def begin_to_stop(self) -> None:
        """Finish each message that is in work, take nothing more, and hand back what was taken and not begun."""
        self._stopping.set()
        state.should_stop = 0

    def hand_back_rest(self) -> None:
        """Give the broker back what does not end. One over AMQP has it back with the end of the connection."""
        channel = getattr(getattr(getattr(self._worker, "consumer", None), "task_consumer", None), "channel", None)
        if restore := getattr(getattr(channel, "qos", None), "restore_unacked", None):
            restore()

    def stop(self) -> None:
        """`begin_to_stop`, and return when that is done."""
        self.begin_to_stop()
        if self._thread:
            self._watch.stop()
            self._thread.join()
        state.should_stop = None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        """Ends when it is told to. That it ends otherwise, whatever by, is told: nobody would miss it."""
        try:
            self._take()
        finally:
            if state.should_stop is None:
                _log.critical("consumer_ended", queues=self._queues)
                self._ended()

    def _take(self) -> None:
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
        metrics.WORKER_THREADS.labels(self._broker.role).set(self._threads)
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

    def _reconnect(self) -> None:
        """What the event loop does when its connection breaks, done now: it closes it and opens another.

        Over AMQP it may stand in a read that nobody will answer, and run nothing: its socket is cut under it.
        """

        def broken() -> None:
            raise ConnectionResetError("the worker took nothing though messages waited")

        if self._worker is None:
            return
        if (open_socket := _amqp_socket(self._worker)) is None:
            self._worker.hub.call_soon(broken)
        else:
            with suppress(OSError):  # it is closed already
                open_socket.shutdown(socket.SHUT_RDWR)

    def _register(self, subscription: Subscription, message_type: type[Message]) -> None:
        def run(task: Task, payloads: list[dict[str, Any]]) -> None:
            with self._watch.working():
                self._handle_bundle(task, subscription, message_type, payloads)

        for outcome in ("ok", "retried", "dead"):
            metrics.MESSAGES.labels(subscription.service, message_type.name, outcome)  # 0 from the start
        name = task_name(subscription.service, message_type.name)
        self._broker.celery.task(run, name=name, bind=True, shared=False, lazy=False)

    def _handle_bundle(
        self, task: Task, subscription: Subscription, message_type: type[Message], payloads: list[dict[str, Any]]
    ) -> None:
        service, handler = subscription.service, subscription.handlers[message_type]
        note_wait(task, service)
        last = task.request.retries >= _MAX_RETRIES
        if (task.request.delivery_info or {}).get("redelivered") and "attempt" in message_type.model_fields:
            # Whoever had it before died with it, or is thought dead. Counted in the payload, a retry keeps it.
            payloads = [{**payload, "attempt": payload.get("attempt", 0) + 1} for payload in payloads]
        failed: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        with holding() as outgoing:
            try:
                with subscription.unit():
                    if self._stopping.is_set() or not self._handle_at_once(subscription, message_type, payloads):
                        for place, payload in enumerate(payloads):
                            if self._stopping.is_set():
                                left = payloads[place:]
                                break
                            if not self._handle(service, message_type, handler, payload, last):
                                failed.append(payload)
            except Retryable as error:  # the unit of work as a whole did not hold: nothing in it happened
                _log.warning("bundle_failed", service=service, error=error.detail)
                failed, left = payloads, []
                outgoing.clear()
        self._broker.publish_many(outgoing)
        if left:
            self._broker.hand_back(service, message_type, left)
            _log.info("handed_back", service=service, message=message_type.name, messages=len(left))
        if failed:
            pause = min(2.0**task.request.retries, _LONGEST_PAUSE) * random.uniform(0.5, 1)
            self._watch.held_back(pause + _RETRY_SLACK)
            raise task.retry(args=[failed], countdown=pause, max_retries=_MAX_RETRIES)

    def _handle_at_once(
        self, subscription: Subscription, message_type: type[Message], payloads: list[dict[str, Any]]
    ) -> bool:
        """Whether the service could handle these messages together."""
        handler = subscription.bundle_handlers.get(message_type)
        if handler is None or len(payloads) == 1:
            return False
        service, name, started = subscription.service, message_type.name, time.perf_counter()
        try:
            with (
                logs.bound(service=service, message=name),
                holding() as caused,
                traces.together(name, payloads),
            ):
                handler([message_type.model_validate(payload) for payload in payloads])
        except Exception as error:  # noqa: BLE001 - whatever it is, each message is handled on its own now
            _log.info("bundle_taken_apart", service=service, message=name, error=words_of(error))
            return False
        self._broker.publish_many(caused)
        seconds = (time.perf_counter() - started) / len(payloads)
        for payload in payloads:
            note_handled(service, name, "ok", seconds, **context_of(payload))
        return True

    def _handle(
        self, service: Service, message_type: type[Message], handler: Handler, payload: dict[str, Any], last: bool
    ) -> bool:
        """Whether the message is done with: handled or buried."""
        name = message_type.name
        with logs.bound(service=service, message=name, **context_of(payload)):
            started = time.perf_counter()
            outcome = "dead"
            try:
                with holding() as caused, traces.span(name, payload.get(traces.HEADER), "CONSUMER"):
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
                _log.warning("message_failed", error=words_of(error), exc_info=None if expected else error)
                if last:
                    self._bury(service, name, payload, f"{type(error).__name__}: {words_of(error)}", retryable=True)
                else:
                    outcome = "retried"
            note_handled(service, name, outcome, time.perf_counter() - started)
            return outcome != "retried"

    def _bury(
        self, service: str, name: str, payload: dict[str, Any], reason: str, path: str = "", retryable: bool = False
    ) -> None:
        _log.error("message_died", reason=reason, path=path or None)
        context = context_of(payload)
        self._broker.publish(
            MessageDied(
                tenant=context.get("tenant", "unknown"),
                correlation_id=context.get("correlation_id", logs.correlation_id()),
                source=name,
                queue=service,
                reason=reason,
                path=path or None,
                payload=payload,
                retryable=retryable,
            )
        )


def _amqp_socket(worker: Any) -> socket.socket | None:
    """That of the worker's own connection; None over Redis, whose connections break by themselves, and while there is
    none. `_connection`, because `connection` would open one."""
    connection = getattr(worker.consumer, "connection", None)
    transport = getattr(getattr(connection, "_connection", None), "transport", None)
    return getattr(transport, "sock", None)
