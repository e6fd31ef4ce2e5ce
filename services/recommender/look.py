"""Items that look, or are described, like what a shopper likes, and not like what they dislike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.recommender.index import Pinned
from services.recommender.ranking import BESIDE_THE_MAIN
from services.recommender.taste import Seed, Taste
from shared.contracts.fields import Vector
from shared.contracts.internal import Hit, Source
from shared.vectorstore import AnyOf, Filter, Payload, Text

_QUERIES = 24
"""Searches for one list of suggestions, shared out among the seeds: few seeds are asked with all of their pictures."""
_PICTURES_OF_SEEDS = 200
_DEPTH = 3
_OTHER_TYPE = 0.5
"""How much a piece of another type than the liked one counts: whoever looks at hoops looks for earrings first."""
_DESCRIBED = 0.5
"""How much a piece counts that is described alike, against one that looks alike."""
_DESCRIBED_AT_LEAST = 0.7
"""Cosine of meanings: 95% of the pairs of pieces of the sample catalogue are below it, all pairs of a kind above."""
_SEEDS_BY_WORDS = 4


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How an item is like a seed: `similarity` a cosine, `chance` 0..1 that whoever likes the one likes the other."""

    kind: Literal["look", "described"]
    similarity: float
    chance: float
    image_id: str
    type: str | None


_Neighbours = list[_Likeness]
_Speaking = tuple[float, Seed, _Likeness]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An item as its main pieces show it, and its words."""

    vectors: list[Vector]
    types: set[str]
    text: Text | None


class LookAlikes:
    """In one collection: neighbours of each seed on its own, never of an average.

    Who likes studs and bangles likes nothing between.
    """

    def __init__(self, pinned: Pinned) -> None:
        self._vectors = pinned.vectors
        self._look_at_least = pinned.model.look_at_least

    def find(self, tenant: str, taste: Taste, where: Filter, limit: int) -> list[Hit]:
        """Up to `limit` items, best first, each with the liked item that speaks most for it.

        A liked seed of strength s at similarity c speaks for an item with p = s * ((c - m) / (1 - m))^2, m being the
        least similarity that counts, half of it when their types are known and differ; by words, half of that. The
        item's score is the noisy-or 1 - prod(1 - p) of all that speak for it; each disliked seed multiplies it by
        1 - p.
        """
        seeds = [*taste.liked, *taste.disliked]
        shown = self._shown(tenant, seeds)
        if not shown:
            return []
        each = max(1, _QUERIES // len(shown))
        spoken_for: dict[str, list[_Speaking]] = defaultdict(list)
        spoken_against: dict[str, list[_Speaking]] = defaultdict(list)
        for speaking, of in ((spoken_for, taste.liked), (spoken_against, taste.disliked)):
            for place, seed in enumerate(of):
                if seed.act.sku not in shown:
                    continue
                by_words = place < _SEEDS_BY_WORDS
                near = self._neighbours(tenant, shown[seed.act.sku], each, where, _DEPTH * limit, by_words=by_words)
                for sku, likenesses in near.items():
                    speaking[sku] += [(seed.strength * likeness.chance, seed, likeness) for likeness in likenesses]
        hits = [_hit(sku, speaking, spoken_against.get(sku, ())) for sku, speaking in spoken_for.items()]
        return sorted(hits, key=_rank)[:limit]

    def _shown(self, tenant: str, seeds: Sequence[Seed]) -> dict[str, _Shown]:
        by_sku: dict[str, _Shown] = {}
        if seeds:
            skus = AnyOf("sku", tuple(seed.act.sku for seed in seeds))
            for point in self._vectors.scroll(tenant, Filter((skus,), (BESIDE_THE_MAIN,)), _PICTURES_OF_SEEDS):
                shown = by_sku.setdefault(point.payload["sku"], _Shown([], set(), point.text))
                shown.vectors.append(point.vector)
                if kind := point.payload.get("type"):
                    shown.types.add(kind)
        return by_sku

    def _neighbours(
        self, tenant: str, seed: _Shown, each: int, where: Filter, depth: int, *, by_words: bool
    ) -> dict[str, _Neighbours]:
        """By SKU: how it looks alike, how it is described alike, or both."""
        found: dict[str, _Neighbours] = defaultdict(list)
        looks: dict[str, _Likeness] = {}
        for vector in seed.vectors[:each]:
            for hit in self._vectors.search(tenant, vector, depth, where):
                if hit.score < self._look_at_least:
                    break
                best = looks.get(hit.payload["sku"])
                if best is None or hit.score > best.similarity:
                    looks[hit.payload["sku"]] = _likeness("look", hit.score, self._look_at_least, seed, hit.payload)
        for sku, likeness in looks.items():
            found[sku].append(likeness)
        if by_words and seed.text:
            for sku, likeness in self._described_alike(tenant, seed, seed.text, where, depth).items():
                found[sku].append(likeness)
        return found

    def _described_alike(
        self, tenant: str, seed: _Shown, text: Text, where: Filter, depth: int
    ) -> dict[str, _Likeness]:
        mains = Filter(where.must, (*where.must_not, BESIDE_THE_MAIN))
        skus = tuple({hit.payload["sku"] for hit in self._vectors.search_text(tenant, text, depth, mains)})
        found: dict[str, _Likeness] = {}
        among = Filter((*mains.must, AnyOf("sku", skus)), mains.must_not)
        for point in self._vectors.scroll(tenant, among, _PICTURES_OF_SEEDS) if skus else ():
            if point.text and point.payload["sku"] not in found:
                cosine = float(text.dense @ point.text.dense)
                if cosine >= _DESCRIBED_AT_LEAST:
                    likeness = _likeness("described", cosine, _DESCRIBED_AT_LEAST, seed, point.payload)
                    found[point.payload["sku"]] = likeness
        return found


def _likeness(
    kind: Literal["look", "described"], cosine: float, at_least: float, seed: _Shown, payload: Payload
) -> _Likeness:
    chance = min(max((cosine - at_least) / (1 - at_least), 0.0), 1.0) ** 2
    if kind == "described":
        chance *= _DESCRIBED
    of_type = payload.get("type")
    if of_type and seed.types and of_type not in seed.types:
        chance *= _OTHER_TYPE
    return _Likeness(kind, cosine, chance, payload["image_id"], of_type)


def _hit(sku: str, speaking: Sequence[_Speaking], against: Sequence[_Speaking]) -> Hit:
    nobody = disliked = 1.0
    for chance, _, _ in speaking:
        nobody *= 1 - chance
    for chance, _, _ in against:
        disliked *= 1 - chance
    _, seed, likeness = max(speaking, key=lambda one: (one[0], one[2].similarity))
    return Hit.model_construct(
        sku=sku,
        image_id=likeness.image_id,
        score=(1 - nobody) * disliked,
        type=likeness.type,
        source=Source(
            kind=likeness.kind,
            sku=seed.act.sku,
            event=seed.act.type,
            at=seed.act.at,
            similarity=likeness.similarity,
        ),
    )


def _rank(hit: Hit) -> tuple[float, str]:
    return (-hit.score, hit.sku)
