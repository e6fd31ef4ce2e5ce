"""Forecasts and advice as a shop's program asks for them: through the gateway, with pictures and titles, as a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.inventory.advice.advising import Terms
from services.inventory.advice.making import AdviceMaker
from tests.support.stocking import Shop, running_stock

NOW = datetime.now(UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_stock(tmp_path) as made:
        for sku, left in (("FAST", 1), ("=CMD", 1), ("CALM", 60)):
            made.stand.put_item(sku, title=f"Title of {sku}", price=200)
            _sell(made, sku, left)
        yield made


def _sell(shop: Shop, sku: str, left: int, weeks: int = 20) -> None:
    def movement(name: str, kind: str, quantity: int, ago: float) -> dict[str, object]:
        at = (NOW - timedelta(days=ago)).isoformat()
        return {"id": f"{sku}-{name}", "sku": sku, "kind": kind, "quantity": quantity, "occurred_at": at}

    came = movement("in", "received", 2 * weeks + left, 7 * weeks + 1)
    shop.move(came, *(movement(f"out-{week}", "sold", 2, 7 * week + 2) for week in range(weeks)))


def night(shop: Shop) -> None:
    AdviceMaker(shop.books, Terms()).make("shop", NOW)


def test_there_is_no_advice_before_the_first_night(shop: Shop) -> None:
    page = shop.get("advice")
    assert page["advice"] == []
    assert "made_at" not in page
    answer = shop.client.get("/v1/inventory/forecasts", params={"sku": "FAST"})
    assert answer.status_code == 404
    assert "styles:refresh" in answer.json()["detail"]


def test_advice_comes_in_pages_with_titles_and_sources_that_answer(shop: Shop) -> None:
    night(shop)
    first = shop.get("advice", limit=1)
    second = shop.get("advice", limit=1, cursor=first["next_cursor"])
    assert {first["advice"][0]["sku"], second["advice"][0]["sku"]} == {"FAST", "=CMD"}
    assert first["counts"] == {"order": 2}
    assert first["advice"][0]["name"].startswith("Title of ")
    for number in first["advice"][0]["numbers"]:
        if source := number.get("source"):
            assert shop.client.get(source).status_code == 200, source


def test_a_cursor_of_other_advice_is_refused(shop: Shop) -> None:
    night(shop)
    cursor = shop.get("advice", limit=1)["next_cursor"]
    answer = shop.client.get("/v1/inventory/advice", params={"cursor": cursor, "kind": "order"})
    assert answer.status_code == 400


def test_one_piece_is_told_even_if_nothing_need_be_done(shop: Shop) -> None:
    night(shop)
    calm = shop.get("advice/CALM")
    assert "kind" not in calm
    assert calm["why"].startswith("60 on hand")
    assert shop.client.get("/v1/inventory/advice/NONE").status_code == 404


def test_the_csv_has_a_line_a_piece_and_no_formula(shop: Shop) -> None:
    night(shop)
    answer = shop.client.get("/v1/inventory/advice.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["sku"] for row in rows} == {"FAST", "'=CMD"}
    assert all(int(row["quantity"]) > 0 and float(row["stock_out_risk"]) > 0.5 for row in rows)


def test_forecasts_are_told_of_a_piece_and_of_the_shop_but_not_of_two_things(shop: Shop) -> None:
    night(shop)
    piece, whole = shop.get("forecasts", sku="FAST"), shop.get("forecasts")
    assert piece["weekly"] == pytest.approx(2, rel=0.35)
    assert whole["weekly"] == pytest.approx(6, rel=0.35)
    assert len(piece["weeks"]) == 26
    answer = shop.client.get("/v1/inventory/forecasts", params={"sku": "FAST", "type": "ring"})
    assert answer.status_code == 422


def test_a_removed_piece_is_told_of_nowhere(shop: Shop) -> None:
    night(shop)
    shop.client.delete("/v1/items/FAST").raise_for_status()
    shop.settle()
    assert {one["sku"] for one in shop.get("advice")["advice"]} == {"=CMD"}
    assert shop.client.get("/v1/inventory/advice/FAST").status_code == 404
    assert shop.client.get("/v1/inventory/forecasts", params={"sku": "FAST"}).status_code == 404
    assert "FAST" not in shop.client.get("/v1/inventory/advice.csv").text
