"""Searches and suggestions of the running stack, by 1, 8 and 32 clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx

from bench.suite.closed_loop import Loop, closed_loop
from tests.support.stack import RunningStack

CLIENTS = (1, 8, 32)
SECONDS = 12.0
_SHOPPERS, _EVENTS = 50, 20
Asks = Callable[[httpx.Client, int], httpx.Response]


def loops(stack: RunningStack, ask: Asks) -> list[Loop]:
    """One for each of `CLIENTS`, after a short one that warms up."""
    closed_loop(stack, 2, 1.0, ask)
    return [closed_loop(stack, clients, SECONDS, ask) for clients in CLIENTS]


def new_photos(photographs: Sequence[Path]) -> Asks:
    """Each photo is asked with once, as long as there are photos enough."""
    given = iter(photographs)

    def ask(api: httpx.Client, _: int) -> httpx.Response:
        return _search(api, next(given).read_bytes())

    return ask


def one_photo(photograph: Path) -> Asks:
    content = photograph.read_bytes()
    return lambda api, _: _search(api, content)


def words() -> Asks:
    """The same words with another limit of the price each time, so that no answer is known."""
    return lambda api, number: api.post("/v1/search", json={"words": f"gold ring under {1000 + number}", "limit": 20})


def shoppers(stack: RunningStack, skus: Sequence[str]) -> Asks:
    """Suggestions for shoppers who have looked at 20 pieces each."""
    names = [f"bench-{number}" for number in range(_SHOPPERS)]
    at = datetime.now(UTC).isoformat()
    events = [
        {"id": uuid4().hex, "type": "clicked", "user_id": name, "sku": skus[(7 * row + number) % len(skus)], "at": at}
        for row, name in enumerate(names)
        for number in range(_EVENTS)
    ]
    with stack.api as api:
        api.post("/v1/events", json={"events": events}).raise_for_status()
    return lambda api, number: api.get(f"/v1/users/{names[number % _SHOPPERS]}/suggestions", params={"limit": 20})


def _search(api: httpx.Client, photo: bytes) -> httpx.Response:
    files = {"image": ("photo.jpg", photo, "image/jpeg")}
    return api.post("/v1/search", files=files, data={"query": json.dumps({"limit": 20})})
