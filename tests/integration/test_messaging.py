"""Messages between services over a real broker."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared import messaging
from shared.contracts.messages import ImageAnalysed, ImageRemoved, Message, MessageDied
from shared.errors import Permanent, Retryable
from shared.messaging import Broker, Consumer, Handlers, Subscription
from shared.messaging.broker import task_name
from shared.observability import logs
from tests.support.broker import RunningBroker
from tests.support.waiting import until

SPAWN = multiprocessing.get_context("spawn")


def removed(sku: str = "RING-1") -> ImageRemoved:
    return ImageRemoved(tenant="acme", correlation_id="c-1", sku=sku, image_id="0" * 8 + "-" + "0" * 27)


def analysed() -> ImageAnalysed:
    base = removed().model_dump()
    return ImageAnalysed(**base, sha256="0" * 64, item_revision=1, model_version="m")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningBroker]:
    broker = RunningBroker(tmp_path)
    yield broker
    broker.stop()


class Worker:
    """A consumer of the indexer's and the gateway's queues that keeps what it handled."""

    def __init__(self, url: str, on_removed: Callable[[ImageRemoved], object] = str) -> None:
        self.handled: list[Message] = []
        self.died: list[MessageDied] = []
        self.correlation_ids: list[str] = []
        self.broker = messaging.open(url, "worker")
        self._on_removed = on_removed
        indexer: Handlers = {ImageRemoved: self._removed, ImageAnalysed: self.handled.append}
        gateway: Handlers = {MessageDied: self.died.append}
        self.consumer = Consumer(self.broker, [Subscription("indexer", indexer), Subscription("gateway", gateway)], 4)

    def _removed(self, message: ImageRemoved) -> None:
        self.correlation_ids.append(logs.correlation_id())
        self._on_removed(message)
        self.handled.append(message)

    def __enter__(self) -> Worker:
        self.consumer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.consumer.stop()
        self.broker.close()


def test_a_message_reaches_its_subscriber_with_its_correlation_id(running: RunningBroker) -> None:
    with Worker(running.url) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.handled, "the message is handled")
    assert worker.handled == [removed().model_copy(update={"at": worker.handled[0].at})]
    assert worker.correlation_ids == ["c-1"]


def test_a_retryable_failure_is_tried_again_until_it_succeeds(running: RunningBroker) -> None:
    attempts: list[str] = []

    def fail_twice(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        if len(attempts) < 3:
            raise Retryable("the store is away")

    with Worker(running.url, fail_twice) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.handled, "the third attempt succeeds")
    assert len(attempts) == 3
    assert worker.died == []


def test_in_a_bundle_one_failure_harms_no_neighbour(running: RunningBroker) -> None:
    attempts: list[str] = []

    def fail_some(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        if message.sku == "PERMANENT":
            raise Permanent("never")
        if message.sku == "RETRYABLE" and attempts.count("RETRYABLE") == 1:
            raise Retryable("later")

    with Worker(running.url, fail_some) as worker:
        worker.broker.publish_many([removed(sku) for sku in ("FIRST", "PERMANENT", "RETRYABLE", "LAST")])
        until(lambda: len(worker.handled) == 3 and worker.died, "three succeed and one is buried")
    assert attempts == ["FIRST", "PERMANENT", "RETRYABLE", "LAST", "RETRYABLE"]


def test_what_a_handler_publishes_leaves_once_it_has_succeeded(running: RunningBroker) -> None:
    attempts: list[str] = []

    def publish_then_fail_once(message: ImageRemoved) -> None:
        worker.broker.publish(analysed())
        attempts.append(message.sku)
        if len(attempts) == 1:
            raise Retryable("after publishing")

    with Worker(running.url, publish_then_fail_once) as worker:
        worker.broker.publish(removed())
        until(lambda: len(worker.handled) == 2, "the message and what it caused are handled")
    assert sorted(message.name for message in worker.handled) == ["image.analysed", "image.removed"]


def test_a_permanent_failure_is_buried_with_its_reason_and_not_repeated(running: RunningBroker) -> None:
    attempts: list[str] = []

    def refuse(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        raise Permanent("this can never work")

    with Worker(running.url, refuse) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.died, "the dead letter arrives")
    assert attempts == ["RING-1"]
    died = worker.died[0]
    assert (died.source, died.queue, died.reason) == ("image.removed", "indexer", "this can never work")
    assert died.payload["sku"] == "RING-1"
    assert died.correlation_id == "c-1"


def test_a_message_that_breaks_the_contract_is_buried_with_the_path_of_the_bad_field(running: RunningBroker) -> None:
    with Worker(running.url) as worker:
        bad = removed().model_dump(mode="json") | {"sku": "a/b"}
        worker.broker.celery.send_task(task_name("indexer", "image.removed"), args=[[bad]], queue="indexer")
        until(lambda: worker.died, "the dead letter arrives")
    assert worker.died[0].path == "sku"
    assert worker.handled == []


def test_depth_tells_waiting_and_age_without_a_worker(running: RunningBroker) -> None:
    broker = messaging.open(running.url, "publisher")
    assert broker.idle(["indexer"])
    for _ in range(3):
        broker.publish(removed())
    depth = broker.depth("indexer")
    assert depth.waiting == 3  # published one by one: three bundles
    assert 0 < depth.oldest_seconds < 60
    assert not broker.idle(["indexer"])
    broker.close()


def test_a_stopped_broker_is_told_in_words_and_consumption_goes_on_when_it_is_back(running: RunningBroker) -> None:
    with Worker(running.url) as worker:
        worker.broker.publish(removed("BEFORE"))
        until(lambda: worker.handled, "the first message is handled")
        running.kill()
        with pytest.raises(Retryable, match="does not answer") as told:
            worker.broker.publish(removed("DURING"))
        assert str(running.port) in told.value.detail
        running.start()
        until(lambda: _publishes(worker.broker, removed("AFTER")), "the broker takes messages again")
        until(lambda: any(_sku(m) == "AFTER" for m in worker.handled), "the worker has come back")


def test_what_a_killed_worker_had_taken_is_handled_promptly_by_its_successor(running: RunningBroker) -> None:
    taken = SPAWN.Event()
    victim = SPAWN.Process(target=_hang, args=(running.url, taken), daemon=True)
    victim.start()
    broker = messaging.open(running.url, "publisher")
    broker.publish(removed("TAKEN"))
    assert taken.wait(30), "the victim takes the message"
    victim.kill()
    victim.join()

    worker = Worker(running.url)
    assert worker.broker.restore_unacknowledged() == 1
    with worker:
        until(lambda: worker.handled, "the successor handles it", seconds=10)
    assert _sku(worker.handled[0]) == "TAKEN"
    broker.close()


def _hang(url: str, taken: Any) -> None:
    def hang(_message: ImageRemoved) -> None:
        taken.set()
        threading.Event().wait()

    Worker(url, hang).consumer.start()
    threading.Event().wait()


def _publishes(broker: Broker, message: Message) -> bool:
    try:
        broker.publish(message)
    except Retryable:
        return False
    return True


def _sku(message: Message) -> str:
    assert isinstance(message, ImageRemoved)
    return message.sku
