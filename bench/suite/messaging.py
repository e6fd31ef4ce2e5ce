"""What Celery, as we set it up, adds to the same messages over plain Redis lists."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from redis import Redis

from shared import messaging
from shared.contracts.messages import ImageStored
from shared.messaging.consumer import Consumer, Subscription
from tests.support.broker import RunningBroker
from tests.support.waiting import until

_MESSAGES, _THREADS = 4_800, 2
_SECONDS = 300


def rates() -> tuple[float, float]:
    """Messages/s published and handled, by ours and by lists: in the bundles of `ImageStored`, whose handler does
    nothing, one after the other."""
    messages = [
        ImageStored(
            tenant="shop", correlation_id=f"c-{number}", sku=f"SKU-{number}", image_id=f"{number:036x}",
            sha256=f"{number:064x}", item_revision=1,
        )
        for number in range(_MESSAGES)
    ]  # fmt: skip
    with TemporaryDirectory() as folder:
        server = RunningBroker(Path(folder))
        try:
            return _ours(server, messages), _lists(server, messages)
        finally:
            server.stop()


def _ours(server: RunningBroker, messages: list[ImageStored]) -> float:
    handled = threading.Semaphore(0)
    broker = messaging.broker.open(server.url, "bench")
    consumer = Consumer(broker, [Subscription("embedder", {ImageStored: lambda _: handled.release()})], _THREADS)
    started = time.perf_counter()
    broker.publish_many(messages)
    consumer.start()
    for _ in messages:
        handled.acquire(timeout=_SECONDS)
    took = time.perf_counter() - started
    until(lambda: broker.idle(["embedder"]), "all are acknowledged")
    consumer.stop()
    broker.close()
    return len(messages) / took


def _lists(server: RunningBroker, messages: list[ImageStored]) -> float:
    """A worker's loop as one would write it: taken into a list of its own, and out of it when done."""
    client = Redis.from_url(server.url)

    def work(number: int) -> None:
        own = f"taken:{number}"
        while taken := cast(bytes | None, client.lmove("plain", own, "RIGHT", "LEFT")):
            for one in json.loads(taken):
                ImageStored.model_validate(one)
            client.lrem(own, 1, taken.decode())

    started = time.perf_counter()
    for start in range(0, len(messages), ImageStored.bundle):
        bundle = [message.model_dump(mode="json") for message in messages[start : start + ImageStored.bundle]]
        client.lpush("plain", json.dumps(bundle))
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, range(_THREADS)))
    took = time.perf_counter() - started
    client.close()
    return len(messages) / took
