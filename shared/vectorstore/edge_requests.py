"""What we ask of Qdrant's Rust engine, in its classes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import numpy as np
import qdrant_edge as edge

from shared.contracts.fields import Vector
from shared.vectorstore.edge_engine import Engine
from shared.vectorstore.points import MEANING, TENANT, TERMS, checked_filter
from shared.vectorstore.port import AnyOf, Condition, Filter, Point, Text


def vectors_of(engine: Engine, point: Point) -> dict[str, Any]:
    words = words_of(point.text) if point.text and engine.has_words else {}
    return {engine.look: numbers(point.vector), **words}


def words_of(text: Text) -> dict[str, Any]:
    terms = {TERMS: edge.SparseVector(list(text.terms), list(text.terms.values()))} if text.terms else {}
    return {MEANING: numbers(text.dense), **terms}


def numbers(vector: Vector) -> list[float]:
    # The engine reads a list twice as fast as an array, number by number.
    return cast("list[float]", vector.tolist())


def filter_of(tenant: str, where: Filter | None) -> edge.Filter:
    where = checked_filter(where)
    own = edge.FieldCondition(TENANT, match=edge.MatchValue(tenant))
    return edge.Filter(
        must=[own, *(_condition(condition) for condition in where.must)],
        must_not=[_condition(condition) for condition in where.must_not],
    )


def among(condition: edge.Filter, points: Collection[str]) -> edge.Filter:
    return edge.Filter(must=[condition, edge.HasIdCondition(set(points))])


def _condition(condition: Condition) -> Any:
    if not isinstance(condition, AnyOf):
        return edge.FieldCondition(condition.field, range=edge.RangeFloat(gte=condition.low, lte=condition.high))
    words = [value for value in condition.values if isinstance(value, str)]
    # A Python bool passes for an integer in the engine's binding, and an integer never equals a stored bool.
    flags = [np.bool_(value) for value in condition.values if isinstance(value, bool)]
    matches: list[Any] = [edge.MatchAny(words), *(edge.MatchValue(cast("Any", flag)) for flag in flags)]
    return edge.Filter(should=[edge.FieldCondition(condition.field, match=match) for match in matches])
