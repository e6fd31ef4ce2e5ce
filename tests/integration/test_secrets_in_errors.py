"""Errors are logged and shown: none tells a password that is in a URL or a setting."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from services.gateway.settings import Settings
from shared import database, messaging, objectstore, shopbus, vectorstore
from shared.errors import LoupeError
from tests.support.databases import NewDatabase
from tests.support.servers import PASSWORD

SECRET = "s3cr3t"
NOWHERE = "127.0.0.1:1"
URLS: dict[str, tuple[str, Callable[[str], object]]] = {
    "redis": (f"redis://:{SECRET}@{NOWHERE}/0", lambda url: messaging.open(url, "test").ping()),
    "amqp": (f"amqp://loupe:{SECRET}@{NOWHERE}//", lambda url: messaging.open(url, "test").ping()),
    "another broker": (f"kafka://loupe:{SECRET}@{NOWHERE}", lambda url: messaging.open(url, "test")),
    "redis streams": (f"redis://default:{SECRET}@{NOWHERE}/1", lambda url: shopbus.open(url).ping()),
    "amqp bus": (f"amqp://loupe:{SECRET}@{NOWHERE}//", lambda url: shopbus.open(url).ping()),
    "another bus": (f"kafka://loupe:{SECRET}@{NOWHERE}", shopbus.open),
    "postgresql": (f"postgresql+psycopg://loupe:{SECRET}@{NOWHERE}/loupe", lambda url: database.open(url).ping()),
    "s3": (f"s3://loupe:{SECRET}@{NOWHERE}?secure=false", lambda url: objectstore.open(url, "pictures")),
    "another store": (f"gs://loupe:{SECRET}@{NOWHERE}", lambda url: objectstore.open(url, "pictures")),
    "a folder": (f"file://loupe:{SECRET}@host/folder", lambda url: objectstore.open(url, "pictures")),
    "qdrant": (f"qdrant://{NOWHERE}?api_key={SECRET}", lambda url: vectorstore.directory(url, "pieces").ping()),
    "qdrant, an option": (
        f"qdrant://{NOWHERE}?api_key={SECRET}&nonsense=1",
        lambda url: vectorstore.directory(url, "p"),
    ),
    "another index": (f"milvus://loupe:{SECRET}@{NOWHERE}", lambda url: vectorstore.directory(url, "p")),
    "an index in a folder": (f"edge://loupe:{SECRET}@host/folder", lambda url: vectorstore.directory(url, "p")),
}
GIVEN: dict[str, Any] = {
    "broker_url": "redis://b",
    "object_store_url": "file:///o",
    "database_url": "sqlite://",
    "embedder_url": "http://e",
    "recommender_url": "http://r",
    "secret": "a secret for tests only",
}


@pytest.mark.parametrize("server", URLS)
def test_a_server_that_is_away_or_named_wrongly_is_told_without_its_password(server: str) -> None:
    url, use = URLS[server]
    with pytest.raises(LoupeError) as told:
        use(url)
    assert SECRET not in told.value.detail
    assert SECRET not in "".join(traceback.format_exception(told.value)), "nor by what was its cause"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": SECRET},
        {"internal_secret": SECRET},
        {"host": "0.0.0.0", "secret": f"{SECRET} of a gateway"},  # noqa: S104 - never bound
        {"broker_url": f"redis://:{SECRET}/w:rd@host:6379/0"},
        {"shop_bus_url": f"redis://:a/{SECRET}:{SECRET}@host:6379/0"},
        {"database_url": f"postgresql+psycopg://loupe:{SECRET}#@host:5432/x"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_setting_that_cannot_be_taken_is_named_but_not_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as told:
        Settings(**GIVEN | wrong)
    assert SECRET not in str(told.value)
    assert SECRET not in "".join(traceback.format_exception(told.value))


def test_settings_that_are_shown_show_no_secret() -> None:
    urls = {name: url for name, (url, _) in URLS.items()}
    shown = repr(
        Settings(
            **GIVEN
            | {"broker_url": urls["redis"], "object_store_url": urls["s3"], "database_url": urls["postgresql"]}
            | {"shop_bus_url": urls["redis streams"], "rate_limit_url": urls["redis"], "page_key": f"lk_{SECRET}"}
            | {"secret": f"{SECRET} of a gateway", "internal_secret": f"{SECRET} of all services"}
        )
    )
    assert SECRET not in shown
    assert "reconcile_hours" in shown


def test_a_statement_that_fails_is_told_without_what_it_was_to_write(new_database: NewDatabase) -> None:
    opened = database.open(new_database())
    try:
        with pytest.raises(Exception, match="nowhere") as told, opened.write() as session:
            session.execute(text("INSERT INTO nowhere VALUES (:user)"), {"user": "ann@shop.example"})
        assert "ann@shop.example" not in str(told.value)
    finally:
        opened.close()


def test_a_refused_password_is_not_told(postgresql_url: str) -> None:
    wrong = postgresql_url.replace("loupe:", f"loupe:{SECRET}", 1)
    opened = database.open(wrong)
    try:
        with pytest.raises(LoupeError) as told:
            opened.ping()
    finally:
        opened.close()
    words = "".join(traceback.format_exception(told.value))
    assert SECRET not in words
    assert PASSWORD not in words
