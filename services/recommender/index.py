"""The collection that a request reads, chosen once at its start."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from shared.contracts.models import Model
from shared.errors import LoupeError, Retryable
from shared.vectorstore import Active, Directory, VectorStore

_FRESH_S = 0.5
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A collection, by its name, and the model of its vectors."""

    name: str
    vectors: VectorStore
    model: Model


class _Held:
    """An open collection and how many requests read it."""

    def __init__(self, name: str, pinned: Pinned) -> None:
        self.name = name
        self.pinned = pinned
        self.readers = 0


class Index:
    """The index as the recommender reads it: it follows the pointer to the active collection within a second.

    A collection is closed once it is no longer active and its last request has ended.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._looked_at = 0.0

    @contextmanager
    def pin(self) -> Iterator[Pinned]:
        """What to read from the start of a request to its end. Raises `Retryable` while there is no index."""
        with self._lock:
            held = self._current()
            held.readers += 1
        try:
            yield held.pinned
        finally:
            with self._lock:
                held.readers -= 1
                self._close_unless_needed(held)

    def follow(self, stop: threading.Event) -> None:
        """Follow the pointer while nobody asks, so that an old collection is not held open."""
        while not stop.wait(_FRESH_S):
            try:
                with self._lock:
                    self._current()
            except LoupeError as error:
                _log.info("index_away", detail=error.detail)

    def ping(self) -> None:
        """Return when there is an index that can be read, else raise `Retryable`."""
        with self.pin() as pinned:
            pinned.vectors.ping()

    def close(self) -> None:
        with self._lock:
            held, self._held = self._held, None
            if held:
                self._close_unless_needed(held)
        self._directory.close()

    def _current(self) -> _Held:
        if self._held and time.monotonic() - self._looked_at < _FRESH_S:
            return self._held
        active = self._directory.active()
        if active is None:
            raise Retryable("There is no index yet: the indexer makes it when it starts. Try again in a few seconds.")
        if self._held is None or self._held.name != active.name:
            before, self._held = self._held, self._opened(active)
            _log.info("collection_pinned", collection=active.name)
            if before:
                self._close_unless_needed(before)
        self._looked_at = time.monotonic()
        return self._held

    def _opened(self, active: Active) -> _Held:
        try:
            model = Model.model_validate(dict(active.about))
        except ValidationError as error:
            raise Retryable(f"The index does not tell whose vectors {active.name} holds: {error}") from error
        return _Held(active.name, Pinned(active.name, self._directory.open(active.name, model.dimension), model))

    def _close_unless_needed(self, held: _Held) -> None:
        if held.readers == 0 and held is not self._held:
            held.pinned.vectors.close()
