"""The page, in a real browser, as a shopper uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.rings import heic
from tests.support.stack import RunningStack

PATIENCE_MS = 60_000


@pytest.fixture
def page(browser: Browser, local_stack: RunningStack) -> Iterator[Page]:
    """A shopper never seen before, on the page. Nothing on it may fail silently, or break its own policy."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
    page.goto(local_stack.address)
    yield page
    context.close()
    assert faults == []


def find(page: Page, photo: Path) -> Locator:
    page.get_by_test_id("file-input").set_input_files(photo)
    expect(page.get_by_role("heading", name="Looks like your photo")).to_be_visible()
    results = page.locator('[data-testid="result"]:visible')
    expect(results.first).to_be_visible()
    return results


def sku(card: Locator) -> str:
    return card.get_attribute("data-sku") or ""


def test_new_photos_of_pieces_find_them_first_on_the_page(page: Page, query_photos: list[Path]) -> None:
    found = []
    for photo in query_photos:
        found.append(sku(find(page, photo).first) == photo.stem)
        page.reload()
    assert sum(found) >= 0.9 * len(found), [p.stem for p, ok in zip(query_photos, found, strict=True) if not ok]


def test_clicks_on_one_kind_of_piece_change_the_suggestions_to_its_like(page: Page, query_photos: list[Path]) -> None:
    photo = next(photo for photo in query_photos if photo.stem.startswith("WATCH"))
    watches = page.locator('[data-testid="result"][data-sku^="WATCH"]:visible')
    for number in range(3):
        find(page, photo)
        watches.nth(number).click()
        expect(page.get_by_test_id("piece-title")).to_be_visible()
        page.get_by_role("link", name="Back to the pieces").click()
    first = page.get_by_test_id("suggestion").first
    expect(first).to_have_attribute("data-sku", re.compile("^WATCH"))
    expect(first.get_by_test_id("reason")).to_contain_text("you clicked")


def test_what_is_no_piece_of_the_shop_is_answered_honestly(page: Page, tmp_path: Path) -> None:
    expect(page.get_by_text("It is only looked at, not kept.")).to_be_visible()
    text = tmp_path / "photo.jpg"
    text.write_text("this is not a picture")
    page.get_by_test_id("file-input").set_input_files(text)
    expect(page.get_by_test_id("error")).to_be_visible()
    expect(page.get_by_test_id("error")).to_contain_text("picture")


def test_a_phones_heic_finds_pieces_although_this_browser_cannot_show_it(page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "IMG_0001.HEIC"
    photo.write_bytes(heic("ring"))
    find(page, photo).first.click()
    expect(page.get_by_test_id("piece-title")).to_be_visible()
    page.get_by_role("link", name="Back to the pieces").click()
    expect(page.get_by_alt_text("Your photo")).to_be_hidden()
    expect(page.get_by_test_id("error")).to_be_hidden()


def test_the_contract_can_be_read_and_tried_without_any_other_host(page: Page, local_stack: RunningStack) -> None:
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{local_stack.address}/docs")
    expect(page.get_by_text("Find pieces by pictures, items and words")).to_be_visible()
    page.get_by_text("The process lives").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table").get_by_text("200", exact=True).first).to_be_visible()
    assert [url for url in asked if not url.startswith((local_stack.address, "data:"))] == []
    assert faults == []


def test_what_the_page_does_not_do_itself_the_browser_keeps_others_from_doing(
    browser: Browser, local_stack: RunningStack
) -> None:
    context = browser.new_context()
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Policy" in message.text else None)
    page.goto(local_stack.address)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    page.evaluate("fetch('http://127.0.0.2:9/').catch(() => undefined)")
    assert page.evaluate("window.ran") is None
    assert len(broken) >= 3, broken
    framed = context.new_page()
    framed.set_content(f'<iframe src="{local_stack.address}"></iframe>')
    assert framed.frames[-1].url.startswith(("chrome-error", "about:blank")) or not framed.frames[-1].title()
    context.close()


def test_the_page_is_usable_on_a_phone_without_scrolling_sideways(browser: Browser, local_stack: RunningStack) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(local_stack.address)
    expect(page.get_by_role("link", name="Twisted bangle").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
