"""`python -m lab.inventory.speed`: a night's forecasts and advice of a large shop, from a made ledger to kept rows.

By SQLite. Seconds of the processor are told beside those of the clock, since a busy machine slows the clock alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from services.inventory.advice.advising import Terms
from services.inventory.advice.making import AdviceMaker
from services.inventory.main import MIGRATIONS
from services.inventory.style_tables import PlacedRow, StylePieceRow, StyleRow
from services.inventory.tables import ItemRow, ItemStock, MovementRow
from shared import database, times

DAYS = 730
TARGET_SECONDS = 900.0
_A_STYLE = 40
_NEIGHBOURS = 20
_TENANT = "shop"
_AT_ONCE = 5_000


def measure(items: int, weekly: float = 0.5, seed: int = 0) -> dict[str, float]:
    """Seconds of the run by clock and processor, and how many movements there were."""
    with tempfile.TemporaryDirectory() as folder:
        books = database.open(f"sqlite:///{Path(folder, 'inventory.sqlite3')}")
        books.migrate(MIGRATIONS)
        now = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
        with books.write() as session:
            moved = _fill(session.connection(), items, weekly, now, np.random.default_rng(seed))
        clock, processor = time.monotonic(), time.process_time()
        AdviceMaker(books, Terms()).make(_TENANT, now)
        told = {"clock": time.monotonic() - clock, "processor": time.process_time() - processor}
        books.close()
    return {"items": float(items), "movements": float(moved), **told}


def _fill(rows: Connection, items: int, weekly: float, now: datetime, random: np.random.Generator) -> int:
    start = now - timedelta(days=DAYS)
    skus = [f"P{at:06}" for at in range(items)]
    rate = weekly / 7 * np.exp(random.normal(0, 0.8, items))
    types = random.choice(["ring", "earring", "necklace", "pendant", "bracelet", "watch"], items)
    styles = random.integers(0, max(1, items // _A_STYLE), items)
    fields: dict[str, Any] = {"tags": [], "attributes": {}, "said": {}}
    _put(
        rows,
        ItemRow,
        (
            {
                "tenant": _TENANT,
                "sku": sku,
                "revision": 1,
                "removed": False,
                "removed_revision": 0,
                "title": sku,
                "price": 100.0 + at % 900,
                "currency": "EUR",
                "created_at": start.replace(tzinfo=None),
                "fields": fields,
            }
            for at, sku in enumerate(skus)
        ),
    )
    _put(
        rows,
        StyleRow,
        (
            {
                "tenant": _TENANT,
                "style_id": f"st_{at:016x}",
                "name": "style",
                "sku": skus[0],
                "pieces": 1,
                "created_at": start.replace(tzinfo=None),
                "seen_at": start.replace(tzinfo=None),
            }
            for at in range(int(styles.max()) + 1)
        ),
    )
    _put(
        rows,
        StylePieceRow,
        (
            {"tenant": _TENANT, "sku": sku, "rank": 0, "style_id": f"st_{styles[at]:016x}", "share": 1.0}
            for at, sku in enumerate(skus)
        ),
    )
    near = random.integers(0, items, (items, _NEIGHBOURS))
    _put(
        rows,
        PlacedRow,
        (
            {
                "tenant": _TENANT,
                "sku": sku,
                "type": types[at],
                "metal": "yellow gold",
                "stone": "diamond",
                "price_band": "100-200",
                "neighbours": [[skus[other], 0.6] for other in near[at]],
            }
            for at, sku in enumerate(skus)
        ),
    )
    moved = 0
    stock: list[dict[str, Any]] = []

    def movements() -> Iterator[dict[str, Any]]:
        nonlocal moved
        begin = times.number_of(start)
        for at, sku in enumerate(skus):
            sold = random.poisson(rate[at], DAYS)
            days = np.flatnonzero(sold)
            total = int(sold.sum())
            yield _movement(moved, sku, "received", total + at % 7, begin)
            moved += 1
            for day in days.tolist():
                yield _movement(moved, sku, "sold", -int(sold[day]), begin + day * 86_400_000 + 43_200_000)
                moved += 1
            stock.append(
                {
                    "tenant": _TENANT,
                    "sku": sku,
                    "sequence": 1,
                    "on_hand": at % 7,
                    "sold_at": begin if not len(days) else begin + int(days[-1]) * 86_400_000,
                    "received_at": begin,
                }
            )

    _put(rows, MovementRow, movements())
    _put(rows, ItemStock, iter(stock))
    return moved


def _movement(number: int, sku: str, kind: str, quantity: int, at: int) -> dict[str, Any]:
    return {
        "tenant": _TENANT,
        "movement_id": f"m{number}",
        "leg": 0,
        "sku": sku,
        "location": "main",
        "kind": kind,
        "quantity": quantity,
        "occurred_at": at,
        "recorded_at": at,
    }


def _put(rows: Connection, table: Any, told: Iterator[dict[str, Any]]) -> None:
    part: list[dict[str, Any]] = []
    for one in told:
        part.append(one)
        if len(part) == _AT_ONCE:
            rows.execute(insert(table), part)
            part = []
    if part:
        rows.execute(insert(table), part)


if __name__ == "__main__":
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
    print(
        f"{found['items']:,.0f} items, {found['movements']:,.0f} movements over two years: {found['clock']:.0f} s by "
        f"the clock, {found['processor']:.0f} s of one core; the target is {TARGET_SECONDS:.0f} s."
    )
