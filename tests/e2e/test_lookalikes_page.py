"""The page of look-alikes, in a real browser: both pictures side by side, and a decision that moves the line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.copying import Market, look
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.gateway import KEY, OTHER_KEY
from tests.support.registering import House, running_house
from tests.support.upstreams import served

PATIENCE_MS = 60_000
RING = jpeg(drawn_pieces(1)[0])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two shops, of which the other has a picture of this one's."""
    folder = tmp_path_factory.mktemp("lookalikes")
    with running_house(folder) as running:
        market = Market(f"sqlite:///{folder}/authenticity.db", folder / "objects")
        for tenant, sku, key in (("shop", "RING-1", KEY), ("other", "R-77", OTHER_KEY)):
            as_shop = {"Authorization": f"Bearer {key}"}
            running.client.put("/v1/lookalikes/consent", json={"consents": True}, headers=as_shop).raise_for_status()
            running.client.put(f"/v1/items/{sku}", json={"title": sku}, headers=as_shop).raise_for_status()
            sent = {"file": ("a.jpg", RING, "image/jpeg")}
            made = running.client.post(f"/v1/items/{sku}/images", files=sent, headers=as_shop).raise_for_status()
            market.show(tenant, sku, RING, look(1), image_id=made.json()["image_id"])
        market.settle()
        yield running
        market.close()


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    """Nothing on it may fail silently, or break its own policy."""
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    with served(house.stand.service.http) as address:
        opened.goto(f"{address}/lookalikes")
        opened.get_by_test_id("key-input").fill(KEY)
        opened.get_by_test_id("key-input").press("Enter")
        yield opened
    context.close()
    assert wrong == []


def test_a_person_sees_both_pictures_says_yes_and_the_line_moves(page: Page) -> None:
    pair = page.get_by_test_id("pair")
    expect(pair).to_have_count(1)
    expect(pair.get_by_role("heading")).to_have_text("The same picture")
    expect(pair.locator("img")).to_have_count(2)
    for shown in pair.locator("img").all():
        assert shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
    expect(pair).to_contain_text("that does not tell who was first")
    pair.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("none")).to_be_visible()
    expect(page.get_by_test_id("thresholds").locator("li").first).to_contain_text("after 1 ")
    page.get_by_test_id("state").select_option("confirmed")
    expect(pair).to_have_count(1)


def test_the_page_speaks_chinese_too(page: Page) -> None:
    page.get_by_test_id("language").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("相似款")
    expect(page.get_by_test_id("consent")).to_contain_text("本店已同意")
    assert page.evaluate("document.documentElement.lang") == "zh"
