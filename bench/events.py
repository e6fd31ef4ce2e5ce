"""How many events a second Loupe takes, from `POST /v1/events` to the history, and what many of them cost to read.

`python -m bench.events [--batches 100]` prints events/s accepted and recorded in batches of 1,000, with the gateway and
the recommender a process each and as the one backend process of the local stack. `--history 2000000` instead fills a
history of a million users in this process, and prints its size, this process's, and the time of each read.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import orjson
import psutil
from sqlalchemy import Table, delete, insert

from services.recommender import main as recommender
from services.recommender.history import History, Who
from services.recommender.popularity import Popularity
from services.recommender.recording import number_of
from services.recommender.settings import Settings
from services.recommender.tables import Event, EventCount
from shared import database
from shared.database import Database
from tests.support.telling import Telling, clicks
from tests.support.waiting import until

BATCH, ITEMS, USERS, CLIENTS = 1_000, 5_000, 100_000, 2
_RECORDED_SECONDS = 600
_ROWS = 50_000


def ingested(batches: int, *, in_one: bool) -> tuple[float, float, float]:
    """Events/s accepted and recorded, until the last was answered and kept; and the CPU of both, in us an event."""
    rng = np.random.default_rng(1)
    skus = [f"SKU-{number:05}" for number in range(ITEMS)]
    with tempfile.TemporaryDirectory() as folder:
        shop = Telling(Path(folder) / "shop", in_one=in_one)
        try:
            shop.put(skus)
            shop_is_ready(shop)
            bodies = []
            for _ in range(batches):
                users = [f"u-{user:06}" for user in rng.integers(0, USERS, BATCH)]
                items = [skus[item] for item in rng.zipf(1.3, BATCH) % ITEMS]
                bodies.append(orjson.dumps({"events": clicks(users, items)}))

            def tell(body: bytes) -> None:
                answer = shop.http.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
                answer.raise_for_status()

            names = ["backend"] if in_one else ["gateway", "recommender"]
            processes = [psutil.Process(shop.processes.pid(name)) for name in names]
            worked = cpu_seconds(processes)
            started = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(tell, bodies))
            accepted = time.perf_counter() - started
            until(lambda: events_in(shop.events_url) == batches * BATCH, "all are recorded", _RECORDED_SECONDS)
            recorded = time.perf_counter() - started
            worked = cpu_seconds(processes) - worked
        finally:
            shop.close()
    events = batches * BATCH
    return events / accepted, events / recorded, worked / events * 1e6


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(one.user + one.system for one in times))


def shop_is_ready(shop: Telling) -> None:
    """The first event finds the processes still starting."""
    shop.tell(clicks(["warm"], ["SKU-00000"]))
    until(lambda: events_in(shop.events_url) == 1, "the first event is recorded", _RECORDED_SECONDS)
    opened = database.open(shop.events_url)
    with opened.write() as session:
        session.execute(delete(Event))
        session.execute(delete(EventCount))
    opened.close()


def events_in(url: str) -> int:
    opened = database.open(url)
    try:
        return History(opened).changed("shop")
    finally:
        opened.close()


def fill(opened: Database, events: int) -> None:
    """A million users' events of the last 30 days."""
    rng = np.random.default_rng(1)
    now = number_of(datetime.now(UTC))
    kinds = ("viewed", "clicked", "favourited", "carted", "purchased")
    for start in range(0, events, _ROWS):
        users, items = rng.integers(0, 1_000_000, _ROWS), rng.zipf(1.3, _ROWS) % 10_000
        types, ages = rng.choice(5, _ROWS, p=[0.6, 0.25, 0.05, 0.06, 0.04]), rng.integers(0, 30 * 86_400_000, _ROWS)
        rows = [
            {
                "tenant": "shop",
                "event_id": f"{start + n:032x}",
                "shopper": f"u:{users[n]:08x}",
                "sku": f"SKU-{items[n]:05}",
                "type": kinds[types[n]],
                "at": now - int(ages[n]),
                "recorded_at": now,
                "search_id": None,
            }
            for n in range(_ROWS)
        ]
        with opened.write() as session:
            session.connection().execute(insert(cast(Table, Event.__table__)), rows)
    with opened.write() as session:
        session.execute(insert(EventCount), {"tenant": "shop", "events": events})


def read(events: int, file: Path) -> Iterator[str]:
    """What reading a large history costs, in words. `file` is made unless it is there."""
    made = file.exists()
    opened = database.open(f"sqlite:///{file}")
    opened.migrate(Path(recommender.__file__).parent / "migrations")
    if not made:
        fill(opened, events)
    yield f"database of {events:,} events: {file.stat().st_size / 1e6:,.0f} MB"
    settings = Settings(broker_url="", vector_store_url="", database_url="")
    popularity, history = Popularity(opened, settings.weights), History(opened)
    popularity.most("shop")
    until(lambda: popularity.most("shop"), "the first count is made", _RECORDED_SECONDS)
    started, worked = time.perf_counter(), time.process_time()
    popularity._count("shop")
    took, cpu = time.perf_counter() - started, time.process_time() - worked
    yield f"counting what is popular: {took:.2f} s, {cpu:.2f} s of CPU"
    asked = []
    for _ in range(200):
        started = time.perf_counter()
        popularity.most("shop")
        asked.append(time.perf_counter() - started)
    yield f"asking for it meanwhile: p99 {np.percentile(asked, 99) * 1e3:.1f} ms"
    users = np.random.default_rng(2).integers(0, 1_000_000, 1_000)
    asked = []
    for user in users:
        started = time.perf_counter()
        history.shopper("shop", Who(f"{user:08x}"))
        asked.append(time.perf_counter() - started)
    yield f"one shopper: p50 {np.median(asked) * 1e3:.2f} ms, p99 {np.percentile(asked, 99) * 1e3:.2f} ms"
    started = time.perf_counter()
    shoppers = sum(1 for _ in history.baskets("shop", datetime.now(UTC) - timedelta(days=30)))
    yield f"the baskets of all {shoppers:,} shoppers: {time.perf_counter() - started:.1f} s"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    yield f"resident memory of this process at its most: {most:,.0f} MB"
    opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--history", type=int, help="Events of a history that is only read.")
    parser.add_argument("--file", type=Path, help="Keep the history here.")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    if chosen.history:
        with tempfile.TemporaryDirectory() as folder:
            for words in read(chosen.history, chosen.file or Path(folder) / "history.db"):
                print(words, flush=True)
        return
    for in_one in (False, True):
        accepted, recorded, cpu = ingested(chosen.batches, in_one=in_one)
        how = "one process" if in_one else "two processes"
        print(
            f"{how}: {accepted:,.0f} events/s accepted, {recorded:,.0f} recorded, {cpu:.0f} us of CPU each", flush=True
        )


if __name__ == "__main__":
    main()
