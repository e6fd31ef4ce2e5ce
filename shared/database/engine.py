"""One database by URL, with transactions that say whether they write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import orjson
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from shared.errors import Retryable

_BUSY_SECONDS = 30
_KEPT = 10
"""Connections that stay open. A server takes fewer beyond them than a file does, which has no limit of its own."""
_BEYOND_OF_SERVER = 10
_BEYOND_OF_FILE = 30
_LOOK_AGAIN_SECONDS = 0.01
_ALL: dict[str, Any] = {
    "hide_parameters": True,  # errors are logged, and what is written is of shops and people
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}
_COLLISIONS = {"40001", "40P01", "55P03"}  # PostgreSQL: serialization_failure, deadlock_detected, lock_not_available


class Database:
    """Transactions over one engine.

    On SQLite a writing transaction takes the write lock at its start, so two writers wait for each other instead of
    failing at commit. A server has locks on rows instead (`locks_rows`): `SELECT ... FOR UPDATE` takes them. Every
    method raises `Retryable` when the database cannot be reached, went away in between, is full, or when two writers
    waited for each other's locks.
    """

    def __init__(self, engine: Engine, beyond: int) -> None:
        """`beyond`: so many connections more than the pool keeps may be open."""
        self.engine = engine
        self._beyond = beyond
        self.locks_rows = engine.dialect.name != "sqlite"
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading = engine.execution_options(**snapshot if self.locks_rows else {"loupe_reads": True})
        self._joined: ContextVar[Session | None] = ContextVar("joined", default=None)
        self._afterwards: ContextVar[list[Callable[[], None]]] = ContextVar("afterwards")

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, or undone if the block raises."""
        joined = self._joined.get()
        if joined is not None:
            with self._translated(), joined.begin_nested():
                yield joined
            return
        with self._translated(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit all that is written inside, on this thread, at once: a commit costs more than most of what it keeps.

        A `write` inside that raises undoes its own changes alone.
        """
        afterwards: list[Callable[[], None]] = []
        with self.write() as session:
            joined, calls = self._joined.set(session), self._afterwards.set(afterwards)
            try:
                yield
            finally:
                self._joined.reset(joined)
                self._afterwards.reset(calls)
        for call in dict.fromkeys(afterwards):
            self.after_commit(call)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call it once what was written on this thread is committed: at once, or inside `together` after its end, and
        then once however often it was asked for. What is not committed calls nothing."""
        if self._joined.get() is None:
            call()
        else:
            self._afterwards.get().append(call)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent state; it may not write."""
        with self._translated(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    def migrate(self, directory: Path) -> None:
        """Bring the schema to the newest of the Alembic revisions in `directory`/versions."""
        self._migrate(directory, lambda scripts, revision: scripts._upgrade_revs("head", revision))

    def revert(self, directory: Path, target: str) -> None:
        """Take the schema back to the revision `target`; `base` is the empty database, without its data."""
        self._migrate(directory, lambda scripts, revision: scripts._downgrade_revs(target, revision))

    def _migrate(self, directory: Path, steps: Callable[[ScriptDirectory, Any], Any]) -> None:
        config = Config()
        config.set_main_option("script_location", str(directory).replace("%", "%%"))
        scripts = ScriptDirectory.from_config(config)

        def chosen(revision: Any, _context: MigrationContext) -> Any:
            return steps(scripts, revision)

        with (
            self._translated(),
            EnvironmentContext(config, scripts, fn=chosen) as environment,
            self.engine.begin() as connection,
        ):
            if self.locks_rows:  # one process of several that start at once; SQLite's write lock does the same
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('loupe-migrations'))"))
            environment.configure(connection=connection, render_as_batch=True)
            environment.run_migrations()

    def compact(self) -> None:
        """Give up what the files keep of rows that are gone.

        SQLite is written anew, and its log emptied: whoever writes waits meanwhile. On PostgreSQL the room of such rows
        is freed, and their bytes go when it is used again; VACUUM FULL, which locks each table, is for its operator.
        """
        with self._translated():
            if self.locks_rows:
                with self.engine.connect() as connection:
                    connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
                return
            outside = self.engine.raw_connection()  # a VACUUM is in no transaction
            try:
                outside.cursor().execute("VACUUM")
                outside.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                raise Retryable(f"The database could not be written anew: {error}. It is tried again.") from error
            finally:
                outside.close()

    def ping(self) -> None:
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def connections(self) -> tuple[int, int]:
        """How many are in use at this moment, and how many may be."""
        pool = self.engine.pool
        return (pool.checkedout(), pool.size() + self._beyond) if isinstance(pool, QueuePool) else (0, 1)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            where = self.engine.url.set(query={}).render_as_string(hide_password=True)
            if getattr(error.orig, "sqlstate", None) in _COLLISIONS:
                raise Retryable(f"Two writers met in the database {where}: {error.orig}. Try again.") from error
            raise Retryable(
                f"The database {where} did not answer: {error.orig}. Is it running, and is there room on its disk?"
            ) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise Retryable(f"The connection to the database broke: {error.orig}.") from error
            raise
        except PendingRollbackError as error:  # something earlier in the same unit of work broke it
            raise Retryable("The transaction was undone by an earlier failure in it. Try again.") from error
        except PoolTimeout as error:
            raise Retryable("All connections to the database are in use. Try again in a moment.") from error


def open(url: str) -> Database:
    """The database at an SQLAlchemy URL: `sqlite:////abs/path.db` or `postgresql+psycopg://...`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        options = f"{parsed.query.get('options', '')} -c lock_timeout={_BUSY_SECONDS}s"
        engine = create_engine(
            parsed,
            connect_args={"options": options, "connect_timeout": 5, "tcp_user_timeout": 10_000},
            pool_size=_KEPT,
            max_overflow=_BEYOND_OF_SERVER,
            pool_pre_ping=True,
            **_ALL,
        )
        return Database(engine, _BEYOND_OF_SERVER)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed,
        connect_args={"timeout": _BUSY_SECONDS},
        pool_size=_KEPT,
        max_overflow=_BEYOND_OF_FILE,
        **_ALL,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return Database(engine, _BEYOND_OF_FILE)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late to take the write lock
    cursor = connection.cursor()
    _log_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged upload outlives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what was deleted is not to be read from the file
    cursor.close()


def _log_ahead(cursor: Any) -> None:
    """Where several processes make the file at once, SQLite refuses this to all but one without waiting."""
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)


def _on_begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("loupe_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
