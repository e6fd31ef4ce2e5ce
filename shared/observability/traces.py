"""Traces by OpenTelemetry: one from an upload to the picture's place in the index. Off unless told where to send them.

What belongs together is passed on as W3C writes it, `traceparent`: in a header between services, in a field of each
message, and with it in the rows of an outbox. Off, no exporter is loaded and nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from shared.contracts.messages import Message

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, SpanKind, Tracer

HEADER = "traceparent"
_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True)
class _Here:
    """What runs now: one span, or, of a bundle that is handled at once, a span for each correlation id."""

    span: Span | None = None
    each: Mapping[str, Span] = field(default_factory=dict)


_NOWHERE = _Here()
_here: ContextVar[_Here] = ContextVar("traced", default=_NOWHERE)


class _Tracing:
    """A tracer for each service of the process, over one connection to the collector."""

    def __init__(self, processor: SpanProcessor) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.processor = processor
        self._trace = trace
        self._words = TraceContextTextMapPropagator()
        self._tracers: dict[str, Tracer] = {}

    def begin(
        self, name: str, parent: str | Span | None, kind: str, said: Mapping[str, Any], since_ns: int | None = None
    ) -> Span:
        """`parent` is a span of this process, or what another one passed on; without one a trace begins."""
        if isinstance(parent, str):
            context = self._words.extract({HEADER: parent})
        elif parent is not None:
            context = self._trace.set_span_in_context(parent)
        else:
            from opentelemetry.context import Context

            context = Context()
        kinds: Mapping[str, SpanKind] = self._trace.SpanKind.__members__
        return self._tracer().start_span(name, context, kinds[kind], dict(said), start_time=since_ns)

    def passed_on(self, span: Span) -> str:
        carrier: dict[str, str] = {}
        self._words.inject(carrier, self._trace.set_span_in_context(span))
        return carrier[HEADER]

    def failed(self, span: Span, why: str) -> None:
        """`why` is a word of ours: what an error says may name a shopper."""
        span.set_status(self._trace.StatusCode.ERROR, why)

    def _tracer(self) -> Tracer:
        service = str(structlog.contextvars.get_contextvars().get("service", "loupe"))
        if service not in self._tracers:
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider

            about = {"service.name": service, "service.namespace": "loupe"}
            provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
            provider.add_span_processor(self.processor)
            self._tracers[service] = provider.get_tracer("loupe")
        return self._tracers[service]


_tracing: _Tracing | None = None


def configure(url: str | None) -> None:
    """Send spans to the collector at `url`, which speaks OTLP over HTTP; with none, do not trace."""
    if url:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        send_to(BatchSpanProcessor(OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces")))


def send_to(processor: SpanProcessor | None) -> None:
    """Give spans to `processor`; with None stop tracing."""
    global _tracing
    _tracing = _Tracing(processor) if processor else None


def close() -> None:
    """Send what is left."""
    if _tracing:
        _tracing.processor.shutdown()


@contextmanager
def span(name: str, parent: str | None = None, kind: str = "INTERNAL", **said: str | int) -> Iterator[Span | None]:
    """What runs inside, within `parent`, or within what runs around it; None while nothing is traced.

    `kind`: as OpenTelemetry has it. `said` are attributes: keys and counts, never what a shopper wrote or looks like.
    """
    if _tracing is None:
        yield None
        return
    mine = _tracing.begin(name, parent or _here.get().span, kind, said)
    token = _here.set(_Here(mine))
    trace_id = format(mine.get_span_context().trace_id, "032x")
    try:
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            yield mine
    except BaseException as error:
        _tracing.failed(mine, type(error).__name__)
        raise
    finally:
        _here.reset(token)
        mine.end()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """A part of what is traced around it; nothing where nothing is."""
    if _tracing is None or _here.get().span is None:
        yield
        return
    with span(name):
        yield


@contextmanager
def together(name: str, messages: Sequence[Mapping[str, Any]], kind: str = "CONSUMER") -> Iterator[None]:
    """Messages that are handled at once: a span for each, in the trace of its own."""
    if _tracing is None:
        yield
        return
    spans = {
        message["correlation_id"]: _tracing.begin(name, message.get(HEADER), kind, {"loupe.bundle": len(messages)})
        for message in messages
    }
    token = _here.set(_Here(each=spans))
    try:
        yield
    finally:
        _here.reset(token)
        for one in spans.values():
            one.end()


def current(correlation_id: str | None = None) -> str | None:
    """What to pass on so that others go on in this trace: of a bundle, that of the message with this correlation id."""
    if _tracing is None:
        return None
    here = _here.get()
    found = here.span or here.each.get(correlation_id or "")
    return _tracing.passed_on(found) if found else None


def carried(message: _M) -> _M:
    """The message with the trace of whatever tells it, unless it is of one already."""
    passed_on = None if message.traceparent else current(message.correlation_id)
    return message.model_copy(update={HEADER: passed_on}) if passed_on else message


def headers() -> dict[str, str]:
    """Those by which a request to another service goes on in this trace."""
    passed_on = current()
    return {HEADER: passed_on} if passed_on else {}


def waited(name: str, parent: str, since: datetime) -> None:
    """Something of the trace waited from `since`, UTC without a zone, until now."""
    if _tracing:
        span = _tracing.begin(name, parent, "INTERNAL", {}, int(since.replace(tzinfo=UTC).timestamp() * 1e9))
        span.end()
