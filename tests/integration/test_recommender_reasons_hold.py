"""Each event that a suggestion names is taken away, and the suggestion scores lower."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from services.recommender.features import plain
from services.recommender.history import Act, Shopper
from services.recommender.making import Making
from shared.contracts.internal import Context, Hit, SuggestRequest
from shared.contracts.user_events import EventType
from tests.support.recommending import DIMENSION, NOW, Shop, Shops, TogetherByHand, shops

KINDS: list[EventType] = ["viewed", "searched", "clicked", "favourited", "carted", "purchased", "returned", "dismissed"]
TYPES = ["ring", "earring", "necklace", "bracelet"]
STONES = ["emerald", "ruby", "pearl"]


class Drawn:
    """A shop of 120 pieces around 12 looks, some with two pictures, and what it suggests to shoppers of any acts."""

    def __init__(self, shop: Shop, made: Shops) -> None:
        rng = np.random.default_rng(8)
        looks = rng.standard_normal((12, DIMENSION))
        self.skus = [f"P-{number}" for number in range(120)]
        for number, sku in enumerate(self.skus):
            near = looks[number % 12] + 0.35 * rng.standard_normal((1 + number % 2, DIMENSION))
            pictures = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
            shop.piece(
                sku,
                *pictures,
                type=TYPES[number % 5] if number % 5 < 4 else None,
                stone=STONES[number % 3],
                price=float(50 + 40 * (number % 12)),
                age_days=float(rng.exponential(20)),
                words=f"look{number % 12} {STONES[number % 3]} piece",
            )
        for number in range(40):
            shop.tell(f"other-{number}", "clicked", self.skus[int(rng.integers(120))])
        self.shop, self._made, self._rng = shop, made, rng

    def acts(self, count: int) -> list[Act]:
        """Of a shopper who likes three looks, at any times, sometimes twice at once."""
        fond_of = self._rng.choice(12, 3, replace=False)
        acts = []
        for _ in range(count):
            number = int(self._rng.choice(fond_of)) + 12 * int(self._rng.integers(10))
            ago = timedelta(minutes=float(self._rng.choice([0, 5, 50, 3_000, 80_000, 900_000])))
            acts.append(Act(self.skus[number], KINDS[int(self._rng.integers(len(KINDS)))], NOW - ago))
        return sorted(acts, key=lambda act: act.at, reverse=True)

    def hits(
        self, acts: list[Act], context: Context = "home", skus: tuple[str, ...] = (), limit: int = 10
    ) -> list[Hit]:
        never = frozenset(act.sku for act in acts if act.type in ("purchased", "dismissed"))
        request = SuggestRequest(tenant=self.shop.tenant, user_id="ann", context=context, skus=skus, limit=limit)
        with self._made.index.pin() as pinned:
            return Making(self._made.suggester.means, request, Shopper(acts, never), pinned, plain, explore=0.0).hits()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    folder = tmp_path_factory.mktemp("reasons")
    with shops(folder, f"sqlite:///{folder}/events.db", companions=TogetherByHand(12)) as made:
        yield Drawn(made.new(), made)


def test_every_suggestion_names_something_and_scores_lower_without_the_event_it_names(drawn: Drawn) -> None:
    named: Counter[str] = Counter()
    for number in range(8):
        acts = drawn.acts(1 + 3 * number)
        by_event: dict[tuple[str | None, str], list[Hit]] = {}
        for hit in drawn.hits(acts):
            named[hit.source.kind] += 1
            if hit.source.event is None:
                assert hit.source.kind in ("popular", "new")
            else:
                by_event.setdefault((hit.source.sku, hit.source.event), []).append(hit)
        for hits in by_event.values():
            scores = {one.sku: one.score for one in drawn.hits(without_named(acts, hits[0]), limit=40)}
            for hit in hits:
                assert scores.get(hit.sku, 0.0) < hit.score, (number, hit.source)
    assert sum(named.values()) == 80
    assert min(named[kind] for kind in ("look", "together", "searched")) > 0, named


@pytest.mark.parametrize("context", ["item", "cart"])
def test_what_a_page_shows_is_named_and_without_it_the_suggestion_scores_lower(drawn: Drawn, context: Context) -> None:
    acts = drawn.acts(4)
    page = ("P-3", "P-40")
    kinds = set()
    for hit in drawn.hits(acts, context, page):
        if hit.source.sku in page and hit.source.event is None:
            kinds.add(hit.source.kind)
            other = tuple(sku for sku in page if sku != hit.source.sku)
            scores = {one.sku: one.score for one in drawn.hits(acts, context, other, limit=40)}
            assert scores.get(hit.sku, 0.0) < hit.score, hit.source
    assert kinds >= {"item" if context == "item" else "set"}


def without_named(acts: list[Act], hit: Hit) -> list[Act]:
    """The shopper's acts without the one that the hit names: of a search all that it found."""
    event, sku, at = hit.source.event, hit.source.sku, hit.source.at
    one_of = [
        act for act in acts if act.type == event and act.sku == sku and (hit.source.kind == "new" or act.at == at)
    ]
    taken = one_of[0]
    if event == "searched":
        return [act for act in acts if (act.type, act.at) != (taken.type, taken.at)]
    return [act for act in acts if act is not taken]
