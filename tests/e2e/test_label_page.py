"""The page of labelling, in a real browser: picture after picture by keys or taps, and what was said as a manifest."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.contracts.analysis import Attribute
from shared.contracts.messages import ImageIndexed
from tests.support.browsing import SIZES, opened
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.upstreams import served
from tests.support.waiting import until

SURE = {"SURE-1": 0.95, "DOUBT-2": 0.2, "HALF-3": 0.5, "SOME-4": 0.7}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stand]:
    """Pictures that the model took for rings, each as sure as `SURE` says."""
    with running_gateway(tmp_path) as stand:
        for number, (sku, confidence) in enumerate(SURE.items()):
            stand.put_item(sku, title=f"Piece {number}")
            image_id = stand.upload(sku, picture(number))
            ring = Attribute(value="ring", confidence=confidence)
            told = {"tenant": "shop", "correlation_id": "c", "sku": sku, "image_id": image_id}
            stand.handle(ImageIndexed.model_validate(told | {"model_version": "model-1", "type": ring}))
        yield stand


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, shop: Stand, browser: Browser) -> Iterator[Page]:
    with served(shop.service.http) as address, opened(browser, request.param, f"{address}/label") as page:
        page.get_by_test_id("key-input").fill(KEY)
        page.get_by_test_id("key-input").press("Enter")
        expect(page.get_by_test_id("sku")).to_have_text("DOUBT-2")
        yield page


def said(shop: Stand) -> dict[str, str]:
    rows = csv.DictReader(shop.client.get("/v1/labelling/manifest.csv").text.splitlines())
    return {row["item_id"]: row["type"] or row["class"] for row in rows}


def test_the_least_certain_comes_first_and_each_key_says_one_thing(page: Page, shop: Stand) -> None:
    expect(page.get_by_test_id("model")).to_have_text("The model says ring, and is 20% sure.")
    expect(page.get_by_test_id("class").filter(has_text="ring").last).to_have_class("class on")
    earring = page.locator('[data-testid="class"][data-value="earring"]')
    page.keyboard.press(earring.get_attribute("aria-keyshortcuts") or "")
    expect(page.get_by_test_id("sku")).to_have_text("HALF-3")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("sku")).to_have_text("SOME-4")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sku")).to_have_text("SURE-1")
    until(
        lambda: said(shop) == {"DOUBT-2": "earring", "SOME-4": "ring"}, "both were said, what was passed over was not"
    )
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("sku")).to_have_text("SOME-4")
    until(lambda: said(shop) == {"DOUBT-2": "earring"}, "it was taken back")
    expect(page.get_by_test_id("left")).to_have_text("3 of 4 pictures to look at")


def test_with_taps_and_a_word_of_ones_own_all_are_said_and_the_manifest_has_them(page: Page, shop: Stand) -> None:
    page.get_by_test_id("own-word").fill("signet")
    page.get_by_test_id("own-word").press("Enter")
    expect(page.get_by_test_id("sku")).to_have_text("HALF-3")
    page.locator('[data-testid="class"][data-value="signet"]').click()
    expect(page.get_by_test_id("sku")).to_have_text("SOME-4")
    for following in ("SURE-1", ""):
        page.get_by_test_id("confirm").click()
        if following:
            expect(page.get_by_test_id("sku")).to_have_text(following)
    expect(page.get_by_test_id("none")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_test_id("manifest").click()
    rows = list(csv.DictReader(saved.value.path().read_text().splitlines()))
    assert {row["item_id"]: (row["class"], row["type"]) for row in rows} == {
        "DOUBT-2": ("signet", ""),
        "HALF-3": ("signet", ""),
        "SOME-4": ("", "ring"),
        "SURE-1": ("", "ring"),
    }
    page.get_by_test_id("attribute").select_option("metal")
    expect(page.get_by_test_id("left")).to_have_text("4 of 4 pictures to look at")
    expect(page.get_by_test_id("model")).to_have_text("The model does not know.")


def test_who_may_only_look_is_asked_for_another_key_before_anything_is_said(shop: Stand, browser: Browser) -> None:
    reader = shop.parts.api_keys.add("shop", "reader", ["read"]).key
    with served(shop.service.http) as address, opened(browser, "desktop", f"{address}/label") as page:
        page.get_by_test_id("key-input").fill(reader)
        page.get_by_test_id("key-input").press("Enter")
        expect(page.get_by_test_id("sku")).to_have_text("DOUBT-2")
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("key-input")).to_be_visible()
        assert said(shop) == {}


def test_the_page_speaks_chinese_too(page: Page) -> None:
    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("标注")
    expect(page.get_by_test_id("model")).to_contain_text("戒指")
