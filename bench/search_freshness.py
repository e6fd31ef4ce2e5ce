"""How soon searches show what changes, and what becomes of pages when it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np

from bench.search_shop import Shop, put, removed
from bench.search_stack import ask, listed
from tests.support.stack import RunningStack
from tests.support.waiting import until

_A_PAGE = 100
_PRICE_ABOVE = 1_000_000.0


@dataclass(frozen=True)
class Paged:
    """`skipped`: what was not listed though it was in the shop from the first page to the last."""

    listed: int
    pages: int
    changed: int
    gone: int
    repeated: int
    skipped: int
    p50_ms: float


def freshness(stack: RunningStack, shop: Shop, times: int) -> dict[str, Sequence[float]]:
    """ms from the start of a change's request until a search shows it, by kind; each of another item."""
    kinds = (
        ("removed", _remove),
        ("another price", _re_price),
        ("sold out", _sell_out),
        ("sold out by movements", _move_out),
        ("in stock again", _move_in),
    )
    chosen = iter(np.random.default_rng(3).permutation(shop.skus)[: len(kinds) * times].tolist())
    took: dict[str, Sequence[float]] = {}
    with stack.api as api:
        for kind, change in kinds:
            took[kind] = [change(api, shop, next(chosen)) for _ in range(times)]
    return took


def _remove(api: httpx.Client, shop: Shop, sku: str) -> float:
    price = shop.items[sku]["price"]
    return _took(lambda: removed(api, sku), lambda: not _at_price(api, price))


def _re_price(api: httpx.Client, shop: Shop, sku: str) -> float:
    price = _PRICE_ABOVE + shop.items[sku]["price"]
    return _took(lambda: put(api, sku, {**shop.items[sku], "price": price}), lambda: _at_price(api, price) == [sku])


def _sell_out(api: httpx.Client, shop: Shop, sku: str) -> float:
    price = shop.items[sku]["price"]
    return _took(lambda: put(api, sku, {**shop.items[sku], "stock": 0}), lambda: not _at_price(api, price))


def _move_out(api: httpx.Client, shop: Shop, sku: str) -> float:
    price = shop.items[sku]["price"]
    return _took(lambda: _move(api, sku, "sold", shop.items[sku]["stock"]), lambda: not _at_price(api, price))


def _move_in(api: httpx.Client, shop: Shop, sku: str) -> float:
    price = shop.items[sku]["price"]
    _sell_out(api, shop, sku)
    return _took(lambda: _move(api, sku, "received", 2), lambda: _at_price(api, price) == [sku])


def _move(api: httpx.Client, sku: str, kind: str, quantity: int) -> None:
    at = datetime.now(UTC).isoformat()
    one = {"id": uuid4().hex, "sku": sku, "kind": kind, "quantity": quantity, "occurred_at": at}
    api.post("/v1/inventory/movements", json={"movements": [one]}).raise_for_status()


def _at_price(api: httpx.Client, price: float) -> list[str]:
    return listed(ask(api, {"filters": {"price_min": price, "price_max": price, "in_stock": True}}))


def _took(change: Callable[[], None], shown: Callable[[], bool]) -> float:
    started = time.perf_counter()
    change()
    until(shown, "the change shows in a search")
    return (time.perf_counter() - started) * 1e3


def paged(stack: RunningStack, shop: Shop, photo: Path, changes: int) -> Paged:
    """Page through all results while items change: of ten, six get another price, two sell out, two are removed."""
    with stack.api as api:
        there = _in_the_shop(api)
        page = ask(api, {"limit": _A_PAGE}, photo)
        found, times = listed(page), []
        with ThreadPoolExecutor(1) as pool:
            changing = pool.submit(_change, stack, shop, sorted(there), changes)
            while cursor := page.get("next_cursor"):
                started = time.perf_counter()
                page = ask(api, {"limit": _A_PAGE, "cursor": cursor}, photo)
                times.append((time.perf_counter() - started) * 1e3)
                found += listed(page)
            gone = changing.result()
    skipped = there - gone - set(found)
    repeated = len(found) - len(set(found))
    return Paged(len(found), len(times) + 1, changes, len(gone), repeated, len(skipped), float(np.median(times)))


def _change(stack: RunningStack, shop: Shop, skus: Sequence[str], changes: int) -> set[str]:
    """The items that were removed."""
    gone = set()
    with stack.api as api:
        for number, sku in enumerate(np.random.default_rng(4).permutation(skus)[:changes].tolist()):
            if number % 10 < 6:
                put(api, sku, {**shop.items[sku], "price": 2 * _PRICE_ABOVE + number})
            elif number % 10 < 8:
                put(api, sku, {**shop.items[sku], "stock": 0})
            else:
                removed(api, sku)
                gone.add(sku)
    return gone


def _in_the_shop(api: httpx.Client) -> set[str]:
    skus: set[str] = set()
    cursor = None
    while True:
        page = api.get("/v1/items", params={"limit": 100} | ({"cursor": cursor} if cursor else {})).json()
        skus |= {item["sku"] for item in page["items"]}
        cursor = page.get("next_cursor")
        if not cursor:
            return skus
