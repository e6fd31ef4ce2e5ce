"""A large shop for the recommender alone, in this process: its history, how long a list takes, and what it holds."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from services.recommender import main
from services.recommender.history import History
from services.recommender.index import Index
from services.recommender.popularity import Popularity
from services.recommender.settings import Settings
from services.recommender.suggest import Suggester
from shared import database, vectorstore
from shared.contracts.internal import SuggestRequest
from shared.contracts.models import INDEX
from shared.contracts.user_events import EventType, UserEvent
from shared.database import Database

TENANT = "bench"
LIMIT = 20
_MIGRATIONS = Path(main.__file__).parent / "migrations"
_BATCH = 1_000
_KINDS: tuple[EventType, ...] = ("viewed", "clicked", "clicked", "favourited", "carted", "purchased")


@dataclass(frozen=True)
class Opened:
    suggester: Suggester
    history: History


def sku_of(number: int) -> str:
    return f"SKU-{number}"


def events(users: int, each: int, items: int) -> Iterator[list[UserEvent]]:
    """Batches of the events of `users` shoppers, `each` a shopper, over the last month."""
    rng = np.random.default_rng(6)
    now = datetime.now(UTC)
    count = users * each
    for first in range(0, count, _BATCH):
        size = min(_BATCH, count - first)
        skus, kinds, minutes = (rng.integers(most, size=size) for most in (items, len(_KINDS), 30 * 24 * 60))
        yield [
            UserEvent.model_construct(
                id=f"e-{first + number}",
                type=_KINDS[kinds[number]],
                user_id=f"user-{(first + number) // each}",
                session_id=None,
                sku=sku_of(skus[number]),
                at=now - timedelta(minutes=int(minutes[number])),
                search_id=None,
                position=None,
            )
            for number in range(size)
        ]


@contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    """The recommender's parts over what is in the folder, as `services.recommender.main` composes them."""
    directory = vectorstore.directory(f"edge://{folder}/vectors", INDEX)
    base = _database(folder)
    index, history = Index(directory), History(base)
    weights = Settings(broker_url="", vector_store_url="", database_url="").weights
    yield Opened(Suggester(index, history, Popularity(base, weights), weights), history)
    index.close()
    base.close()


def list_times(folder: Path, users: Sequence[int]) -> list[float]:
    """ms of a list of `LIMIT` suggestions for each of these shoppers, one after the other."""
    took = []
    with opened(folder) as shop:
        for user in users:
            request = SuggestRequest(tenant=TENANT, user_id=f"user-{user}", limit=LIMIT)
            started = time.perf_counter()
            shop.suggester.suggest(request)
            took.append((time.perf_counter() - started) * 1e3)
    return took


def recorded(folder: Path, batches: Iterator[list[UserEvent]]) -> float:
    """Record them as the recommender does with its messages; events/s."""
    base = _database(folder)
    history, count, started = History(base), 0, time.perf_counter()
    for batch in batches:
        history.record(TENANT, batch)
        count += len(batch)
    took = time.perf_counter() - started
    base.close()
    return count / took


def inserted(folder: Path, batches: Iterator[list[UserEvent]]) -> float:
    """The peer: the same fields into a table with the same two indexes by plain sqlite3, a commit a batch; rows/s."""
    plain = sqlite3.connect(folder / "plain.db")
    plain.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE events(id TEXT PRIMARY KEY, user_id TEXT, sku TEXT, type TEXT, at TEXT, recorded_at TEXT);"
        "CREATE INDEX a ON events(user_id, at, sku, type); CREATE INDEX b ON events(at, sku, user_id, type);"
    )
    count, started = 0, time.perf_counter()
    for batch in batches:
        now = str(datetime.now(UTC))
        rows = [(one.id, one.user_id, one.sku, one.type, str(one.at), now) for one in batch]
        plain.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
        plain.commit()
        count += len(batch)
    took = time.perf_counter() - started
    plain.close()
    return count / took


def resident_mib(folder: Path, users: int, asked: int) -> float:
    """The most memory that a process of its own had while it answered `asked` of `users` shoppers."""
    command = [sys.executable, "-m", "bench.recommender_shop", str(folder), str(users), str(asked)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def _database(folder: Path) -> Database:
    base = database.open(f"sqlite:///{folder}/recommender.db")
    base.migrate(_MIGRATIONS)
    return base


if __name__ == "__main__":
    chosen = np.random.default_rng(7).integers(int(sys.argv[2]), size=int(sys.argv[3])).tolist()
    list_times(Path(sys.argv[1]), chosen)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
