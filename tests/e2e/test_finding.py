"""A shopper's story on the page: a photo, narrowed and put otherwise; what is suggested, why, and forgotten."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.e2e.conftest import CHROMIUM_ARGUMENTS
from tests.support.browsing import SIZES, opened
from tests.support.stack import RunningStack


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, local_stack: RunningStack) -> Iterator[Page]:
    with opened(browser, request.param, local_stack.address) as page:
        yield page


@pytest.fixture
def emerald(query_photos: list[Path]) -> Path:
    return next(photo for photo in query_photos if photo.stem == "RING-EMERALD-HALO-01")


def settled(page: Page) -> Locator:
    """The results, once they are those of what was asked last."""
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    return page.get_by_test_id("result")


def skus(results: Locator) -> list[str]:
    return [one.get_attribute("data-sku") or "" for one in results.all()]


def test_a_photo_words_chips_and_not_like_this_lead_to_other_pieces(page: Page, emerald: Path) -> None:
    page.get_by_test_id("file-input").set_input_files(emerald)
    expect(page.get_by_test_id("seen-piece")).to_have_attribute("aria-pressed", "true")
    first = page.get_by_test_id("result").first
    expect(first).to_have_attribute("data-sku", "RING-EMERALD-HALO-01")
    expect(first).to_contain_text("likely to be this very piece")

    page.get_by_test_id("words").fill("but in rose gold")
    page.get_by_test_id("words").press("Enter")
    understood = page.get_by_test_id("asked")
    expect(understood).to_contain_text(["rose gold"])
    titles = settled(page).locator(".title").all_inner_texts()
    assert titles
    assert all("rose gold" in title.lower() for title in titles), titles

    page.get_by_test_id("narrow").click()
    rings = page.locator('[data-chip="type:ring"]')
    count = int(rings.locator(".count").inner_text())
    rings.click()
    expect(rings).to_have_attribute("aria-pressed", "true")
    expect(settled(page)).to_have_count(count)
    unwanted = skus(settled(page))[0]
    page.get_by_test_id("unlike").first.click()
    expect(understood).to_have_count(3)
    expect(page.get_by_test_id("result").first).not_to_have_attribute("data-sku", unwanted)

    page.get_by_role("button", name=re.compile("Take away: rose gold")).click()
    expect(understood).to_have_count(2)
    assert any("rose gold" not in title.lower() for title in settled(page).locator(".title").all_inner_texts())
    page.get_by_role("button", name="Clear the photo").click()
    expect(page.get_by_test_id("seen")).to_be_hidden()


def test_a_box_is_drawn_by_hand_or_by_keys_and_is_what_is_searched_by(page: Page, emerald: Path) -> None:
    page.get_by_test_id("file-input").set_input_files(emerald)
    expect(page.get_by_test_id("seen-piece")).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.post_data or "") if one.url.endswith("/v1/search") else None)
    page.get_by_test_id("draw").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    with page.expect_response("**/v1/search") as answered:
        page.keyboard.press("Enter")
    assert answered.value.ok
    expect(page.get_by_test_id("seen-drawn")).to_be_visible()
    expect(page.get_by_test_id("seen-piece").first).to_have_attribute("aria-pressed", "false")
    settled(page)

    page.get_by_test_id("draw").click()
    sheet = page.get_by_test_id("seen-sheet").bounding_box()
    assert sheet
    page.mouse.move(sheet["x"] + 0.3 * sheet["width"], sheet["y"] + 0.1 * sheet["height"])
    page.mouse.down()
    page.mouse.move(sheet["x"] + 0.9 * sheet["width"], sheet["y"] + 0.6 * sheet["height"], steps=3)
    with page.expect_response("**/v1/search") as answered:
        page.mouse.up()
    assert answered.value.ok
    settled(page)
    page.get_by_test_id("seen-piece").click()
    expect(page.get_by_test_id("seen-drawn")).to_be_hidden()
    expect(page.get_by_test_id("result").first).to_have_attribute("data-sku", "RING-EMERALD-HALO-01")


def test_words_alone_find_pieces_and_what_nothing_fits_is_said(page: Page) -> None:
    page.get_by_test_id("words").fill("pearl earrings under 500")
    page.get_by_test_id("words").press("Enter")
    expect(page.get_by_role("heading", name="What you asked for, nearest first")).to_be_visible()
    expect(page.get_by_test_id("result").first).to_have_attribute("data-sku", re.compile("^EAR-PEARL"))
    page.get_by_test_id("words").fill("watch under 1")
    page.get_by_test_id("words").press("Enter")
    expect(page.get_by_test_id("no-fit")).to_be_visible()
    page.evaluate("location.hash = '#piece/WATCH-BLUE-02'")
    expect(page.get_by_test_id("piece-title")).to_be_visible()


def test_what_is_suggested_says_why_goes_when_it_is_not_wanted_and_all_is_forgotten_on_request(
    page: Page, emerald: Path
) -> None:
    about = page.locator("#for-you-about")
    expect(about).to_contain_text("What others look at")
    page.get_by_test_id("file-input").set_input_files(emerald)
    page.get_by_test_id("result").first.click()
    expect(about).to_have_text("Chosen by what you did here.")
    suggestion = page.get_by_test_id("suggestion").first
    expect(suggestion.get_by_test_id("reason")).not_to_be_empty()
    unwanted = suggestion.get_attribute("data-sku") or ""
    page.get_by_test_id("dismiss").first.click()
    expect(page.get_by_test_id("for-you-said")).to_contain_text("will not be suggested any more")
    expect(page.locator(f'[data-testid="suggestion"][data-sku="{unwanted}"]')).to_have_count(0)

    page.get_by_test_id("why").click()
    told = page.get_by_test_id("why-told").locator("li")
    expect(told.nth(0)).to_contain_text("not for me")
    expect(told.nth(1)).to_contain_text("opened Emerald halo ring")
    name = page.locator("#why-name").inner_text()
    page.get_by_test_id("forget").click()
    expect(page.get_by_test_id("for-you-said")).to_contain_text("Forgotten")
    expect(about).to_contain_text("What others look at")
    page.get_by_test_id("why").click()
    expect(told).to_have_text(["Nothing yet."])
    assert page.locator("#why-name").inner_text() != name
    page.keyboard.press("Escape")
    page.reload()
    expect(about).to_contain_text("What others look at")


def test_a_link_to_a_piece_is_opened_and_the_page_speaks_chinese(page: Page, local_stack: RunningStack) -> None:
    page.get_by_test_id("words").fill(f"{local_stack.address}/#piece/WATCH-BLUE-02")
    page.get_by_test_id("words").press("Enter")
    expect(page.get_by_test_id("piece-title")).to_be_visible()
    page.get_by_test_id("language").click()
    expect(page.get_by_role("link", name="返回")).to_be_visible()
    expect(page.get_by_role("heading", name="为您推荐")).to_be_visible()


@pytest.fixture
def before_a_camera(emerald: Path, tmp_path: Path, playwright: Playwright) -> Iterator[Browser]:
    """A browser whose camera films a piece of the shop."""
    film, frame = tmp_path / "film.mjpeg", io.BytesIO()
    Image.open(emerald).convert("RGB").resize((640, 480)).save(frame, "JPEG")
    film.write_bytes(frame.getvalue() * 2)
    faked = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    arguments = [*CHROMIUM_ARGUMENTS, *faked, f"--use-file-for-fake-video-capture={film}"]
    opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    yield opened
    opened.close()


def test_a_photo_is_taken_by_the_camera_of_a_computer_which_is_off_again_after(
    before_a_camera: Browser, local_stack: RunningStack
) -> None:
    with opened(before_a_camera, "desktop", local_stack.address) as page:
        page.get_by_test_id("film").click()
        page.get_by_test_id("film-take").click()
        expect(page.get_by_test_id("film-dialog")).to_be_hidden()
        expect(page.get_by_test_id("seen-piece").first).to_be_visible()
        assert page.evaluate("document.querySelector('#film-video').srcObject === null")
        page.get_by_test_id("film").click()
        expect(page.get_by_test_id("film-said")).to_contain_text("Hold the piece")
        track = page.evaluate_handle("document.querySelector('#film-video').srcObject.getTracks()[0]")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("film")).to_be_focused()
        assert track.evaluate("(one) => one.readyState") == "ended"
