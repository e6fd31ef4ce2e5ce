"""The ports to the vector index: points of one collection, always within one tenant, and which collection is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.contracts.fields import Vector

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """`dense` is a unit-length float32 array of shape (`TEXT_DIMENSION`,), `terms` the weights of terms by their hash.

    In a search each term counts the product of its two weights and of its rarity among the tenant's points with terms:
    ln((n - d + 0.5) / (d + 0.5) + 1), where d of n have it (the IDF of BM25, Robertson and Zaragoza 2009).
    """

    dense: Vector
    terms: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Point:
    """`id` is a UUID as text, `vector` a unit-length float32 array of shape (dimension,), `text` the item's words.

    `payload` maps names (Python identifiers other than `tenant`) to text, bools, finite floats (kept to 15 digits),
    integers up to 2**53, lists of text, or None, which is the same as no field: none is read back.
    """

    id: str
    vector: Vector
    payload: Payload
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is the cosine similarity to the query, in -1..1, rounded to 6 decimals; by words, see `search_text`.

    `vector` only where it was asked for.
    """

    id: str
    score: float
    payload: Payload
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field (a keyword, a bool or a list of keywords) has at least one of `values`."""

    field: str
    values: Sequence[str | bool]


@dataclass(frozen=True, slots=True)
class Between:
    """The field is a number in `low`..`high`, both ends included; None leaves an end open.

    A missing field never matches.
    """

    field: str
    low: float | None = None
    high: float | None = None


Condition = AnyOf | Between


@dataclass(frozen=True, slots=True)
class Filter:
    """All of `must` hold and none of `must_not`."""

    must: Sequence[Condition] = field(default_factory=tuple)
    must_not: Sequence[Condition] = field(default_factory=tuple)


class VectorStore(Protocol):
    """One collection of one dimension with cosine distance, safe to call from several threads.

    The tenant is stored in the payload field `tenant` by the adapter itself, and every read and write is confined to
    it: an id of another tenant behaves like an id that does not exist, except that writing it raises `Conflict`. Raises
    `Retryable` when the engine cannot be reached, and `Permanent` for a vector of another dimension or with a number
    that is not finite, an id that is no UUID, and a payload that `Point` does not allow. A write is visible to reads
    when its call returns, and survives the death of the process. Filters on `points.INDEXED` fields are fast.
    """

    dimension: int

    def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        """Write points, replacing all of those that exist: vector, payload, words. Of equal ids the last one counts."""
        ...

    def delete(self, tenant: str, where: Filter) -> None:
        """Remove all matching points: an empty filter removes all of the tenant's."""
        ...

    def set_payload(self, tenant: str, where: Filter, payload: Payload) -> None:
        """Overwrite the given payload fields of all matching points; other fields stay. None removes a field."""
        ...

    def set_text(self, tenant: str, where: Filter, text: Text | None) -> None:
        """Replace the words of all matching points; None takes them away."""
        ...

    def search(
        self,
        tenant: str,
        vector: Vector,
        limit: int,
        where: Filter | None = None,
        offset: int = 0,
        *,
        with_vectors: bool = False,
    ) -> list[Hit]:
        """The nearest points by cosine, best first; equal scores in order of id."""
        ...

    def search_text(
        self, tenant: str, text: Text, limit: int, where: Filter | None = None, *, with_vectors: bool = False
    ) -> list[Hit]:
        """Points with words, best first: by meaning and by terms, fused by reciprocal rank (k = 60).

        Candidates are the first 200 (`limit`, if more) by either; each is ranked among them by both, and equals share a
        rank, so that an item's many pictures take up one. `score` is the sum of 1 / (60 + rank) over the best possible,
        in 0..1; equal scores in order of id. Terms are as rare as they are in the tenant's points. Without terms in
        `text` the meaning alone counts. A point without any of its terms gets nothing for them.
        """
        ...

    def scroll(
        self, tenant: str, where: Filter | None = None, limit: int = 1000, after: str | None = None
    ) -> list[Point]:
        """Points in order of id, those after the id `after`, with vectors: `limit` of them, fewer at the end."""
        ...

    def largest(self, tenant: str, field: str, limit: int, where: Filter | None = None) -> list[Hit]:
        """Points in falling order of a number, equal ones in any; those without it are not among them. `score` is 0.

        The field is one that `points.INDEXED` has as a float.
        """
        ...

    def count(self, tenant: str, where: Filter | None = None) -> int:
        """Exactly how many points match."""
        ...

    def values(self, tenant: str, field: str, limit: int, where: Filter | None = None) -> dict[str, int]:
        """How many matching points have each value, exactly: of the `limit` most frequent ones, those first.

        The field is one that `points.INDEXED` has as a keyword. Of a list each value counts.
        """
        ...

    def generation(self, tenant: str) -> str:
        """Another text after each write to the tenant's points that has returned: what was read before is then old."""
        ...

    def ping(self) -> None:
        """Return when the engine answers, else raise `Retryable` saying what is wrong."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Active:
    """The collection that queries read, with what was told of it when it became that."""

    name: str
    about: Payload


class Directory(Protocol):
    """The collections of an index, of which one at a time is active. Safe to call from several threads.

    Raises `Retryable` when the engine cannot be reached.
    """

    def open(self, name: str, dimension: int) -> VectorStore:
        """The collection, made when it does not exist. Raises `Permanent` for a name that is none, or when it holds
        vectors of another dimension."""
        ...

    def active(self) -> Active | None:
        """The active collection; None before the first `switch`."""
        ...

    def switch(self, name: str, about: Payload) -> None:
        """Make a collection the active one, in one step: whoever asks gets the one before or this one.

        `about` maps names to texts and numbers. Raises `Conflict` when there is no such collection.
        """
        ...

    def drop(self, name: str) -> None:
        """Remove a collection with all it holds; one that does not exist is no error.

        Raises `Conflict` for the active one. Whoever has it open gets answers or `Retryable`; an engine in this process
        raises `Retryable` here until they have closed it.
        """
        ...

    def names(self) -> list[str]:
        """All collections, in order."""
        ...

    def ping(self) -> None:
        """Return when the engine answers, else raise `Retryable` saying what is wrong."""
        ...

    def close(self) -> None:
        """Let go of the engine; what `open` gave stays open."""
        ...
