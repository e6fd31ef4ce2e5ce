"""One list of suggestions in the making: candidates found, looked at closely, ranked, chosen and given reasons."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from services.recommender import metrics
from services.recommender.choosing import Choice, Draw, Field, choose
from services.recommender.evidence import Evidence, Seeds
from services.recommender.features import NAMES, Floats, Weights, score
from services.recommender.history import Act, Shopper
from services.recommender.index import Pinned
from services.recommender.items import Item, Items, code
from services.recommender.popularity import Popularity
from services.recommender.ranking import without
from services.recommender.reasoning import Profile, Reasons, crowd_of, together_of
from services.recommender.settings import Weight
from services.recommender.sources import Asked, Sought
from services.recommender.sources.crowd import Companions, fondness
from services.recommender.sources.pool import pooled
from services.recommender.taste import LIKED_ITEMS, SEARCHED_ITEMS, taste_of
from services.recommender.variants import variants
from shared.contracts.internal import Hit, Source, SuggestRequest
from shared.contracts.user_events import EventType
from shared.vectorstore import AnyOf, Filter

_IN_STOCK = AnyOf("in_stock", (True,))
_COMPANIONS = 100
_CLOSER = 160
_CLOSER_A_PLACE = 2
"""Items are looked at closely: so many, and so many for each place of the list."""
_OWNED = 30
"""Of what was bought or dismissed, the latest items whose variants are left out."""
_STABLE_S = 600
"""Who loads a page again within so many seconds is drawn the same."""
_LOOKED_FOR = 0.5
"""The share of all that is liked from which a shopper is taken to look for a type."""
_BESIDE_A_PAGE = 0.5
_SEARCHES_ASK = 0.5
_SPEAKS = 0.02
_SPEAKING = [NAMES.index(name) for name in ("look", "described", "together", "searched", "set", "page", "page_set")]


@dataclass(frozen=True, slots=True)
class Means:
    """What lists are made with. `weights` are those of events."""

    popularity: Popularity
    companions: Companions
    items: Items
    weights: Mapping[EventType, Weight]
    diversity: float


class Making:
    """Of one request, at one moment. `weights` are those of features."""

    def __init__(
        self,
        means: Means,
        request: SuggestRequest,
        shopper: Shopper,
        pinned: Pinned,
        weights: Weights,
        explore: float,
    ) -> None:
        self._means = means
        self._request = request
        self._shopper = shopper
        self._pinned = pinned
        self._weights = weights
        self._explore = explore
        self._now = datetime.now(UTC)
        popular = means.popularity.most(request.tenant)
        self._popular = {item.sku: item for item in popular}
        self._fondness = fondness(popular)
        acted_on = frozenset(act.sku for act in shopper.recent if act.type != "searched")
        self._known = acted_on - shopper.never - {*request.skus}

    def hits(self) -> list[Hit]:
        profile = self._profile(self._shopper.recent)
        taste = profile.taste
        told = [seed.act.sku for part in (taste.liked, taste.searched, taste.disliked) for seed in part]
        gone = list(dict.fromkeys(act.sku for act in self._shopper.recent if act.sku in self._shopper.never))[:_OWNED]
        held = self._read([*self._request.skus, *told, *gone])
        seeds = Seeds(taste, self._request.skus, self._request.context, held)
        with metrics.stage("candidates"):
            candidates = self._candidates(profile, seeds, [held[sku] for sku in gone if sku in held])
        with metrics.stage("rank"):
            evidence = self._evidence(seeds.items, candidates)
            strengths = seeds.strengths(taste)
            x = evidence.features(strengths, together_of(candidates, profile.companions))
            scores = score(self._weights.logits(x))
            chosen = self._chosen(candidates, evidence, x, scores, profile, held)
        with metrics.stage("explain"):
            of = [one.place for one in chosen]
            reasons = Reasons(profile, seeds, evidence, candidates, self._weights, self._popular, self._profile)
            sources = reasons.of(of, x[of], strengths)
        hits = [
            _hit(candidates[one.place], float(scores[one.place]), source, held, x[one.place], one.propensity)
            for one, source in zip(chosen, sources, strict=True)
        ]
        if len(hits) < self._request.limit and self._known:
            hits += self._known_ones(self._request.limit - len(hits), hits[-1].score if hits else 1.0)
        return hits

    def _profile(self, acts: Sequence[Act]) -> Profile:
        taste = taste_of(acts, self._means.weights, self._now)
        strengths = {seed.act.sku: seed.strength for seed in taste.liked[:LIKED_ITEMS]}
        latest_first = dict.fromkeys(act.sku for act in acts if act.sku in strengths)
        liked = [(sku, 1.0) for sku in self._request.skus] + [(sku, strengths[sku]) for sku in latest_first]
        found = self._means.companions.companions(self._request.tenant, liked, _COMPANIONS) if liked else ()
        return Profile(acts, taste, {one.sku: one for one in found})

    def _read(self, skus: Iterable[str]) -> dict[str, Item]:
        return self._means.items.of(self._pinned, self._request.tenant, skus)

    def _candidates(self, profile: Profile, seeds: Seeds, owned: Sequence[Item]) -> list[Item]:
        """The most promising, looked at closely, as many as the list needs and some more."""
        excluded = self._known | self._shopper.never | {*self._request.skus}
        sought = Sought(
            self._request.tenant,
            self._pinned,
            Filter((_IN_STOCK,), without(excluded)),
            self._asked(profile, seeds),
            self._request.limit,
        )
        together = {one.sku: one.score for one in profile.companions.values()}
        promising = [sku for sku in pooled(sought, together, self._fondness) if sku not in excluded]
        wanted = _CLOSER + _CLOSER_A_PLACE * self._request.limit
        found: list[Item] = []
        while promising and len(found) < wanted:
            read = [item for item in self._read(promising[:wanted]).values() if item.facts.get("in_stock")]
            same = variants(owned, read, self._pinned.model)
            found += [item for item, is_variant in zip(read, same, strict=True) if not is_variant]
            promising = promising[wanted:]
        return found

    def _asked(self, profile: Profile, seeds: Seeds) -> list[Asked]:
        page = self._request.skus
        own = _BESIDE_A_PAGE if page else 1.0
        strengths = dict.fromkeys(page, (1.0, True))
        for seed in profile.taste.liked[:LIKED_ITEMS]:
            kept = seed.act.type in ("carted", "purchased")
            strengths.setdefault(seed.act.sku, (own * seed.strength, kept))
        for seed in profile.taste.searched[:SEARCHED_ITEMS]:
            strengths.setdefault(seed.act.sku, (own * _SEARCHES_ASK * seed.strength, False))
        asked = [Asked(item, *strengths[item.sku]) for item in seeds.items if item.sku in strengths]
        return sorted(asked, key=lambda one: -one.strength)

    def _evidence(self, seeds: Sequence[Item], candidates: Sequence[Item]) -> Evidence:
        popular = np.array([self._fondness.get(item.sku, 0.0) for item in candidates])
        return Evidence(seeds, candidates, self._pinned.model, popular, self._now.timestamp())

    def _chosen(
        self,
        candidates: Sequence[Item],
        evidence: Evidence,
        x: Floats,
        scores: Floats,
        profile: Profile,
        held: Mapping[str, Item],
    ) -> list[Choice]:
        if not candidates:
            return []
        field = Field(
            scores=scores,
            vectors=np.concatenate([item.vectors[:1] for item in candidates]),
            types=evidence.types,
            spoken_for=x[:, _SPEAKING].max(axis=1) > _SPEAKS,
            age_days=evidence.age_days,
        )
        return choose(
            field,
            self._request.limit,
            diversity=self._means.diversity,
            looked_for=[code(kind) for kind in _looked_for(profile, self._request.skus, held)],
            explore=self._explore,
            draw=self._draw(),
        )

    def _draw(self) -> Draw:
        """The same for a shopper and a page for ten minutes, which do not end for all at once."""
        asked = self._request
        whose = "\n".join((asked.tenant, asked.user_id or "", asked.session_id or "", asked.context, *asked.skus))
        digest = hashlib.sha256(whose.encode()).digest()
        lately = int(time.time() + int.from_bytes(digest[:2])) // _STABLE_S
        drawn = np.random.default_rng([lately, *digest]).random((asked.limit, 2))
        return lambda place: (float(drawn[place, 0]), float(drawn[place, 1]))

    def _known_ones(self, missing: int, ceiling: float) -> list[Hit]:
        """What the shopper has acted on, by how popular and new it is, below all else."""
        items = [item for item in self._read(sorted(self._known)).values() if item.facts.get("in_stock")]
        if not items:
            return []
        evidence = self._evidence((), items)
        nobody = Seeds(taste_of((), self._means.weights, self._now), (), "home", {})
        x = evidence.features(nobody.strengths(taste_of((), self._means.weights, self._now)), np.zeros(len(items)))
        scores = np.minimum(score(self._weights.logits(x)), ceiling)
        best = np.argsort(-scores, kind="stable")[:missing]
        return [
            _hit(items[n], float(scores[n]), crowd_of(items[n], x[n], self._weights, self._popular), {}, x[n], 1.0)
            for n in best
        ]


def _looked_for(profile: Profile, page: Sequence[str], held: Mapping[str, Item]) -> frozenset[str]:
    """The types that make up half of what is liked, and those that the page shows."""
    share: dict[str, float] = {}
    for seed in profile.taste.liked[:LIKED_ITEMS]:
        for kind in held[seed.act.sku].types if seed.act.sku in held else ():
            share[kind] = share.get(kind, 0.0) + seed.strength
    total = sum(share.values())
    shown = {kind for sku in page if sku in held for kind in held[sku].types}
    return frozenset(shown | {kind for kind, own in share.items() if own >= _LOOKED_FOR * total})


def _hit(item: Item, scored: float, source: Source, held: Mapping[str, Item], x: Floats, propensity: float) -> Hit:
    """Shown by the picture that is most like what its reason names."""
    image = 0
    if named := held.get(source.sku or ""):
        image = int(np.argmax(np.max(item.vectors @ named.vectors.T, axis=1)))
    return Hit.model_construct(
        sku=item.sku,
        image_id=item.images[image],
        score=scored,
        type=item.facts.get("type"),
        source=source,
        reasons=[],  # told here, for pydantic takes 0.2 ms to look up how a default is made
        propensity=propensity,
        features=[round(float(value), 4) for value in x],
    )
