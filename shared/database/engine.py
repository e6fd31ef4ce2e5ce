"""One database by URL, with transactions that say whether they write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from shared.errors import Retryable

_BUSY_SECONDS = 30


class Database:
    """Transactions over one engine.

    On SQLite a writing transaction takes the write lock at its start, so two writers wait for each other instead of
    failing at commit. Every method raises `Retryable` when the database cannot be reached, is locked or is full.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(loupe_reads=True)
        self._joined: ContextVar[Session | None] = ContextVar("joined", default=None)

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
        with self.write() as session:
            token = self._joined.set(session)
            try:
                yield
            finally:
                self._joined.reset(token)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent state; it may not write."""
        with self._translated(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    def migrate(self, directory: Path) -> None:
        """Bring the schema to the newest of the Alembic revisions in `directory`/versions."""
        config = Config()
        config.set_main_option("script_location", str(directory).replace("%", "%%"))
        scripts = ScriptDirectory.from_config(config)

        def upgrade(revision: Any, _context: MigrationContext) -> Any:
            return scripts._upgrade_revs("head", revision)

        with (
            self._translated(),
            EnvironmentContext(config, scripts, fn=upgrade) as environment,
            self.engine.begin() as connection,
        ):
            environment.configure(connection=connection, render_as_batch=True)
            environment.run_migrations()

    def ping(self) -> None:
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            where = self.engine.url.render_as_string(hide_password=True)
            raise Retryable(
                f"The database {where} did not answer: {error.orig}. Is it running, and is there room on its disk?"
            ) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise Retryable(f"The connection to the database broke: {error.orig}.") from error
            raise


def open(url: str) -> Database:
    """The database at an SQLAlchemy URL: `sqlite:////abs/path.db` or `postgresql+psycopg://...`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return Database(create_engine(parsed, pool_pre_ping=True))
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS}, pool_size=10, max_overflow=30)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return Database(engine)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late to take the write lock
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged upload outlives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("loupe_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
