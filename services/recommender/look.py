"""Items that look like what a shopper likes, and not like what they dislike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.recommender.index import Pinned
from services.recommender.ranking import BESIDE_THE_MAIN
from services.recommender.taste import Seed, Taste
from shared.contracts.fields import Vector
from shared.contracts.internal import Hit, Source
from shared.vectorstore import AnyOf, Filter

_QUERIES = 24
"""Searches for one list of suggestions, shared out among the seeds: few seeds are asked with all of their pictures."""
_PICTURES_OF_SEEDS = 200
_DEPTH = 3
_OTHER_TYPE = 0.5
"""How much a piece of another type than the liked one counts: whoever looks at hoops looks for earrings first."""


@dataclass(frozen=True, slots=True)
class _Likeness:
    similarity: float
    image_id: str
    type: str | None
    of_other_type: bool


_Neighbours = dict[str, _Likeness]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An item as its main pieces show it."""

    vectors: list[Vector]
    types: set[str]


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
        least similarity that counts, half of it when their types are known and differ. The item's score is the
        noisy-or 1 - prod(1 - p) of all that speak for it; each disliked seed multiplies it by 1 - p.
        """
        seeds = [*taste.liked, *taste.disliked]
        pictures = self._pictures(tenant, seeds)
        if not pictures:
            return []
        each = max(1, _QUERIES // len(pictures))
        liked = self._neighbours(tenant, taste.liked, pictures, each, where, _DEPTH * limit)
        disliked = self._neighbours(tenant, taste.disliked, pictures, each, where, _DEPTH * limit)
        ranked = sorted((self._hit(sku, liked, disliked) for sku in {s for _, n in liked for s in n}), key=_rank)
        return ranked[:limit]

    def _pictures(self, tenant: str, seeds: Sequence[Seed]) -> dict[str, _Shown]:
        by_sku: dict[str, _Shown] = defaultdict(lambda: _Shown([], set()))
        if seeds:
            skus = AnyOf("sku", tuple(seed.act.sku for seed in seeds))
            for point in self._vectors.scroll(tenant, Filter((skus,), (BESIDE_THE_MAIN,)), _PICTURES_OF_SEEDS):
                shown = by_sku[point.payload["sku"]]
                shown.vectors.append(point.vector)
                if kind := point.payload.get("type"):
                    shown.types.add(kind)
        return by_sku

    def _neighbours(
        self,
        tenant: str,
        seeds: Sequence[Seed],
        pictures: dict[str, _Shown],
        each: int,
        where: Filter,
        depth: int,
    ) -> list[tuple[Seed, _Neighbours]]:
        found: list[tuple[Seed, _Neighbours]] = []
        for seed in seeds:
            near: _Neighbours = {}
            shown = pictures.get(seed.act.sku, _Shown([], set()))
            for vector in shown.vectors[:each]:
                for hit in self._vectors.search(tenant, vector, depth, where):
                    if hit.score < self._look_at_least:
                        break
                    best = near.get(hit.payload["sku"])
                    if best is None or hit.score > best.similarity:
                        kind = hit.payload.get("type")
                        other = bool(kind and shown.types) and kind not in shown.types
                        near[hit.payload["sku"]] = _Likeness(hit.score, hit.payload["image_id"], kind, other)
            found.append((seed, near))
        return found

    def _hit(self, sku: str, liked: list[tuple[Seed, _Neighbours]], disliked: list[tuple[Seed, _Neighbours]]) -> Hit:
        speaking = [(self._speaks(seed, near[sku]), seed, near[sku]) for seed, near in liked if sku in near]
        nobody = against = 1.0
        for chance, _, _ in speaking:
            nobody *= 1 - chance
        for seed, near in disliked:
            if sku in near:
                against *= 1 - self._speaks(seed, near[sku])
        _, seed, likeness = max(speaking, key=lambda one: (one[0], one[2].similarity))
        return Hit.model_construct(
            sku=sku,
            image_id=likeness.image_id,
            score=(1 - nobody) * against,
            type=likeness.type,
            source=Source(
                kind="look", sku=seed.act.sku, event=seed.act.type, at=seed.act.at, similarity=likeness.similarity
            ),
        )

    def _speaks(self, seed: Seed, likeness: _Likeness) -> float:
        span = 1 - self._look_at_least
        chance = seed.strength * min(max((likeness.similarity - self._look_at_least) / span, 0.0), 1.0) ** 2
        return chance * _OTHER_TYPE if likeness.of_other_type else chance


def _rank(hit: Hit) -> tuple[float, str]:
    return (-hit.score, hit.sku)
