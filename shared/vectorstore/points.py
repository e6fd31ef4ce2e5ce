"""What every adapter does alike: refuse what no engine may store, and put hits in one order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal
from uuid import UUID

import numpy as np

from shared.contracts.fields import Vector
from shared.contracts.text import TEXT_DIMENSION
from shared.errors import Conflict, Permanent
from shared.vectorstore.port import Filter, Hit, Payload, Point, Text

LOOK = "look"
MEANING = "text"
TERMS = "terms"
"""The vectors of a point. Words are the last two, or neither."""
UNNAMED = ""
"""The only vector of a collection that was made before points had words."""
TENANT = "tenant"
INDEXED: dict[str, Literal["keyword", "bool", "float"]] = {
    "sku": "keyword",
    "image_id": "keyword",
    "type": "keyword",
    "metal": "keyword",
    "stone": "keyword",
    "cut": "keyword",
    "setting": "keyword",
    "tags": "keyword",
    "brand": "keyword",
    "in_stock": "bool",
    "price": "float",
    "created_ts": "float",
    "piece": "float",
}
"""The payload fields with an index, beside the tenant's: a filter on another field reads every point's payload."""

_MAX_INT = 2**53
_TERMS_END = 2**32
_SCORE_DIGITS = 6
_TERM_DIGITS = 4


def checked_name(collection: str) -> str:
    if not collection.replace("-", "").replace("_", "").isalnum() or not collection.isascii():
        raise Permanent(f"{collection!r} is no collection name: use letters, digits, '-' and '_'.")
    return collection


def checked_points(points: Sequence[Point], dimension: int) -> dict[str, Point]:
    """Points by id in its usual form, the last of each id, without the fields that are None."""
    return {
        point_id: Point(
            point_id,
            checked_vector(point.vector, dimension),
            _without_none(checked_payload(point.payload)),
            point.text and checked_text(point.text),
        )
        for point in points
        if (point_id := checked_id(point.id))
    }


def checked_id(point_id: str) -> str:
    """A UUID in lower case with hyphens: its order as text is its order as a number."""
    try:
        return str(UUID(point_id))
    except ValueError:
        raise Permanent(f"{point_id!r} is no point id: use a UUID.") from None


def checked_vector(vector: Vector, dimension: int) -> Vector:
    if vector.shape != (dimension,):
        raise Permanent(
            f"The vector has the shape {vector.shape}, this index holds ({dimension},). "
            "Analyse the picture with the model that the index was made with, or reindex."
        )
    return _finite(vector)


def checked_text(text: Text) -> Text:
    if text.dense.shape != (TEXT_DIMENSION,):
        raise Permanent(
            f"The words' vector has the shape {text.dense.shape}, this index holds ({TEXT_DIMENSION},). "
            "Make it with the text model that this version of Loupe comes with."
        )
    for term, weight in text.terms.items():
        if not 0 <= term < _TERMS_END or not 0 < weight < math.inf:
            raise Permanent(
                f"The term {term} of weight {weight} is none: hash to 32 bits, and leave out what weighs 0."
            )
    return Text(_finite(text.dense), dict(sorted(text.terms.items())))


def _finite(vector: Vector) -> Vector:
    if not np.isfinite(vector).all():
        raise Permanent("The vector holds a number that is not finite, so it cannot be compared.")
    return vector


def checked_payload(payload: Payload) -> dict[str, Any]:
    for name, value in payload.items():
        if name == TENANT or not name.isidentifier():
            raise Permanent(
                f"{name!r} is no payload field: use a name of letters, digits and '_', other than 'tenant'."
            )
        if not _storable(value):
            raise Permanent(f"The payload field {name!r} cannot be {value!r}: use text, a number, a bool or texts.")
    return dict(payload)


def checked_filter(where: Filter | None) -> Filter:
    where = where or Filter()
    for condition in (*where.must, *where.must_not):
        if not condition.field.isidentifier():
            raise Permanent(f"{condition.field!r} is no payload field to filter by.")
    return where


def shown(payload: dict[str, Any] | None) -> dict[str, Any]:
    """A stored payload as it was given: without the field that the adapter added, which is taken out of it."""
    if payload is None:
        return {}
    payload.pop(TENANT, None)
    return payload


def refuse_foreign(tenant: str, stored: Iterable[tuple[str, Payload | None]]) -> None:
    """Raise `Conflict` if one of the stored points is another tenant's: writing it would take it away."""
    for point_id, payload in stored:
        if (payload or {}).get(TENANT) != tenant:
            raise Conflict(f"The point id {point_id} is taken. Make ids from the tenant's name and the picture.")


def as_score(cosine: float) -> float:
    """float32 gives about 6 digits; cut to them, equal vectors have equal scores on every engine."""
    return min(1.0, max(-1.0, round(cosine, _SCORE_DIGITS)))


def as_term_score(sum_of_products: float) -> float:
    """Engines add float32 products in an order of their own; cut to 4 digits, equal texts have equal scores on each."""
    return float(f"{sum_of_products:.{_TERM_DIGITS}g}")


def shown_vector(vectors: Any, name: str) -> Vector:
    """The named vector out of what an engine gives of a point: by name, or alone where there is but an unnamed one."""
    return np.asarray(vectors if isinstance(vectors, list) else vectors[name], dtype=np.float32)


def shown_text(vectors: Any) -> Text | None:
    if isinstance(vectors, list) or MEANING not in vectors:
        return None
    terms = vectors.get(TERMS)
    weights = dict(zip(terms.indices, map(float, terms.values), strict=True)) if terms else {}
    return Text(shown_vector(vectors, MEANING), weights)


def best_first(fetch: Callable[[int], list[Hit]], limit: int, offset: int) -> list[Hit]:
    """`limit` hits from `offset`, best first and by id where scores are equal.

    `fetch(n)` gives the n best in the engine's order. Engines keep no order among equals, so where the page ends
    among equals all of these are fetched: else a shopper would see a piece on two pages and another on none.
    """
    end = offset + limit
    if limit < 1:
        return []
    count = end + 1
    while True:
        hits = fetch(count)
        if len(hits) < count or hits[-1].score < hits[end - 1].score:
            return sorted(hits, key=lambda hit: (-hit.score, hit.id))[offset:end]
        count *= 2


def most_first(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Values by falling count, equal ones in order."""
    return dict(sorted(counts, key=lambda entry: (-entry[1], entry[0])))


def _storable(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(element, str) for element in value)
    if isinstance(value, int):
        return abs(value) <= _MAX_INT
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str)


def _without_none(payload: Payload) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if value is not None}
