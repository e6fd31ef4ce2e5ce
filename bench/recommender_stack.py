"""Events through the running local stack: how many a second, and how soon the next list knows of one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from redis import Redis

from deploy.local.home import TENANT
from tests.support.stack import RunningStack
from tests.support.waiting import until

BATCH = 1_000
_CLIENTS = 2
_RECORDED_SECONDS = 300


def skus_of(stack: RunningStack) -> list[str]:
    with stack.api as api:
        return [item["sku"] for item in api.get("/v1/items", params={"limit": 100}).json()["items"]]


def events_a_second(stack: RunningStack, batches: int, skus: Sequence[str]) -> tuple[float, float]:
    """From the first request on: until all are accepted, which is durable, and until all are recorded."""
    at = datetime.now(UTC).isoformat()

    def send(batch: int) -> None:
        with stack.api as api:
            body = [
                {
                    "id": f"bulk-{batch}-{number}",
                    "type": "clicked",
                    "user_id": f"bulk-{(batch * BATCH + number) // 10}",
                    "sku": skus[number % len(skus)],
                    "at": at,
                }
                for number in range(BATCH)
            ]
            answer = api.post("/v1/events", json={"events": body}).raise_for_status()
            if answer.json()["accepted"] != BATCH:
                raise SystemExit(f"Not all events were accepted: {answer.text[:300]}")

    started = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(send, range(batches)))
    accepted = time.perf_counter() - started
    with stack.api as api:
        until(lambda: api.get("/v1/status").json()["outbox"] == 0, "all are recorded", _RECORDED_SECONDS)
    recorded = time.perf_counter() - started
    return batches * BATCH / accepted, batches * BATCH / recorded


def freshness(stack: RunningStack, times: int, skus: Sequence[str]) -> dict[str, list[float]]:
    """ms from before a shopper's first event is sent until an answer for them is no longer `cold`, by its way in."""
    bus = Redis.from_url((stack.home / "shop-bus-url").read_text().strip())
    with stack.api as api:

        def by_api(event: dict[str, str]) -> None:
            api.post("/v1/events", json={"events": [event]}).raise_for_status()

        def by_queue(event: dict[str, str]) -> None:
            told = {"specversion": "1.0", "id": uuid4().hex, "source": "/bench", "type": "shop.user.event"}
            bus.xadd(f"loupe:shop:{TENANT}:in", {"event": json.dumps({**told, "data": event})})

        ways: dict[str, Callable[[dict[str, str]], None]] = {"through the API": by_api, "by the queue": by_queue}
        return {
            name: [_known_after(api, send, skus[number % len(skus)]) for number in range(times)]
            for name, send in ways.items()
        }


def _known_after(api: httpx.Client, send: Callable[[dict[str, str]], None], sku: str) -> float:
    shopper = uuid4().hex
    at = datetime.now(UTC).isoformat()
    started = time.perf_counter()
    send({"id": uuid4().hex, "type": "clicked", "user_id": shopper, "sku": sku, "at": at})
    until(lambda: not api.get(f"/v1/users/{shopper}/suggestions").json()["cold"], "the click is known")
    return (time.perf_counter() - started) * 1e3
