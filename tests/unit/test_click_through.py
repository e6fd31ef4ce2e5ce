"""How often shoppers click on what they are shown, counted by place and variant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.recommender.click_through import ClickThrough
from services.recommender.experiments import Experiments
from services.recommender.handlers import handle_user_events
from services.recommender.history import History
from services.recommender.impressions import Impressions, handle_impressions_shown
from shared import database
from shared.contracts.impressions import ImpressionsShown, ShownList
from shared.contracts.internal import Experiment, VariantPlan
from shared.contracts.messages import UserEvents
from shared.contracts.user_events import UserEvent
from tests.support.indexing import Recorder
from tests.support.recommending import MIGRATIONS

LIST, OTHER_LIST = "1" * 32, "2" * 32
COMPARED = Experiment(
    name="ranking",
    variants={"zest": VariantPlan(share=0.5, policy="learned"), "by-hand": VariantPlan(share=0.5, policy="plain")},
)


class Shop:
    """One shop's recommender, from messages to counts."""

    def __init__(self, books: database.Database) -> None:
        self.experiments = Experiments(books)
        self._books = books
        self._clicks = ClickThrough(books, self.experiments)
        self._before = self._counts()

    def shows(self, variant: str, search_id: str = LIST) -> None:
        shown = ShownList(search_id=search_id, place="for-you", ranking="r", variant=variant, skus=["A", "B"])
        message = ImpressionsShown(tenant="shop", correlation_id="c", batch_id="b", lists=[shown])
        handle_impressions_shown(
            message, impressions=Impressions(self._books), clicks=self._clicks, publisher=Recorder()
        )

    def clicks(self, name: str, search_id: str | None = LIST) -> None:
        told: dict[str, Any] = {"id": name, "type": "clicked", "user_id": "anna", "sku": "A", "at": datetime.now(UTC)}
        event = UserEvent(**told, search_id=search_id)
        message = UserEvents(tenant="shop", correlation_id="c", batch_id="b", events=[event])
        handle_user_events(message, history=History(self._books), clicks=self._clicks, publisher=Recorder())

    def counted(self) -> dict[tuple[str, str, str], float]:
        """What was counted since the beginning: of `shown` and `clicked`, by place and variant."""
        return {
            key: value - self._before.get(key, 0.0)
            for key, value in self._counts().items()
            if value != self._before.get(key, 0.0)
        }

    @staticmethod
    def _counts() -> dict[tuple[str, str, str], float]:
        samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
        named = {f"loupe_recommender_{what}_total": what for what in ("shown", "clicked")}
        return {
            (named[sample.name], sample.labels["place"], sample.labels["variant"]): sample.value
            for sample in samples
            if sample.name in named
        }


@pytest.fixture
def shop(tmp_path: Any) -> Iterator[Shop]:
    books = database.open(f"sqlite:///{tmp_path}/recommender.db")
    books.migrate(MIGRATIONS)
    yield Shop(books)
    books.close()


def test_a_variant_is_counted_by_its_letter_and_policy_and_never_by_the_name_that_a_shop_gave_it(shop: Shop) -> None:
    shop.experiments.put("shop", COMPARED)
    shop.shows("ranking/by-hand")
    shop.shows("ranking/zest", OTHER_LIST)
    shop.clicks("1", OTHER_LIST)
    assert shop.counted() == {
        ("shown", "for-you", "a-plain"): 1,
        ("shown", "for-you", "b-learned"): 1,
        ("clicked", "for-you", "b-learned"): 1,
    }


def test_without_a_comparison_and_after_its_end_lists_are_told_apart(shop: Shop) -> None:
    shop.shows("")
    shop.shows("ranking/zest", OTHER_LIST)
    assert shop.counted() == {("shown", "for-you", "none"): 1, ("shown", "for-you", "ended"): 1}


def test_what_comes_twice_counts_once(shop: Shop) -> None:
    for _ in range(2):
        shop.shows("")
        shop.clicks("1")
    assert shop.counted() == {("shown", "for-you", "none"): 1, ("clicked", "for-you", "none"): 1}


def test_a_click_counts_whose_list_is_not_kept_and_none_that_names_no_list(shop: Shop) -> None:
    shop.clicks("1")
    shop.clicks("2", None)
    assert shop.counted() == {("clicked", "unknown", "none"): 1}
