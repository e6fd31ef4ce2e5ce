"""Messages between services over a real broker of each kind."""

from __future__ import annotations

from prometheus_client import REGISTRY

from shared import messaging
from shared.contracts.messages import ImageRemoved
from shared.errors import Permanent, Retryable
from shared.messaging.broker import task_name
from tests.support.messaging import Worker, analysed, removed
from tests.support.servers import RunningServer
from tests.support.waiting import until


def test_a_message_reaches_its_subscriber_with_its_correlation_id(running_broker: RunningServer) -> None:
    with Worker(running_broker.url) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.handled, "the message is handled")
    assert worker.handled == [removed().model_copy(update={"at": worker.handled[0].at})]
    assert worker.correlation_ids == ["c-1"]


def test_a_retryable_failure_is_tried_again_until_it_succeeds(running_broker: RunningServer) -> None:
    attempts: list[str] = []

    def fail_twice(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        if len(attempts) < 3:
            raise Retryable("the store is away")

    with Worker(running_broker.url, fail_twice) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.handled, "the third attempt succeeds")
    assert len(attempts) == 3
    assert worker.died == []


def test_the_wait_for_a_worker_is_measured_once_however_often_a_bundle_is_tried(running_broker: RunningServer) -> None:
    def measured() -> float:
        return REGISTRY.get_sample_value("loupe_message_wait_seconds_count", {"service": "indexer"}) or 0.0

    attempts: list[str] = []

    def fail_once(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        if len(attempts) == 1:
            raise Retryable("the store is away")

    before = measured()
    with Worker(running_broker.url, fail_once) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.handled, "the second attempt succeeds")
    assert measured() - before == 1


def test_in_a_bundle_one_failure_harms_no_neighbour(running_broker: RunningServer) -> None:
    attempts: list[str] = []

    def fail_some(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        if message.sku == "PERMANENT":
            raise Permanent("never")
        if message.sku == "RETRYABLE" and attempts.count("RETRYABLE") == 1:
            raise Retryable("later")

    with Worker(running_broker.url, fail_some) as worker:
        worker.broker.publish_many([removed(sku) for sku in ("FIRST", "PERMANENT", "RETRYABLE", "LAST")])
        until(lambda: len(worker.handled) == 3 and worker.died, "three succeed and one is buried")
    assert attempts == ["FIRST", "PERMANENT", "RETRYABLE", "LAST", "RETRYABLE"]


def test_what_a_handler_publishes_leaves_once_it_has_succeeded(running_broker: RunningServer) -> None:
    attempts: list[str] = []

    def publish_then_fail_once(message: ImageRemoved) -> None:
        worker.broker.publish(analysed())
        attempts.append(message.sku)
        if len(attempts) == 1:
            raise Retryable("after publishing")

    with Worker(running_broker.url, publish_then_fail_once) as worker:
        worker.broker.publish(removed())
        until(lambda: len(worker.handled) == 2, "the message and what it caused are handled")
    assert sorted(message.name for message in worker.handled) == ["image.analysed", "image.removed"]


def test_a_permanent_failure_is_buried_with_its_reason_and_not_repeated(running_broker: RunningServer) -> None:
    attempts: list[str] = []

    def refuse(message: ImageRemoved) -> None:
        attempts.append(message.sku)
        raise Permanent("this can never work")

    with Worker(running_broker.url, refuse) as worker:
        worker.broker.publish(removed())
        until(lambda: worker.died, "the dead letter arrives")
    assert attempts == ["RING-1"]
    died = worker.died[0]
    assert (died.source, died.queue, died.reason) == ("image.removed", "indexer", "this can never work")
    assert died.payload["sku"] == "RING-1"
    assert died.correlation_id == "c-1"


def test_a_message_that_breaks_the_contract_is_buried_with_the_path_of_the_bad_field(
    running_broker: RunningServer,
) -> None:
    with Worker(running_broker.url) as worker:
        bad = removed().model_dump(mode="json") | {"sku": "a/b"}
        worker.broker.celery.send_task(task_name("indexer", "image.removed"), args=[[bad]], queue="indexer")
        until(lambda: worker.died, "the dead letter arrives")
    assert worker.died[0].path == "sku"
    assert worker.handled == []


def test_depth_tells_waiting_and_age_without_a_worker(running_broker: RunningServer) -> None:
    broker = messaging.open(running_broker.url, "publisher")
    assert broker.idle(["indexer"])
    for _ in range(3):
        broker.publish(removed())
    depth = broker.depth("indexer")
    assert depth.waiting == 3  # published one by one: three bundles
    if running_broker.child.name == "rabbitmq":
        assert (depth.working, depth.oldest_seconds) == (None, None)
    else:
        assert depth.working == 0
        assert depth.oldest_seconds is not None
        assert 0 < depth.oldest_seconds < 60
    assert not broker.idle(["indexer"])
    broker.close()
