"""The collections of the index as the indexer remembers them, oldest first. A new one is the next generation."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import insert, or_, select, text, update
from sqlalchemy.engine import Connection

from services.indexer.tables import collections
from shared.contracts.models import CollectionState, Model, Probability, Sameness
from shared.database import Database
from shared.vectorstore import Directory, VectorStore


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, the model of its vectors, and how far it has come. Times are UTC.

    `hold`: it does not become active before an operator says so.
    """

    generation: int
    name: str
    model: Model
    state: CollectionState
    hold: bool
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None


_c = collections.c
_all = select(collections).order_by(_c.generation)
_written = _all.where(or_(_c.state == "active", _c.state == "filling", _c.state == "retired"))


def every(rows: Connection) -> list[Collection]:
    return [_collection(row) for row in rows.execute(_all)]


def written(rows: Connection) -> list[Collection]:
    """Those that every write goes to. Read it after the item's lock was taken, never before.

    Else a filling that began in between may have copied the item already, and would miss this write.
    """
    return [_collection(row) for row in rows.execute(_written)]


def active_of(found: Sequence[Collection]) -> Collection:
    return next(each for each in found if each.state == "active")


def add(rows: Connection, generation: int, name: str, model: Model, state: CollectionState, *, hold: bool) -> None:
    values: dict[str, Any] = {
        "generation": generation,
        "name": name,
        "model_version": model.version,
        **model.model_dump(exclude={"version"}),
        "state": state,
        "hold": hold,
        "created_at": now(),
        "activated_at": now() if state == "active" else None,
    }
    rows.execute(insert(collections).values(values))


def change(rows: Connection, generation: int, **values: Any) -> None:
    rows.execute(update(collections).where(_c.generation == generation).values(values))


@contextmanager
def writers_stopped(database: Database) -> Iterator[Connection]:
    """A transaction beside which no other writes the index: each of them locks an item's row first.

    SQLite has one writer at a time anyway.
    """
    with database.write() as session:
        rows = session.connection()
        if rows.dialect.name == "postgresql":
            rows.execute(text("LOCK TABLE items IN EXCLUSIVE MODE"))
        yield rows


class Stores:
    """The open collections of this process. Safe to call from several threads."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._open: dict[str, VectorStore] = {}

    def of(self, collection: Collection) -> VectorStore:
        with self._lock:
            if collection.name not in self._open:
                self._open[collection.name] = self._directory.open(collection.name, collection.model.dimension)
            return self._open[collection.name]

    def let_go(self, gone: Sequence[Collection]) -> None:
        """Close those of them that are open."""
        with self._lock:
            for name in {collection.name for collection in gone} & self._open.keys():
                self._open.pop(name).close()

    def close(self) -> None:
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def aware(moment: Any) -> Any:
    """A moment of the table with its time zone; None stays None."""
    return moment and moment.replace(tzinfo=UTC)


def _collection(row: Any) -> Collection:
    model = Model.model_construct(
        version=row.model_version,
        dimension=row.dimension,
        no_match_below=row.no_match_below,
        look_at_least=row.look_at_least,
        same=row.same and Sameness.model_validate(row.same),
        style=row.style and Probability.model_validate(row.style),
        form_dimension=row.form_dimension,
    )
    state = cast(CollectionState, row.state)
    return Collection(
        row.generation, row.name, model, state, row.hold, row.created_at, row.activated_at, row.retired_at
    )
