"""Fresh databases for tests, on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import psycopg
import pytest

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
