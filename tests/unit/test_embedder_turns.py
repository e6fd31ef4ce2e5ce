"""Queries are prepared at once; ingested pictures a few at a time, and not while a query is."""

from __future__ import annotations

import threading

import pytest

from services.embedder import turns as turning
from services.embedder.turns import Turns

DEADLINE = 10


class Ingest:
    """A picture that is prepared in a thread of its own until it is let go."""

    def __init__(self, turns: Turns) -> None:
        self.began = threading.Event()
        self._go = threading.Event()
        self._turns = turns
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._turns.of("ingest"):
            self.began.set()
            self._go.wait(DEADLINE)

    def finish(self) -> None:
        self._go.set()
        self._thread.join()


def test_as_many_pictures_as_allowed_are_prepared_side_by_side_and_a_query_at_once() -> None:
    turns = Turns(2)
    pictures = [Ingest(turns) for _ in range(3)]
    assert sum(one.began.wait(0.2) for one in pictures) == 2
    with turns.of("query"):
        pass
    for one in sorted(pictures, key=lambda one: not one.began.is_set()):
        one.finish()
    assert all(one.began.is_set() for one in pictures)


def test_no_picture_begins_while_a_query_is_prepared() -> None:
    turns = Turns(2)
    with turns.of("query"):
        picture = Ingest(turns)
        assert not picture.began.wait(0.2)
    assert picture.began.wait(DEADLINE)
    picture.finish()


def test_a_picture_that_has_waited_too_long_begins_beside_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "PATIENCE_SECONDS", 0.05)
    turns = Turns(1)
    with turns.of("query"):
        picture = Ingest(turns)
        assert picture.began.wait(DEADLINE)
    picture.finish()
