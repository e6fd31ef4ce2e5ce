"""Fresh databases for tests, on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from shared import database
from tests.support.servers import RunningServer

NewDatabase = Callable[[], str]
"""Makes an empty database; its URL."""


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewDatabase:
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path_factory.mktemp('database')}/loupe.db"
    server: RunningServer = request.getfixturevalue("running_postgresql")
    return lambda: new_schema(server.url)


@pytest.fixture
def postgresql_url(running_postgresql: RunningServer) -> str:
    """An empty database on the server that tests share."""
    return new_schema(running_postgresql.url)


def new_schema(server_url: str) -> str:
    """A schema costs milliseconds, a database hundreds of them."""
    schema = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server_url.replace("+psycopg", "") + "/tests") as connection:
        connection.execute(f"CREATE SCHEMA {schema}")  # type: ignore[arg-type,unused-ignore] # made of hex digits
    return f"{server_url}/tests?options=-csearch_path%3D{schema}"


def migrated(url: str, migrations: Path) -> str:
    """`url`; where it is of an SQLite file that is not there yet, that is made, with the newest schema."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        file = Path(parsed.database)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_empty(migrations))
    return url


@cache
def _empty(migrations: Path) -> bytes:
    """Copied, since all the migrations take longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        opened = database.open(f"sqlite:///{file}")
        opened.migrate(migrations)
        opened.close()
        return file.read_bytes()
