"""What we ask of Qdrant's Python client, in its models."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4, uuid5

from qdrant_client import models

from shared.contracts.text import TEXT_DIMENSION
from shared.vectorstore.points import INDEXED, LOOK, MEANING, TENANT, TERMS, checked_filter
from shared.vectorstore.port import AnyOf, Condition, Filter, Text

GENERATION = "generation"
_MARKERS = UUID("3f7b5a0e-52c4-4f0a-9a5e-6d1c2a7e8b90")

# Measured on the same engine, built in process (docs/adr/0011-words-and-quantized-vectors.md).
_HNSW = models.HnswConfigDiff(m=16, ef_construct=128)
_INT8 = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
)
RESCORED = models.SearchParams(
    hnsw_ef=256, quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0)
)

_INDEX_TYPES = {
    "keyword": models.PayloadSchemaType.KEYWORD,
    "bool": models.PayloadSchemaType.BOOL,
    "float": models.PayloadSchemaType.FLOAT,
}
_TENANTS = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
INDEXES: dict[str, models.KeywordIndexParams | models.PayloadSchemaType] = {
    TENANT: _TENANTS,
    **{name: _INDEX_TYPES[kind] for name, kind in INDEXED.items()},
}


def schema(dimension: int) -> dict[str, Any]:
    """The vectors of a collection, as `create_collection` takes them."""
    return {
        "vectors_config": {
            LOOK: models.VectorParams(size=dimension, distance=models.Distance.COSINE),
            MEANING: models.VectorParams(size=TEXT_DIMENSION, distance=models.Distance.COSINE),
        },
        "sparse_vectors_config": {TERMS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        "hnsw_config": _HNSW,
        "quantization_config": _INT8,
    }


def filter_of(tenant: str, where: Filter | None) -> models.Filter:
    where = checked_filter(where)
    own = models.FieldCondition(key=TENANT, match=models.MatchValue(value=tenant))
    return models.Filter(
        must=[own, *(_condition(condition) for condition in where.must)],
        must_not=[_condition(condition) for condition in where.must_not],
    )


def among(condition: models.Filter, points: Collection[str]) -> models.Filter:
    return models.Filter(must=[condition, models.HasIdCondition(has_id=list(points))])


def rarity_in(tenant: str) -> models.SearchParams:
    return models.SearchParams(idf=models.IdfCorpusParams(corpus=filter_of(tenant, None)))


def words_of(text: Text) -> dict[str, Any]:
    terms = {TERMS: models.SparseVector(indices=list(text.terms), values=list(text.terms.values()))}
    return {MEANING: text.dense.tolist(), **(terms if text.terms else {})}


def upserting(points: list[models.PointStruct]) -> models.UpdateOperation:
    return models.UpsertOperation(upsert=models.PointsList(points=points))


def marker_id(tenant: str) -> str:
    """The id of the point that tells a tenant's generation. It has no tenant, so no request of one meets it."""
    return str(uuid5(_MARKERS, tenant))


def new_generation(tenant: str) -> models.UpdateOperation:
    return upserting([models.PointStruct(id=marker_id(tenant), vector={}, payload={GENERATION: uuid4().hex})])


def _condition(condition: Condition) -> models.FieldCondition | models.Filter:
    key = condition.field
    if not isinstance(condition, AnyOf):
        return models.FieldCondition(key=key, range=models.Range(gte=condition.low, lte=condition.high))
    words = [value for value in condition.values if isinstance(value, str)]
    flags = [value for value in condition.values if isinstance(value, bool)]
    matches: list[models.MatchAny | models.MatchValue] = [models.MatchAny(any=words)]
    matches += [models.MatchValue(value=flag) for flag in flags]
    return models.Filter(should=[models.FieldCondition(key=key, match=match) for match in matches])
