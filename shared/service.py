"""What a service is, and how a process runs one or several."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.loops.auto import auto_loop_factory

from shared.contracts.messages import Message
from shared.contracts.routes import Service as ServiceName
from shared.errors import Retryable
from shared.messaging import Broker, BundleHandlers, Consumer, Handler, Subscription, Unit
from shared.observability import logs, traces
from shared.prompt_http import PromptHttp

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_log = structlog.get_logger(__name__)
Loop = Callable[[threading.Event], None]
_COLLECTED_EVERY = 10_000
"""Objects: one search makes some 2,000."""
SECONDS_TO_STOP = 25.0
_SECONDS_TO_ANSWER = 10
_SECONDS_TO_HAND_BACK = 2.0


@dataclass(frozen=True)
class Service:
    """A service as its `main.build(settings)` composes it; nothing in it runs yet.

    `handlers` and `bundle_handlers` take the messages of its queue, those of a bundle inside one `unit` of work;
    `background` loops run in a thread each until their event is set; `close` gives back what `build` opened.
    """

    name: ServiceName
    http: FastAPI
    host: str
    port: int
    close: Callable[[], None]
    handlers: Mapping[type[Message], Handler] = field(default_factory=dict)
    unit: Unit = nullcontext
    bundle_handlers: BundleHandlers = field(default_factory=dict)
    background: Sequence[Loop] = ()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # several servers share this process: `run` listens for signals and tells them all


def run(
    services: Sequence[Service],
    broker: Broker,
    threads: int,
    *,
    sole_worker: bool,
    seconds_to_stop: float = SECONDS_TO_STOP,
) -> None:
    """Serve the services in this process until SIGTERM or SIGINT.

    Then no message is taken any more; each that is in work is finished, and those behind it are handed back; requests
    have 10 seconds to be answered. What has not ended after `seconds_to_stop` is handed back, and the process ends
    with status 1.

    One consumer of `threads` threads reads all their queues. `sole_worker`: no other process has this role, so what a
    dead predecessor left unacknowledged is put back first.
    """
    if sole_worker:
        try:
            restored = broker.restore_unacknowledged()
            _log.info("restored_unacknowledged", role=broker.role, messages=restored)
        except Retryable as error:
            _log.warning("restore_postponed", detail=error.detail)  # the visibility timeout brings them back
    subscriptions = [Subscription(s.name, s.handlers, s.unit, s.bundle_handlers) for s in services if s.handlers]
    consumer = Consumer(broker, subscriptions, threads, sole=sole_worker, ended=_leave)
    stop = threading.Event()

    def begin_to_stop() -> None:
        if stop.is_set():
            return
        stop.set()
        consumer.begin_to_stop()
        last = threading.Timer(seconds_to_stop, _end_now, [consumer])
        last.daemon = True
        last.start()

    loops = [
        threading.Thread(target=_background, args=(service.name, loop, stop), name=f"{service.name}-background")
        for service in services
        for loop in service.background
    ]
    for loop in loops:
        loop.start()
    consumer.start()
    try:
        _settle_memory()
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_serve(services, begin_to_stop))
    finally:
        begin_to_stop()
        consumer.stop()
        for loop in loops:
            loop.join()
        for service in services:
            service.close()
        broker.close()
        traces.close()
        _log.info("stopped", services=[service.name for service in services])


def _settle_memory() -> None:
    """Keep the garbage collector from walking through all that a process is made of, again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_EVERY)


def _leave() -> None:
    """End this process in order: its supervisor starts another, which takes messages again."""
    os.kill(os.getpid(), signal.SIGTERM)


def _background(service: str, loop: Loop, stop: threading.Event) -> None:
    with logs.bound(service=service):
        kept_running(loop, stop)


def kept_running(loop: Loop, stop: threading.Event, pause: float = _FIRST_PAUSE) -> None:
    """Run the loop until it returns. One that breaks is begun again after a pause of seconds, which grows: a thread
    that ended unseen would leave a service that answers and does half of its work."""
    while not stop.is_set():
        try:
            return loop(stop)
        except Exception:  # noqa: BLE001 - whatever it is, the others of this process go on
            _log.exception("background_broke", loop=getattr(loop, "__qualname__", repr(loop)), again_in_seconds=pause)
            stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _end_now(consumer: Consumer) -> None:
    """What is still in work goes back to the broker, and the process ends whatever its threads do."""
    names = sorted(thread.name for thread in threading.enumerate() if thread.is_alive() and not thread.daemon)
    _log.error("stop_forced", threads=names, doing="handing back what is in work")
    handing = threading.Thread(target=consumer.hand_back_rest, daemon=True)
    handing.start()
    handing.join(_SECONDS_TO_HAND_BACK)  # a broker that is away has it back by its own time
    os._exit(1)


async def _serve(services: Sequence[Service], begin_to_stop: Callable[[], None]) -> None:
    servers = [
        _Server(
            uvicorn.Config(
                service.http,
                host=service.host,
                port=service.port,
                log_config=None,
                access_log=False,
                http=PromptHttp,
                timeout_graceful_shutdown=_SECONDS_TO_ANSWER,
                server_header=False,
            )
        )
        for service in services
    ]

    def leave() -> None:
        begin_to_stop()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    _log.info("serving", services={s.name: f"{s.host}:{s.port}" for s in services})
    outcomes: list[Any] = await asyncio.gather(*(_guarded(server, leave) for server in servers), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _guarded(server: _Server, leave: Callable[[], None]) -> None:
    """A server that cannot start, or breaks, takes the process with it: its supervisor starts it again."""
    try:
        await server.serve()
    finally:
        leave()
