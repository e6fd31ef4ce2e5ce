from __future__ import annotations

from datetime import UTC, datetime

from services.recommender.ranking import BESIDE_THE_MAIN, condition_of
from shared.contracts.internal import Filters
from shared.vectorstore.points import INDEXED


def test_every_field_by_which_searches_are_filtered_has_an_index() -> None:
    said: dict[str, object] = {name: ["x"] for name in ("type", "metal", "stone", "cut", "setting", "tags", "brand")}
    said |= {"created_after": datetime(2026, 1, 1, tzinfo=UTC), "price_min": 1, "in_stock": True}
    said |= {"exclude_skus": ["A"], "without": {"metal": ["gold"]}}
    assert said.keys() | {"price_max"} == Filters.model_fields.keys()

    where = condition_of(Filters.model_validate(said))

    fields = {condition.field for condition in (*where.must, *where.must_not, BESIDE_THE_MAIN)}
    assert fields <= INDEXED.keys()
