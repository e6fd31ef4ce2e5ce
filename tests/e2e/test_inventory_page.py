"""The page of the stock, in a real browser, as a merchant reads it: each number opens what it is from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from services.inventory.advice.advising import Terms
from services.inventory.advice.making import AdviceMaker
from tests.support.gateway import KEY, picture
from tests.support.looking import about, looked_at
from tests.support.stocking import Shop, running_stock
from tests.support.upstreams import served

PATIENCE_MS = 60_000
WEEKS = 30
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a gateway whose shop sold for half a year, and has had its night."""
    folder = tmp_path_factory.mktemp("stock")
    with running_stock(folder, page_tenant="shop") as shop:
        for number, sku in enumerate(["FAST", "CALM", "LIES", *(f"RING-{n}" for n in range(6))]):
            shop.stand.put_item(sku, price=490, currency="EUR")
            shop.stand.upload(sku, picture(number))
        shop.settle()
        sell(shop, "FAST", each=3, left=2)
        sell(shop, "CALM", each=1, left=14)
        shop.move(moved("LIES", "received", 9, days_ago=400))
        with looked_at(f"sqlite:///{folder}/inventory.db", folder / "objects") as seen:
            for number, sku in enumerate(["FAST", "CALM", "LIES", *(f"RING-{n}" for n in range(6))]):
                seen.piece("shop", sku, about(number // 5, number), type="ring", metal="rose gold")
            seen.maker.make("shop")
            AdviceMaker(seen.books, Terms()).make("shop", NOW)
        with served(shop.stand.service.http) as found:
            yield found


def moved(sku: str, kind: str, quantity: int, days_ago: float, name: str = "") -> dict[str, Any]:
    at = (NOW - timedelta(days=days_ago)).isoformat()
    return {"id": name or f"{sku}-{kind}", "sku": sku, "kind": kind, "quantity": quantity, "occurred_at": at}


def sell(shop: Shop, sku: str, each: int, left: int) -> None:
    """It came with enough to sell `each` a week, and `left` are left."""
    came = moved(sku, "received", WEEKS * each + left, 7 * WEEKS + 1)
    sold = [moved(sku, "sold", each, 7 * week + 3.5, f"{sku}-{week}") for week in range(WEEKS)]
    shop.move(came, *sold)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Nothing on it may fail silently, or break its own policy."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
    page.goto(f"{address}/inventory")
    yield page
    context.close()
    assert faults == []


def test_it_says_what_to_order_and_each_number_opens_what_it_is_from(page: Page) -> None:
    advice = page.get_by_test_id("order").get_by_test_id("advice")
    expect(advice).to_have_count(1)
    expect(advice.first).to_contain_text("Title of FAST")
    expect(advice.first).to_contain_text("Order ")
    numbers = advice.first.locator(".numbers button")
    opened = page.get_by_test_id("trace")
    for number in range(numbers.count()):
        numbers.nth(number).click()
        expect(opened.locator("table, svg").first).to_be_visible()
        expect(opened.locator("code")).to_contain_text("/v1/inventory/")
        page.get_by_role("button", name="Close").click()
        expect(opened).to_be_hidden()


def test_it_asks_about_what_lies_and_shows_styles_with_what_they_sell(page: Page) -> None:
    lies = page.get_by_test_id("lies").get_by_test_id("advice")
    expect(lies.first).to_contain_text("Title of LIES")
    expect(lies.first.locator(".question")).to_contain_text("?")
    styles = page.get_by_test_id("style")
    expect(styles.first).to_contain_text("sold of what there was in 13 weeks")
    expect(styles.first.locator("svg")).to_be_visible()
    expect(page.get_by_test_id("shop-plot").locator("svg")).to_be_visible()


def test_its_figures_lists_and_files_are_those_of_the_ledger(page: Page) -> None:
    expect(page.get_by_test_id("figures")).to_contain_text("25")
    rows = page.get_by_test_id("items").locator("tr")
    expect(rows).to_have_count(9)
    page.get_by_test_id("state").select_option("in-stock")
    expect(rows).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("button", name="Movements as CSV").click()
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").startswith("id,sku,kind,quantity")


def test_in_chinese_nothing_of_it_stays_english(page: Page) -> None:
    page.get_by_test_id("language").click()
    advice = page.get_by_test_id("order").get_by_test_id("advice").first
    expect(advice).to_contain_text("订货到货需", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("lies").locator(".question").first).to_contain_text("？")
    expect(page.get_by_test_id("style").first).to_contain_text("戒指")
    expect(page.get_by_test_id("items").locator("tr")).to_have_count(9)
    advice.locator(".numbers button").nth(1).click()
    expect(page.get_by_test_id("trace").locator("tbody")).to_contain_text("售出")
    page.get_by_role("button", name="关闭").click()
    left = set(re.findall("[A-Za-z]{2,}", page.locator("main").inner_text()))
    assert left <= {"Title", "of", "FAST", "CALM", "LIES", "RING", "CSV", "main"}


def test_the_shops_page_lists_what_of_the_stock_needs_a_look(page: Page, address: str) -> None:
    page.goto(f"{address}/shop")
    alerts = page.get_by_test_id("stock-alert")
    expect(alerts.and_(page.locator('[data-kind="order"]'))).to_contain_text("Title of FAST")
    expect(alerts.and_(page.locator('[data-kind="order"]'))).to_contain_text("Order ")
    expect(alerts.filter(has_text="Title of LIES")).to_contain_text("on hand")
    expect(page.get_by_test_id("alerts")).to_contain_text("1 to order, 1 that lie")


def test_of_a_shop_whose_sales_are_not_known_nothing_is_guessed(browser: Browser, tmp_path: Path) -> None:
    with running_stock(tmp_path, page_tenant="shop") as shop, served(shop.stand.service.http) as address:
        shop.stand.put_item("CALM", price=490, currency="EUR")
        shop.move(moved("CALM", "received", 1, days_ago=400))
        with looked_at(f"sqlite:///{tmp_path}/inventory.db", tmp_path / "objects") as seen:
            AdviceMaker(seen.books, Terms()).make("shop", NOW)
        page = browser.new_page()
        page.goto(f"{address}/inventory")
        expect(page.get_by_text("Once 20 sales are known, what to order")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_text("What lies too long is told then, too.")).to_be_visible()
        expect(page.get_by_test_id("shop-plot").locator("svg")).to_have_count(0)
        page.close()


def test_where_the_page_has_no_shop_a_key_opens_it(browser: Browser, tmp_path: Path) -> None:
    with running_stock(tmp_path) as shop, served(shop.stand.service.http) as address:
        page = browser.new_page()
        page.goto(f"{address}/inventory")
        key = page.get_by_test_id("key-input")
        expect(key).to_be_visible(timeout=PATIENCE_MS)
        key.fill(KEY)
        page.get_by_role("button", name="Open the stock").click()
        expect(page.get_by_test_id("figures")).to_contain_text("0 of 0", timeout=PATIENCE_MS)
        page.close()
