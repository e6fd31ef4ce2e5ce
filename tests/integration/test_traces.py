"""Traces inside one process: what is passed on by messages, outbox and HTTP, what is not, and that off means off."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import MetaData

from shared import database, messaging
from shared.contracts.messages import ImageAnalysed, ImageRemoved, Message
from shared.database import Outbox, Relay
from shared.errors import Retryable
from shared.messaging import BundleHandlers, Consumer, Handlers, Subscription
from shared.observability import logs, traces
from shared.observability.http import create_app
from tests.support.broker import RunningBroker
from tests.support.messaging import analysed, removed
from tests.support.waiting import until

ONE, TWO = (f"00-{number * 32}-{number * 16}-01" for number in "12")
SECRET = "an internal secret"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.send_to(SimpleSpanProcessor(exporter))
    yield exporter
    traces.send_to(None)


def trace_of(span: ReadableSpan) -> str:
    assert span.context
    return format(span.context.trace_id, "032x")


def of_trace(traceparent: str | None) -> str:
    assert traceparent
    return traceparent.split("-")[1]


class Worker:
    """The indexer's handlers, alone or at once for a bundle; the gateway keeps what they tell."""

    def __init__(self, broker: RunningBroker, *, at_once: bool) -> None:
        self.told: list[Message] = []
        self.broker = messaging.open(broker.url, "worker")
        handlers: Handlers = {ImageRemoved: self._removed, ImageAnalysed: self.told.append}
        bundled: BundleHandlers = {ImageRemoved: self._all_removed} if at_once else {}
        indexer = Subscription("indexer", handlers, bundle_handlers=bundled)
        self.consumer = Consumer(self.broker, [indexer], 2)

    def _removed(self, message: ImageRemoved) -> None:
        self.broker.publish(analysed().model_copy(update={"correlation_id": message.correlation_id}))

    def _all_removed(self, messages: Sequence[ImageRemoved]) -> None:
        for message in messages:
            self._removed(message)

    def __enter__(self) -> Worker:
        self.consumer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.consumer.stop()
        self.broker.close()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
def test_what_each_message_of_a_bundle_causes_is_of_its_own_trace(
    spans: InMemorySpanExporter, tmp_path: Path, at_once: bool
) -> None:
    broker = RunningBroker(tmp_path)
    mine = [
        removed().model_copy(update={"correlation_id": name, "traceparent": trace})
        for name, trace in (("one", ONE), ("two", TWO))
    ]
    with Worker(broker, at_once=at_once) as worker:
        worker.broker.publish_many(mine)
        until(lambda: len(worker.told) == 2, "both were handled, and what they caused")
    broker.kill()
    assert {told.correlation_id: of_trace(told.traceparent) for told in worker.told} == {
        "one": of_trace(ONE),
        "two": of_trace(TWO),
    }
    assert {(span.name, trace_of(span)) for span in spans.get_finished_spans()} == {
        (name, of_trace(trace)) for name in ("image.removed", "image.analysed") for trace in (ONE, TWO)
    }


class Wire:
    """A broker's end that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def publish_many(self, messages: Sequence[Message]) -> None:
        self.sent.extend(messages)

    def idle(self, queues: object) -> bool:  # noqa: ARG002 - of the protocol
        return True


def test_a_row_of_the_outbox_goes_on_in_the_trace_of_whoever_wrote_it(
    spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    books, wire, outbox = database.open(f"sqlite:///{tmp_path}/books.db"), Wire(), Outbox(MetaData())
    outbox.table.metadata.create_all(books.engine)
    with traces.span("upload", ONE), books.write() as session:
        outbox.add(session, "key", removed())
    Relay(books, outbox, wire).send_new()
    books.close()
    assert [of_trace(message.traceparent) for message in wire.sent] == [of_trace(ONE)]
    assert [(span.name, trace_of(span)) for span in spans.get_finished_spans()] == [
        ("upload", of_trace(ONE)),
        ("outbox", of_trace(ONE)),
    ]


def _thing() -> str | None:
    return traces.current()


def test_a_service_inside_goes_on_in_the_trace_that_it_is_told_and_the_open_one_begins_its_own(
    spans: InMemorySpanExporter,
) -> None:
    for fence in (SECRET, None):
        app = create_app("indexer", {}, fence=fence)
        app.get("/things/{name}")(_thing)
        headers = {"Authorization": f"Bearer {SECRET}", traces.HEADER: ONE}
        with TestClient(app) as client:
            answer = client.get("/things/1", headers=headers).json()
            client.get("/metrics")
        assert (of_trace(answer) == of_trace(ONE)) == bool(fence)
    assert [span.name for span in spans.get_finished_spans()] == ["GET /things/{name}"] * 2


def test_what_went_wrong_is_told_by_its_kind_and_not_in_words_that_may_name_a_shopper(
    spans: InMemorySpanExporter,
) -> None:
    with pytest.raises(Retryable), traces.span("lookup"):
        raise Retryable("anna@example.com is not there")
    (span,) = spans.get_finished_spans()
    assert "anna" not in span.to_json()
    assert span.status.description == "Retryable"


def test_work_of_a_service_is_told_as_its_own_though_several_share_a_process(spans: InMemorySpanExporter) -> None:
    def work(service: str) -> None:
        with logs.bound(service=service), traces.span("work"):
            pass

    for service in ("gateway", "indexer"):
        thread = threading.Thread(target=work, args=(service,))
        thread.start()
        thread.join()
    assert [span.resource.attributes["service.name"] for span in spans.get_finished_spans()] == ["gateway", "indexer"]


def test_off_no_message_carries_a_trace_and_no_exporter_is_loaded() -> None:
    assert traces.carried(removed()).traceparent is None
    program = (
        "import sys; from services.gateway import main; from services.embedder import main; "
        "from shared.observability import traces; traces.configure(None); "
        "print([name for name in sys.modules if name.startswith('opentelemetry.exporter')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
