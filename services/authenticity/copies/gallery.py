"""What pictures are compared with, in memory: a few bytes a piece, of every shop that consents.

It only proposes: what is near is read from the database, where consent and removal are looked at again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from services.authenticity.copies.signatures import WORDS, Words, differing, mirrored

Numbers = npt.NDArray[np.int64]
_GROWS_BY = 4_096


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece: its number in the database, whose it is, by which model it was seen, and its bits."""

    number: int
    tenant: str
    model_version: str
    signature: Words
    whole: np.uint64
    hash: np.uint64


class Gallery:
    """Holds the newest `most` entries, each of `8 * (WORDS + 2) + 12` bytes; safe to use from several threads."""

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._names: dict[str, int] = {}
        self._start = self._size = 0
        self._make(0)

    def __len__(self) -> int:
        return self._size - self._start

    @property
    def last(self) -> int:
        """The highest number that it has heard of."""
        with self._lock:
            return int(self._numbers[self._size - 1]) if self._size else 0

    def add(self, entries: Sequence[Entry]) -> None:
        """Entries with higher numbers than all before, in their order; the oldest make room."""
        with self._lock:
            for entry in entries:
                if self._size == len(self._numbers):
                    self._make_room()
                at = self._size
                self._numbers[at] = entry.number
                self._tenants[at] = self._name(entry.tenant)
                self._models[at] = self._name(entry.model_version)
                self._signatures[at] = entry.signature
                self._hashes[at] = entry.whole, entry.hash
                self._size += 1
                self._start = max(self._start, self._size - self._most)

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._start = self._size = 0
            self._make(0)

    def nearest(self, entry: Entry, most: int) -> Numbers:
        """The numbers of up to `most` entries of other shops: half by their look, half by their pictures.

        By the look, of those seen by the same model, the signatures that differ least come first; by pictures the
        hashes of the whole or of the piece, as they are or mirrored.
        """
        with self._lock:
            kept = slice(self._start, self._size)
            others = self._tenants[kept] != self._name(entry.tenant)
            if not others.any():
                return np.zeros(0, np.int64)
            looks = differing(self._signatures[kept], entry.signature)
            seen_alike = others & (self._models[kept] == self._name(entry.model_version))
            looks[~seen_alike] = WORDS * 64 + 1
            pictures = self._by_pictures(kept, entry)
            pictures[~others] = WORDS * 64 + 1
            best = np.concatenate([_least(looks, most - most // 2), _least(pictures, most // 2)])
            return np.unique(self._numbers[kept][best[others[best]]])

    def _by_pictures(self, kept: slice, entry: Entry) -> Numbers:
        hashes = self._hashes[kept]
        found = np.full(len(hashes), 64, np.int64)
        for mine in (entry.whole, entry.hash):
            for turned in (mine, mirrored(mine)):
                found = np.minimum(found, np.bitwise_count(hashes ^ turned).min(axis=1).astype(np.int64))
        return found

    def _name(self, told: str) -> int:
        return self._names.setdefault(told, len(self._names))

    def _make_room(self) -> None:
        """Drop what made room, and grow."""
        old = self._columns()
        kept = slice(self._start, self._size)
        count = self._size - self._start
        self._make(min(2 * count, count + 64 * _GROWS_BY) + _GROWS_BY)
        for before, after in zip(old, self._columns(), strict=True):
            after[:count] = before[kept]
        self._start, self._size = 0, count

    def _columns(self) -> list[npt.NDArray[Any]]:
        return [self._numbers, self._tenants, self._models, self._signatures, self._hashes]

    def _make(self, room: int) -> None:
        self._numbers = np.zeros(room, np.int64)
        self._tenants = np.zeros(room, np.int32)
        self._models = np.zeros(room, np.int32)
        self._signatures = np.zeros((room, WORDS), np.uint64)
        self._hashes = np.zeros((room, 2), np.uint64)


def _least(values: Numbers, most: int) -> Numbers:
    """The places of the `most` smallest."""
    return np.arange(len(values)) if len(values) <= most else np.argpartition(values, most)[:most]
