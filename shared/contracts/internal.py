"""What the gateway asks the embedder and the recommender over HTTP. Not reachable by shops."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.analysis import Analysis, AttributeName, Box, TrayAnalysis
from shared.contracts.fields import (
    MAX_LIMIT,
    MAX_SHOPPERS,
    NO_TEXT,
    Flag,
    ModelVersion,
    SessionId,
    Sku,
    TenantId,
    Timestamp,
    UserId,
    Word,
)
from shared.contracts.text import TextVectors

Words = Annotated[list[Word], Field(max_length=50)]


class Analyses(BaseModel):
    """One picture by each model that the embedder has loaded, its first model first."""

    analyses: list[Analysis] = Field(min_length=1)


class TrayAnalyses(BaseModel):
    """One photo of a tray by each model that the embedder has loaded, its first model first."""

    analyses: list[TrayAnalysis] = Field(min_length=1)


AtLeastNothing = Annotated[float, Field(ge=0, allow_inf_nan=False), NO_TEXT]
FacetName = Literal["type", "metal", "stone", "cut", "setting", "brand", "tags"]


class Filters(BaseModel):
    """Exact conditions: no result ever breaks one. Lists mean any of; absent means no condition.

    `without`: no result has one of these values; one of which nothing is known passes.
    """

    model_config = ConfigDict(extra="forbid")

    type: Words | None = None
    metal: Words | None = None
    stone: Words | None = None
    cut: Words | None = None
    setting: Words | None = None
    tags: Words | None = None
    brand: Words | None = None
    created_after: Timestamp | None = None
    price_min: AtLeastNothing | None = None
    price_max: AtLeastNothing | None = None
    in_stock: Flag | None = None
    without: dict[FacetName, Words] = Field(default_factory=dict)
    exclude_skus: list[Sku] = Field(default_factory=list, max_length=1_000)


MAX_PARTS = 8


class QueryPart(BaseModel):
    """One thing that is searched by: a picture, an indexed item or words, never two of them.

    `vectors` are a picture by each loaded model: `pack_vector` of a unit-length float32 vector. The recommender takes
    that of the model whose index it searches. `negative`: not like this. `weight` is relative to the other parts.
    `known`: what the picture shows or the words mean, as far as it is known; of an item the index knows it.
    """

    vectors: dict[ModelVersion, str] | None = Field(None, min_length=1, max_length=8)
    sku: Sku | None = None
    text: TextVectors | None = None
    known: dict[AttributeName, Word] = Field(default_factory=dict)
    weight: float = Field(1.0, gt=0, le=1)
    negative: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(each is not None for each in (self.vectors, self.sku, self.text)) != 1:
            raise ValueError("give one of vectors, sku and text")
        return self


class SearchRequest(BaseModel):
    """Items by all of the parts at once; without parts all items that the filters allow, the newest first.

    `prefer`: attribute values that count for an item and are no condition. `cursor` is the `next` of an answer to the
    same request: it goes on in the ranking that was pinned then. `user_id`: the shopper for whom it is, if known.
    `diversity`: 0 ranks by score alone, 1 puts the least alike side by side (MMR, within the first 100).
    """

    tenant: TenantId
    user_id: UserId | None = None
    parts: list[QueryPart] = Field(default_factory=list, max_length=MAX_PARTS)
    filters: Filters = Field(default_factory=Filters)
    prefer: dict[AttributeName, Words] = Field(default_factory=dict)
    diversity: float = Field(0.0, ge=0, le=1)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=200)


class SimilarRequest(BaseModel):
    """Pieces like an indexed one, without it. `cursor` as in `SearchRequest`."""

    tenant: TenantId
    sku: Sku
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    filters: Filters = Field(default_factory=Filters)
    cursor: str | None = Field(None, max_length=200)


class VocabularyRequest(BaseModel):
    """The values that a shop's pieces have."""

    tenant: TenantId


class CompletesRequest(BaseModel):
    """What goes with an indexed item. `mirrored`: the mirror image of its picture by each loaded model, as in
    `QueryPart.vectors`, where its other half is looked for."""

    tenant: TenantId
    sku: Sku
    mirrored: dict[ModelVersion, str] | None = Field(None, min_length=1, max_length=8)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)


Context = Literal["home", "item", "cart"]
MAX_CONTEXT_SKUS = 50


class SuggestRequest(BaseModel):
    """For a user, or for a visit of somebody who is not logged in.

    `context`: where the list is shown. Beside an `item` or a `cart`, `skus` are what is looked at there, and none of
    them is suggested.
    """

    tenant: TenantId
    user_id: UserId | None = None
    session_id: SessionId | None = None
    context: Context = "home"
    skus: list[Sku] = Field(default_factory=list, max_length=MAX_CONTEXT_SKUS)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)

    @model_validator(mode="after")
    def _whose_and_where(self) -> Self:
        if (self.user_id is None) == (self.session_id is None):
            raise ValueError("give either user_id or session_id")
        if (self.context == "home") != (not self.skus):
            raise ValueError("skus are what an item's or a cart's page shows: give them there, and not at home")
        return self


class SuggestBatchRequest(BaseModel):
    """For many users at once, each as at home."""

    tenant: TenantId
    user_ids: list[UserId] = Field(min_length=1, max_length=MAX_SHOPPERS)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)


Variant = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Policy = Literal["plain", "learned"]


class VariantPlan(BaseModel):
    model_config = ConfigDict(extra="forbid")

    share: Annotated[float, Field(gt=0, le=1), NO_TEXT]
    policy: Policy = "learned"
    explore: Annotated[float, Field(ge=0, le=0.5), NO_TEXT] = 0.05


class Experiment(BaseModel):
    """A comparison of ways to rank suggestions, each user always in the same variant.

    `variants`: by name, how it ranks and its share of the users; shares sum to 1. `plain` ranks by weights that were
    set by hand, `learned` by those learned from clicks, once there are some. `explore`: the share of places that are
    given to a piece at random of those that come next.
    """

    model_config = ConfigDict(extra="forbid")

    name: Variant
    variants: dict[Variant, VariantPlan] = Field(
        min_length=1, max_length=8, json_schema_extra={"additionalProperties": False}
    )

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        if abs(sum(plan.share for plan in self.variants.values()) - 1) > 1e-6:
            raise ValueError("the shares of the variants must sum to 1")
        return self


class ExperimentOf(BaseModel):
    """The tenant's experiment; None: there is none, and all users are ranked alike."""

    tenant: TenantId
    experiment: Experiment | None = None


class Source(BaseModel):
    """Where a suggestion comes from, so that its reason can be told and checked.

    `look`: it looks like `sku`, with which the shopper did `event` at `at`; `similarity` is the cosine of the two.
    `described`: the shop's words for it are like those for `sku`; likewise. `together`: who acted on `sku` acted on it
    too. `searched`: it is like what the search at `at` found. `set`: it makes a set with `sku`.
    `popular`: `count` shoppers acted on it lately. `new`: it came in at `at`.
    `picture`: it was found by a picture. `item`: it looks like the item asked about, `sku`. `words`: by words alone.
    """

    kind: Literal["picture", "item", "words", "look", "described", "together", "searched", "set", "popular", "new"]
    sku: Sku | None = None
    event: str | None = None
    at: Timestamp | None = None
    similarity: float | None = None
    count: int | None = None


Verdict = Literal["same", "similar", "related"]


class Reason(BaseModel):
    """Something that made a hit stand where it stands, and by how much of its score: without it, it would be lower.

    `form` and `colour` are those of the pieces; an attribute is one that the pieces share, with its `value`. `differs`:
    it speaks against the hit (another metal), and `share` is 0. `stock`, `new` and `popular` are the small boosts.
    """

    kind: Literal["form", "colour", "words", AttributeName, "stock", "new", "popular", "pair"]
    value: str | None = None
    differs: bool = False
    share: float = Field(ge=0, le=1)


class Hit(BaseModel):
    """One item, shown by its best picture. `score` is in 0..1, higher is better; `type` what the index knows.

    `box`: where in that picture the piece is which is alike; None where no piece was compared. `reasons`: the strongest
    first. Of a suggestion: `propensity`, in 0..1, is how likely it was to be given its place, and `features` are the
    numbers that it was ranked by.
    """

    sku: Sku
    image_id: str
    score: float = Field(ge=0, le=1)
    type: str | None = None
    box: Box | None = None
    source: Source
    verdict: Verdict = "related"
    # Empty and no factories: of such `model_construct` reads the signature, at 0.8 ms a hit.
    reasons: list[Reason] = []
    propensity: float | None = None
    features: list[float] = []


Facets = dict[FacetName, dict[str, int]]


class ValueCounts(BaseModel):
    """Of `pictures` indexed pictures, how many show each value: the 1,000 most frequent of each field, those first."""

    pictures: int
    values: Facets


class HitList(BaseModel):
    """Hits, best first. `no_match`: even the best is too far to be the piece. `next`: the cursor of the next page.

    `facets`: how many of the items found have each value. `found`: how many items were; `capped`: that there are more.
    `cold`: the shopper is not known yet, so the suggestions are what is popular and new. `ranking`: by what it was
    ranked, and `variant` of which experiment, for the log of what was shown.
    """

    hits: list[Hit]
    no_match: bool = False
    next: str | None = None
    facets: Facets = {}
    found: int = 0
    capped: bool = False
    cold: bool = False
    ranking: str = ""
    variant: str = ""


class HitLists(BaseModel):
    """One a user asked for, in their order."""

    lists: list[HitList]
