"""Brokers and workers that die, of each kind: nothing taken or waiting is lost, and it is told in words."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis

from shared import messaging
from shared.contracts.messages import ImageRemoved, ImageStored, Message
from shared.errors import Permanent, Retryable
from shared.messaging import Broker, Consumer, Subscription
from shared.messaging.redis_queues import VISIBILITY_SECONDS
from tests.support.broker import RunningBroker
from tests.support.messaging import Worker, removed, sku_of
from tests.support.servers import PASSWORD, RunningServer
from tests.support.waiting import until

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningBroker]:
    """For what concerns Redis alone, or a worker and not its broker."""
    running = RunningBroker(tmp_path)
    yield running
    running.stop()


def test_a_stopped_broker_is_told_in_words_and_consumption_goes_on_when_it_is_back(
    running_broker: RunningServer,
) -> None:
    with Worker(running_broker.url) as worker:
        worker.broker.publish(removed("BEFORE"))
        until(lambda: worker.handled, "the first message is handled")
        until(lambda: worker.broker.idle(["indexer"]), "and acknowledged")
        running_broker.kill()
        with pytest.raises(Retryable, match="does not answer") as told:
            worker.broker.publish(removed("DURING"))
        assert str(urlsplit(running_broker.url).port) in told.value.detail
        assert PASSWORD not in told.value.detail
        with pytest.raises(Retryable, match="does not answer"):
            worker.broker.depth("indexer")
        running_broker.start()
        until(lambda: _publishes(worker.broker, removed("AFTER")), "the broker takes messages again")
        until(lambda: any(sku_of(m) == "AFTER" for m in worker.handled), "the worker has come back")
        until(lambda: worker.broker.idle(["indexer"]), "what was looked at before the break is looked at again")


def test_a_broker_that_is_killed_while_all_hands_are_full_is_heard_again(running_broker: RunningServer) -> None:
    go_on = threading.Event()
    taken = threading.Semaphore(0)

    def hold(message: ImageRemoved) -> None:
        taken.release()
        assert go_on.wait(60)

    with Worker(running_broker.url, hold) as worker:
        for number in range(8):
            worker.broker.publish(removed(f"HELD-{number}"))
        for _ in range(4):
            assert taken.acquire(timeout=20), "every thread has one"
        running_broker.kill()
        go_on.set()
        until(lambda: len(worker.handled) == 4, "they are done while the broker is away")
        running_broker.start()
        until(lambda: _publishes(worker.broker, removed("AFTER")), "the broker takes messages again", 60)
        until(lambda: any(sku_of(m) == "AFTER" for m in worker.handled), "the worker has come back", 60)


def test_what_a_killed_worker_had_taken_is_handled_promptly_by_its_successor(running_broker: RunningServer) -> None:
    taken = SPAWN.Event()
    victim = SPAWN.Process(target=_hang, args=(running_broker.url, taken), daemon=True)
    victim.start()
    broker = messaging.open(running_broker.url, "publisher")
    broker.publish(removed("TAKEN"))
    assert taken.wait(30), "the victim takes the message"
    victim.kill()
    victim.join()

    worker = Worker(running_broker.url)
    assert worker.broker.restore_unacknowledged() == (0 if running_broker.child.name == "rabbitmq" else 1)
    with worker:
        until(lambda: worker.handled, "the successor handles it", seconds=10)
    assert sku_of(worker.handled[0]) == "TAKEN"
    broker.close()


def test_what_a_killed_worker_had_taken_comes_to_others_of_its_role_within_seconds_of_its_time(
    server: RunningBroker,
) -> None:
    taken = SPAWN.Event()
    victim = SPAWN.Process(target=_hang, args=(server.url, taken), daemon=True)
    victim.start()
    broker = messaging.open(server.url, "publisher")
    broker.publish(removed("TAKEN"))
    assert taken.wait(30), "the victim takes the message"
    victim.kill()
    victim.join()
    with Redis.from_url(server.url) as admin, Worker(server.url) as worker:
        broker.publish(removed("AFTER"))
        until(lambda: worker.handled, "another worker is at work, and has looked once")
        (tag,) = admin.zrange("loupe:unacked:worker:index", 0, -1)
        admin.zadd("loupe:unacked:worker:index", {tag: time.time() - VISIBILITY_SECONDS - 1})
        until(lambda: len(worker.handled) == 2, "it looks again and takes it", seconds=30)
    assert sku_of(worker.handled[1]) == "TAKEN"
    broker.close()


def test_a_redelivered_message_that_counts_its_attempts_is_told_so_and_a_retry_remembers_it(
    running_broker: RunningServer,
) -> None:
    taken = SPAWN.Event()
    victim = SPAWN.Process(target=_hang_with_picture, args=(running_broker.url, taken), daemon=True)
    victim.start()
    broker = messaging.open(running_broker.url, "worker")
    base = removed().model_dump()
    broker.publish(ImageStored(**base, sha256="0" * 64, item_revision=1))
    assert taken.wait(30), "the victim takes the message"
    victim.kill()
    victim.join()
    attempts: list[int] = []

    def fail_once(message: ImageStored) -> None:
        attempts.append(message.attempt)
        if len(attempts) == 1:
            raise Retryable("the store is away")

    broker.restore_unacknowledged()
    consumer = Consumer(broker, [Subscription("embedder", {ImageStored: fail_once})], 1)
    consumer.start()
    until(lambda: len(attempts) == 2, "the message is handled, and again after its failure")
    consumer.stop()
    broker.close()
    assert attempts == [1, 1]


def _hang_with_picture(url: str, taken: Any) -> None:
    def hang(_message: ImageStored) -> None:
        taken.set()
        threading.Event().wait()

    Consumer(messaging.open(url, "worker"), [Subscription("embedder", {ImageStored: hang})], 1).start()
    threading.Event().wait()


def test_a_consumer_that_cannot_even_start_is_told_so_that_its_service_does_not_stand_there_without_it(
    running_broker: RunningServer,
) -> None:
    ended = SPAWN.Event()
    lacking = SPAWN.Process(target=_consume_lacking_a_package, args=(running_broker.url, ended), daemon=True)
    lacking.start()
    assert ended.wait(60)
    lacking.kill()
    lacking.join()


def _consume_lacking_a_package(url: str, ended: Any) -> None:
    broker = messaging.open(url, "worker")
    for module in [name for name in sys.modules if name.startswith("celery.worker")]:
        del sys.modules[module]
    sys.modules["celery.worker.components"] = None  # type: ignore[assignment]  # as in an image that lacks it
    Consumer(broker, [Subscription("indexer", {})], 1, ended=ended.set).start()
    threading.Event().wait()


def test_what_waits_for_its_next_attempt_when_its_worker_is_killed_is_tried_by_the_successor(
    running_broker: RunningServer,
) -> None:
    failed = SPAWN.Event()
    victim = SPAWN.Process(target=_fail, args=(running_broker.url, failed), daemon=True)
    victim.start()
    broker = messaging.open(running_broker.url, "publisher")
    broker.publish(removed("POSTPONED"))
    assert failed.wait(30), "the victim fails"
    until(lambda: broker.idle(["indexer"]) or broker.depth("indexer").working == 1, "the next attempt is planned")
    victim.kill()
    victim.join()
    broker.close()

    worker = Worker(running_broker.url)
    worker.broker.restore_unacknowledged()
    with worker:
        until(lambda: worker.handled, "the successor handles it", seconds=10)
    assert sku_of(worker.handled[0]) == "POSTPONED"


def test_messages_that_nobody_took_yet_outlive_a_killed_broker(running_broker: RunningServer) -> None:
    broker = messaging.open(running_broker.url, "publisher")
    for number in range(20):
        broker.publish(removed(f"RING-{number}"))
    until(lambda: broker.depth("indexer").waiting == 20, "all are there")
    until(lambda: _written(running_broker), "the broker has written its log")
    running_broker.kill()
    running_broker.start()
    assert broker.depth("indexer").waiting == 20
    broker.close()


def _written(broker: RunningServer) -> bool:
    """Under `appendfsync everysec` Redis may keep what it answered for in memory while an earlier fsync lasts."""
    if broker.child.name == "rabbitmq":
        return True
    with Redis.from_url(broker.url) as client:
        return bool(client.info("persistence")["aof_buffer_length"] == 0)


def test_a_wrong_password_is_told_without_telling_it(running_broker: RunningServer) -> None:
    wrong = running_broker.url.replace(urlsplit(running_broker.url).password or "", "hush-hush")
    broker = messaging.open(wrong, "publisher")
    for call in (broker.ping, lambda: broker.publish(removed())):
        with pytest.raises(Retryable, match="refuses the user or password in BROKER_URL") as refused:
            call()
        assert "hush" not in refused.value.detail
    broker.close()


@pytest.mark.parametrize("url", ["", "http://host", "sqs://", "memory://"])
def test_a_url_that_names_no_broker_is_refused_with_some_that_do(url: str) -> None:
    with pytest.raises(Permanent, match="amqp://"):
        messaging.open(url, "publisher")


def _fail(url: str, failed: Any) -> None:
    def fail(_message: ImageRemoved) -> None:
        failed.set()
        raise Retryable("not now")

    Worker(url, fail).consumer.start()
    threading.Event().wait()


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


def test_a_channel_whose_connection_is_closed_under_it_is_a_broker_that_is_away(server: RunningBroker) -> None:
    broker = messaging.open(server.url, "gateway")
    broker.publish(removed("BEFORE"))
    with broker.celery.amqp.producer_pool.acquire(block=True) as producer:
        channel = producer.channel
        channel.connection.close_channel(channel)
        channel._disconnect_pools()  # what its connection's end does to it, in the thread that sees it
    with pytest.raises(Retryable, match="does not answer"):
        broker.publish(removed("DURING"))
    broker.publish(removed("AFTER"))
    broker.close()


def test_a_worker_goes_on_after_its_broker_refused_all_writes_as_on_a_full_disk(server: RunningBroker) -> None:
    with Redis.from_url(server.url) as admin, Worker(server.url) as worker:
        worker.broker.publish(removed("BEFORE"))
        until(lambda: worker.handled, "the first message is handled")
        admin.config_set("min-replicas-to-write", 1)
        with pytest.raises(Retryable, match="does not answer"):
            worker.broker.publish(removed("DURING"))
        told = _refusals(admin)
        until(lambda: _refusals(admin) > told, "the worker, which asks each second, was refused too")
        admin.config_set("min-replicas-to-write", 0)
        worker.broker.publish(removed("AFTER"))
        until(lambda: any(sku_of(m) == "AFTER" for m in worker.handled), "the worker goes on")


def _refusals(admin: Redis) -> int:
    return int(admin.info("stats")["total_error_replies"])
