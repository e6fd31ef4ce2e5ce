"""How many movements a second the ledger takes, on two cores.

`python -m bench.ledger [--batches 20]` prints movements/s: of the ledger alone, in bundles of 32 messages, on SQLite;
and from `POST /v1/inventory/movements`, 1,000 at once, to the ledger and back into the catalogue, with the gateway and
the inventory a process each. Beside them the CPU of each movement, which tells of a busy machine what a quiet one does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import orjson
import psutil

from services.inventory import ledger
from services.inventory.main import MIGRATIONS
from shared import database
from shared.contracts.stock import Movement, StockMoved
from tests.support.moving import Moving

BATCH, ITEMS, CLIENTS, BUNDLE = 1_000, 5_000, 2, 32
KINDS = ("sold", "received", "returned", "counted")
SHARES = (0.7, 0.15, 0.05, 0.1)


def movements(count: int, seed: int = 1) -> Iterator[Movement]:
    """Of items of which some sell often and most seldom."""
    rng = np.random.default_rng(seed)
    now = datetime.now(UTC)
    for item, kind in zip(rng.zipf(1.3, count) % ITEMS, rng.choice(len(KINDS), count, p=SHARES), strict=True):
        yield Movement(
            id=uuid4().hex, sku=f"SKU-{item:05}", kind=KINDS[kind], quantity=1 + int(item) % 3, occurred_at=now
        )


def alone(count: int, a_message: int) -> tuple[float, float]:
    """Movements/s by the clock, and by the CPU of this process, with so many in a message."""
    told = list(movements(count))
    messages = [
        StockMoved(tenant="shop", correlation_id="c", batch_id=uuid4().hex, movements=told[start : start + a_message])
        for start in range(0, count, a_message)
    ]
    with tempfile.TemporaryDirectory() as folder:
        books = database.open(f"sqlite:///{folder}/inventory.db")
        books.migrate(MIGRATIONS)
        started, worked = time.perf_counter(), time.process_time()
        for first in range(0, len(messages), BUNDLE):
            with books.write() as session:
                ledger.record(session.connection(), messages[first : first + BUNDLE])
        took, cpu = time.perf_counter() - started, time.process_time() - worked
        books.close()
    return count / took, count / cpu


def through(batches: int) -> tuple[float, float, float]:
    """Movements/s accepted, and taken over into the catalogue; and the CPU of both processes, in us a movement."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Moving(Path(folder) / "shop")
        try:
            for start in range(0, ITEMS, 500):
                items = [{"sku": f"SKU-{number:05}", "title": "A ring"} for number in range(start, start + 500)]
                shop.http.post("/v1/items:batch", json={"items": items}).raise_for_status()
            told = list(movements(batches * BATCH))
            bodies = [
                orjson.dumps({"movements": [one.model_dump(mode="json") for one in told[start : start + BATCH]]})
                for start in range(0, len(told), BATCH)
            ]

            def tell(body: bytes) -> None:
                headers = {"Content-Type": "application/json"}
                shop.http.post("/v1/inventory/movements", content=body, headers=headers).raise_for_status()

            processes = [psutil.Process(shop.processes.pid(name)) for name in ("gateway", "inventory")]
            worked = _cpu_seconds(processes)
            started = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(tell, bodies))
            accepted = time.perf_counter() - started
            shop.settle()
            recorded = time.perf_counter() - started
            worked = _cpu_seconds(processes) - worked
        finally:
            shop.close()
    return len(told) / accepted, len(told) / recorded, worked / len(told) * 1e6


def _cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(one.user + one.system for one in times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=20)
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    for a_message in (1, 100):
        rate, by_cpu = alone(chosen.batches * BATCH // 2, a_message)
        print(f"ledger alone, {a_message} a message: {rate:,.0f} movements/s, {by_cpu:,.0f} by its CPU", flush=True)
    accepted, recorded, cpu = through(chosen.batches)
    print(
        f"over HTTP and back: {accepted:,.0f} movements/s accepted, {recorded:,.0f} recorded and taken over, "
        f"{cpu:.0f} us of CPU each, so {2e6 / cpu:,.0f}/s on two cores at most",
        flush=True,
    )


if __name__ == "__main__":
    main()
