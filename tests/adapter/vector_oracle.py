"""A vector index in a dictionary and numpy, and the data to compare one with."""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from shared.contracts.fields import Vector
from shared.contracts.text import TEXT_DIMENSION
from shared.vectorstore import AnyOf, Between, Condition, Filter, Point, Text, VectorStore

DIMENSION = 8
TENANTS = ("lumen", "orla")

Step = tuple[str, str, list[Point], Filter, dict[str, Any], Text | None]


def id_of(number: int, tenant: str = TENANTS[0]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{tenant} {number}"))


def unit(seed: int) -> Vector:
    """A unit vector of shape (DIMENSION,) of one 1 or four halves, with signs: any two have an exact cosine."""
    rng = np.random.default_rng(seed)
    ones = int(rng.choice([1, 4]))
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[rng.choice(DIMENSION, ones, replace=False)] = rng.choice([-1, 1], ones) / np.sqrt(ones)
    return vector


def text_of(seed: int, *terms: int) -> Text:
    """Words whose meaning has an exact cosine to any other's; each term weighs 1."""
    dense = np.zeros(TEXT_DIMENSION, dtype=np.float32)
    dense[:DIMENSION] = unit(seed)
    return Text(dense, dict.fromkeys(terms, 1.0))


def point_of(number: int, tenant: str = TENANTS[0], **payload: Any) -> Point:
    return Point(id_of(number, tenant), unit(number), payload)


def ids(points: list[Point]) -> list[str]:
    return [point.id for point in points]


@dataclass
class Oracle:
    """`points` by tenant, then by id."""

    points: dict[str, dict[str, Point]] = field(default_factory=lambda: {tenant: {} for tenant in TENANTS})

    def upsert(self, tenant: str, points: list[Point]) -> None:
        for point in points:
            payload = {name: value for name, value in point.payload.items() if value is not None}
            self.points[tenant][point.id] = replace(point, payload=payload)

    def matching(self, tenant: str, where: Filter | None) -> list[Point]:
        where = where or Filter()
        return [
            point
            for _, point in sorted(self.points[tenant].items())
            if all(_holds(condition, point) for condition in where.must)
            and not any(_holds(condition, point) for condition in where.must_not)
        ]

    def delete(self, tenant: str, where: Filter) -> None:
        for point in self.matching(tenant, where):
            del self.points[tenant][point.id]

    def set_payload(self, tenant: str, where: Filter, payload: dict[str, Any]) -> None:
        self.upsert(tenant, [replace(p, payload={**p.payload, **payload}) for p in self.matching(tenant, where)])

    def set_text(self, tenant: str, where: Filter, text: Text | None) -> None:
        self.upsert(tenant, [replace(p, text=text) for p in self.matching(tenant, where)])

    def values(self, tenant: str, field: str, where: Filter | None) -> dict[str, int]:
        held = [point.payload.get(field) for point in self.matching(tenant, where)]
        counts = Counter(each for value in held for each in {*(value if isinstance(value, list) else [value])})
        del counts[None]
        return dict(counts)

    def search(self, tenant: str, vector: Vector, where: Filter | None) -> list[tuple[str, float]]:
        scored = [(p.id, float(np.dot(p.vector.astype(float), vector))) for p in self.matching(tenant, where)]
        return sorted(scored, key=lambda hit: (-hit[1], hit[0]))

    def search_text(self, tenant: str, text: Text, where: Filter | None) -> list[tuple[str, float]]:
        """Of fewer points than there are candidates."""
        held = {p.id: p.text for p in self.points[tenant].values() if p.text}
        with_terms = [words.terms for words in held.values() if words.terms]
        having = {term: sum(term in terms for terms in with_terms) for term in text.terms}
        rarity = {term: math.log((len(with_terms) - d + 0.5) / (d + 0.5) + 1) for term, d in having.items()}
        matching = {p.id: held[p.id] for p in self.matching(tenant, where) if p.id in held}
        meaning = {
            found: round(float(np.dot(words.dense.astype(float), text.dense)), 6) for found, words in matching.items()
        }
        lexical = {
            found: float(f"{sum(w * text.terms[t] * rarity[t] for t, w in words.terms.items() if t in rarity):.4g}")
            for found, words in matching.items()
            if words.terms.keys() & text.terms.keys()
        }
        measures = [meaning, lexical] if text.terms else [meaning]
        scores = {found: round(sum(map(_reciprocal(found), measures)) / len(measures) * 61, 6) for found in matching}
        return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))


def _reciprocal(point: str) -> Callable[[dict[str, float]], float]:
    """The part of a measure in the fused score: by how many better scores there are than the point's."""

    def part(measure: dict[str, float]) -> float:
        if point not in measure:
            return 0.0
        return 1 / (61 + len({score for score in measure.values() if score > measure[point]}))

    return part


def _holds(condition: Condition, point: Point) -> bool:
    value = point.payload.get(condition.field)
    if isinstance(condition, AnyOf):
        held = value if isinstance(value, list) else [value]
        return any(a == b and type(a) is type(b) for a in held for b in condition.values)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (condition.low is None or value >= condition.low) and (condition.high is None or value <= condition.high)


# Generated data: few values, so that they meet.

tenants = st.sampled_from(TENANTS)
vectors = st.integers(0, 12).map(unit)
words = st.sampled_from(["ring", "earring", "gold", "ünï", ""])
prices = st.one_of(
    st.sampled_from([0, 1, 490, 490.5, -3.25]), st.integers(-(10**8), 10**8).map(lambda cents: cents / 100)
)
terms = st.dictionaries(st.sampled_from([0, 1, 2, 2**32 - 1]), st.sampled_from([0.5, 1.0, 2.5]), max_size=3)
texts = st.builds(lambda seed, terms: Text(text_of(seed).dense, terms), st.integers(0, 6), terms)
values: dict[str, st.SearchStrategy[Any]] = {
    "sku": words,
    "type": words,
    "brand": words,
    "tags": st.lists(words, max_size=3),
    "in_stock": st.booleans(),
    "price": prices,
    "revision": st.integers(-(2**53), 2**53),
    "colours": st.lists(words, max_size=2),
    "sold": st.booleans(),
}
payloads = st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in values.items()})
any_of = st.one_of(
    st.builds(AnyOf, st.sampled_from(["sku", "type", "brand", "tags", "colours"]), st.lists(words, max_size=3)),
    st.builds(AnyOf, st.sampled_from(["in_stock", "sold"]), st.lists(st.booleans(), max_size=2)),
    st.builds(AnyOf, st.sampled_from(["in_stock", "type", "missing"]), st.lists(st.booleans() | words, max_size=3)),
)
bounds = st.none() | prices.map(float)
between = st.builds(Between, st.sampled_from(["price", "revision", "in_stock", "type", "missing"]), bounds, bounds)
conditions = st.lists(any_of | between, max_size=2)
filters = st.builds(Filter, must=conditions, must_not=conditions)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    tenant = draw(tenants)
    action = draw(st.sampled_from(["upsert", "upsert", "upsert", "delete", "set_payload", "set_text"]))
    numbers = draw(st.lists(st.integers(0, 15), max_size=6)) if action == "upsert" else []
    points = [Point(id_of(n, tenant), draw(vectors), draw(payloads), draw(st.none() | texts)) for n in numbers]
    return action, tenant, points, draw(filters), draw(payloads), draw(st.none() | texts)


def apply(target: VectorStore | Oracle, step: Step) -> None:
    action, tenant, points, where, payload, text = step
    if action == "upsert":
        target.upsert(tenant, points)
    elif action == "delete":
        target.delete(tenant, where)
    elif action == "set_payload":
        target.set_payload(tenant, where, payload)
    else:
        target.set_text(tenant, where, text)


def assert_same_points(found: list[Point], expected: list[Point]) -> None:
    assert ids(found) == ids(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.payload == b.payload
        assert {name: type(value) for name, value in a.payload.items() if isinstance(value, bool)} == {
            name: type(value) for name, value in b.payload.items() if isinstance(value, bool)
        }
        assert a.vector.dtype == np.float32
        np.testing.assert_allclose(a.vector, b.vector, atol=1e-6)
        assert (a.text is None) == (b.text is None)
        if a.text and b.text:
            assert a.text.terms == b.text.terms
            assert a.text.dense.dtype == np.float32
            np.testing.assert_allclose(a.text.dense, b.text.dense, atol=1e-6)
