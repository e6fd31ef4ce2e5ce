"""What the gateway asks the embedder and the recommender over HTTP. Not reachable by shops."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.analysis import Analysis, Box
from shared.contracts.fields import MAX_LIMIT, ModelVersion, Sku, TenantId, Timestamp, UserId, Word

Words = Annotated[list[Word], Field(max_length=50)]


class Analyses(BaseModel):
    """One picture by each model that the embedder has loaded, its first model first."""

    analyses: list[Analysis] = Field(min_length=1)


class Filters(BaseModel):
    """Exact conditions: no result ever breaks one. Lists mean any of; absent means no condition."""

    model_config = ConfigDict(extra="forbid")

    type: Words | None = None
    metal: Words | None = None
    stone: Words | None = None
    cut: Words | None = None
    setting: Words | None = None
    tags: Words | None = None
    price_min: float | None = Field(None, ge=0)
    price_max: float | None = Field(None, ge=0)
    in_stock: bool | None = None
    exclude_skus: list[Sku] = Field(default_factory=list, max_length=1_000)


class SearchRequest(BaseModel):
    """Pieces nearest to a picture; `offset` pages.

    `vectors` are the picture by each loaded model: `pack_vector` of a unit-length float32 vector. The recommender takes
    that of the model whose index it searches.
    """

    tenant: TenantId
    vectors: dict[ModelVersion, str] = Field(min_length=1, max_length=8)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    offset: int = Field(0, ge=0, le=10_000)
    filters: Filters = Field(default_factory=Filters)


class SimilarRequest(BaseModel):
    """Pieces like an indexed one, without it."""

    tenant: TenantId
    sku: Sku
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    offset: int = Field(0, ge=0, le=10_000)
    filters: Filters = Field(default_factory=Filters)


class SuggestRequest(BaseModel):
    tenant: TenantId
    user_id: UserId
    limit: int = Field(20, ge=1, le=MAX_LIMIT)


class Source(BaseModel):
    """Where a suggestion comes from, so that its reason can be told and checked.

    `look`: it looks like `sku`, with which the shopper did `event` at `at`; `similarity` is the cosine of the two.
    `popular`: `count` shoppers acted on it lately. `new`: it came in at `at`.
    `picture`: it was found by a picture. `item`: it looks like the item asked about, `sku`.
    """

    kind: Literal["picture", "item", "look", "popular", "new"]
    sku: Sku | None = None
    event: str | None = None
    at: Timestamp | None = None
    similarity: float | None = None
    count: int | None = None


class Hit(BaseModel):
    """One item, shown by its best picture. `score` is in 0..1, higher is better; `type` what the index knows.

    `box`: where in that picture the piece is which is alike; None where no piece was compared.
    """

    sku: Sku
    image_id: str
    score: float = Field(ge=0, le=1)
    type: str | None = None
    box: Box | None = None
    source: Source


class HitList(BaseModel):
    """Hits, best first. `no_match`: even the best is too far to be the piece. `more`: the next page is not empty.

    `cold`: the shopper is not known yet, so the suggestions are what is popular and new.
    """

    hits: list[Hit]
    no_match: bool = False
    more: bool = False
    cold: bool = False
