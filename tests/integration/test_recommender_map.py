"""The map over a real index and database: made on demand in a child process, right after the catalogue changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from services.recommender.impressions import Impressions
from services.recommender.map.making import MapMaker
from shared import database
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.impressions import ShownList
from shared.database import Database
from tests.support.recommending import DIMENSION, FACTS, MODEL, NOW, Shop, Shops, shops
from tests.support.waiting import until

FORM = 12
KINDS = ("ring", "earring", "necklace")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('map')}/recommender.db"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, url: str) -> Iterator[Shops]:
    model = FACTS.model_copy(update={"form_dimension": FORM})
    with shops(tmp_path_factory.mktemp("index"), url, model) as made:
        yield made


@pytest.fixture
def maker(parts: Shops) -> MapMaker:
    return MapMaker(parts.index, parts.models, parts.maps, seconds=300)


@pytest.fixture
def shop(parts: Shops) -> Shop:
    return parts.new()


def look(kind: int, number: int) -> Vector:
    dice = np.random.default_rng(100 * kind + number)
    vector = 0.25 * dice.normal(size=DIMENSION)
    vector[4 * kind : 4 * kind + 3] += (1.0, 0.5 * np.sin(number), 0.5 * np.cos(number))
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def fill(shop: Shop, each: int = 40) -> None:
    for kind, name in enumerate(KINDS):
        for number in range(each):
            about: dict[str, Any] = {"type": name, "price": float(number), "currency": "EUR", "age_days": number}
            shop.piece(f"{name}-{number:02}", look(kind, number), metal="gold" if number % 2 else "silver", **about)


def told(shop: Shop) -> dict[str, Any]:
    answer = shop.get("/map")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other))


def places(body: dict[str, Any]) -> dict[str, np.ndarray]:
    return {sku: np.array(at) for sku, *at in zip(body["skus"], body["x"], body["y"], strict=True)}


def test_who_asks_first_has_the_map_made_and_then_it_has_every_piece(shop: Shop, maker: MapMaker) -> None:
    fill(shop)
    assert told(shop)["state"] == "making"
    assert maker.due(shop.tenant, datetime.now(UTC))
    assert maker.make(shop.tenant, threading.Event()) == "swapped"
    body = told(shop)
    assert (body["state"], body["laid_out"], len(body["skus"])) == ("ready", 120, 120)
    assert {len(body[column]) for column in ("x", "y", "type", "metal", "price", "day")} == {120}
    row = body["skus"].index("earring-07")
    assert body["types"][body["type"][row]] == "earring"
    assert body["metals"][body["metal"][row]] == "gold"
    assert (body["price"][row], body["currency"]) == (7.0, "EUR")
    assert body["day"][row] == (NOW - timedelta(days=7) - datetime(1970, 1, 1, tzinfo=UTC)).days
    at = places(body)
    beside = {one: min((sku for sku in at if sku != one), key=lambda sku: distance(at[one], at[sku])) for one in at}
    assert np.mean([one[:-3] == other[:-3] for one, other in beside.items()]) > 0.95
    assert 0 <= min(map(min, at.values())) <= max(map(max, at.values())) <= 65_535


def test_a_new_piece_is_there_at_once_beside_its_like_and_one_that_left_is_not(shop: Shop, maker: MapMaker) -> None:
    fill(shop)
    maker.make(shop.tenant, threading.Event())
    before = places(told(shop))
    shop.piece("necklace-new", look(2, 3), type="necklace")
    shop.remove("ring-00")
    after = until_new(shop, "necklace-new")
    assert "ring-00" not in after
    nearest = min(
        (sku for sku in before if sku in after), key=lambda sku: np.linalg.norm(after[sku] - after["necklace-new"])
    )
    assert nearest.startswith("necklace")
    assert all((after[sku] == before[sku]).all() for sku in before if sku in after)


def until_new(shop: Shop, sku: str) -> dict[str, np.ndarray]:
    until(lambda: sku in told(shop)["skus"], f"{sku} is on the map", 60)
    return places(told(shop))


def test_it_is_laid_out_again_as_it_grows_and_all_stay_about_where_they_were(shop: Shop, maker: MapMaker) -> None:
    fill(shop)
    maker.make(shop.tenant, threading.Event())
    later = datetime.now(UTC) + timedelta(hours=2)
    assert not maker.due(shop.tenant, later)
    before = places(told(shop))
    for number in range(60, 90):
        shop.piece(f"ring-{number}", look(0, number), type="ring")
    until_new(shop, "ring-89")
    assert maker.due(shop.tenant, later)
    maker.make(shop.tenant, threading.Event())
    body = told(shop)
    assert body["laid_out"] == 150
    moved = [np.linalg.norm(places(body)[sku] - at) for sku, at in before.items()]
    assert np.median(moved) < 0.15 * 65_535


def test_a_shop_without_pieces_is_told_so_and_no_other_shop_is_on_its_map(
    parts: Shops, shop: Shop, maker: MapMaker
) -> None:
    assert told(shop)["state"] == "empty"
    other = parts.new()
    fill(other, 5)
    maker.make(other.tenant, threading.Event())
    assert told(shop)["skus"] == []
    assert len(told(other)["skus"]) == 15


def test_pieces_are_found_by_their_colours_whatever_their_shape(shop: Shop) -> None:
    for number in range(6):
        vector = np.zeros(DIMENSION, dtype=np.float32)
        vector[number], vector[FORM + number % 2] = np.sqrt(0.7), np.sqrt(0.3)
        shop.piece(f"P-{number}", vector, type="ring" if number < 4 else "brooch")
    asked = np.zeros(DIMENSION, dtype=np.float32)
    asked[7], asked[FORM] = np.sqrt(0.9), np.sqrt(0.1)
    found = shop._post("/palette", vectors={MODEL: pack_vector(asked)}, limit=3)
    assert sorted(hit.sku for hit in found.hits) == ["P-0", "P-2", "P-4"]
    assert all(hit.score > 0.99 for hit in found.hits)
    rings = shop._post("/palette", vectors={MODEL: pack_vector(asked)}, filters={"type": ["ring"]})
    assert [hit.sku for hit in rings.hits][:2] == ["P-0", "P-2"]
    assert {hit.type for hit in rings.hits} == {"ring"}


def test_searches_that_lead_where_little_lies_are_told_as_a_gap(shop: Shop, maker: MapMaker, url: str) -> None:
    fill(shop)
    shop.piece("brooch-lone", look(3, 0), type="brooch")
    maker.make(shop.tenant, threading.Event())
    assert shop.get("/map/gaps").json()["gaps"] == []
    events: Database = database.open(url)
    shown = [searched(number, [f"ring-{number:02}"], "results") for number in range(30)]
    shown += [searched(100 + number, ["brooch-lone"], "suggestions") for number in range(15)]
    Impressions(events).record(shop.tenant, shown)
    events.close()
    body = shop.get("/map/gaps").json()
    assert body["searches"] == 45
    assert body["gaps"][0]["skus"][0] == "brooch-lone"
    assert (body["gaps"][0]["searches"], body["gaps"][0]["unmatched"]) == (15, 15)


def searched(number: int, skus: list[str], place: Any) -> ShownList:
    return ShownList(search_id=f"{number:032x}", place=place, first=0, ranking="search-1:m", at=NOW, skus=skus)
