"""What a shop, a shopper or a file says is shown as it was said: never does the browser take it for markup.

The pages' own policy is off here, so that markup which got through would run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.stack import RunningStack
from tests.support.views import PATIENCE_MS, views
from tests.support.waiting import until

MARKUP = "<img src=x onerror=window.ran=1>"
SCRIPT = '"><script>window.ran=1</script><svg onload=window.ran=1>'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1"><script>window.ran=1</script></svg>'
ITEM = {
    "title": f"{MARKUP}{SCRIPT}",
    "description": f"</p>{SCRIPT}",
    "brand": MARKUP,
    "tags": [MARKUP, "javascript:window.ran=1"],
    "attributes": {"type": "ring", "metal": MARKUP, MARKUP: SCRIPT},
    "price": 12,
    "currency": "EUR",
    "stock": 3,
}


@pytest.fixture(scope="module")
def photo() -> bytes:
    return next((Path(__file__).parents[1] / "fixtures" / "query_photos").glob("RING-*.jpg")).read_bytes()


@pytest.fixture(scope="module")
def boards(local_stack: RunningStack, photo: bytes) -> Iterator[list[str]]:
    """The item is in the shop, and on a board: the views of the board."""
    with local_stack.api as api:
        sku = f"/v1/items/{quote(MARKUP, safe='')}"
        assert api.put(sku, json=ITEM).status_code in (200, 201)
        named = {"file": (f"{MARKUP}.jpg", photo, "image/jpeg")}
        status = api.post(f"{sku}/images", files=named).json()["status_url"]
        until(lambda: api.get(status).json()["state"] == "indexed", "the picture can be found", 120)
        entries = [{"sku": MARKUP, "note": SCRIPT}, {"words": MARKUP, "negative": True, "note": MARKUP}]
        board = api.post("/v1/boards", json={"title": f"{MARKUP}{SCRIPT}", "entries": entries}).json()
        shared = api.post(f"/v1/boards/{board['board_id']}:share").json()["share_url"]
        yield [f"/inspire#board/{board['board_id']}", shared]
        api.delete(f"/v1/boards/{board['board_id']}")
        api.delete(sku)


@pytest.fixture
def page(browser: Browser, local_stack: RunningStack) -> Iterator[Page]:
    context = browser.new_context(base_url=local_stack.address, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def assert_inert(page: Page, view: str) -> None:
    ran, handlers, scripts = page.evaluate(
        """() => {
          const told = (one) => [...one.attributes].some((attribute) => attribute.name.startsWith("on"));
          const own = (one) => new URL(one.src || "none:", location).pathname.startsWith("/page/");
          return [window.ran ?? null, [...document.querySelectorAll("*")].filter(told).length,
            [...document.scripts].filter((one) => !own(one)).length];
        }"""
    )
    assert (ran, handlers, scripts) == (None, 0, 0), view
    links = page.evaluate("[...document.links].map((one) => one.protocol)")
    assert set(links) <= {"http:", "blob:"}, view


def test_titles_skus_words_and_names_of_boards_are_text_in_every_view(page: Page, boards: list[str]) -> None:
    shown = 0
    for view in [*views(), f"/#piece/{quote(MARKUP, safe='')}", *boards]:
        page.goto("about:blank")
        page.goto(view)
        page.wait_for_load_state("networkidle")
        shown += page.get_by_text(MARKUP).count()
        assert_inert(page, view)
    assert shown > 4, "the words were there to be shown"


def test_what_a_search_finds_and_suggests_is_text(page: Page, boards: list[str], photo: bytes) -> None:
    page.goto("/")
    named = {"name": f"{MARKUP}.jpg", "mimeType": "image/jpeg", "buffer": photo}
    page.get_by_test_id("file-input").set_input_files(named)  # type: ignore[arg-type]
    found = page.locator('[data-testid="result"]:visible', has_text=MARKUP).first
    expect(found).to_be_visible(timeout=PATIENCE_MS)
    assert_inert(page, "found")
    found.click()
    expect(page.get_by_test_id("piece-title")).to_have_text(ITEM["title"], timeout=PATIENCE_MS)  # type: ignore[arg-type]
    page.get_by_test_id("like").click()
    expect(page.get_by_test_id("suggestion").filter(has_text=MARKUP).first).to_be_attached(timeout=PATIENCE_MS)
    assert_inert(page, "suggested")


def test_a_drawing_with_a_script_in_it_is_no_picture(page: Page, boards: list[str], local_stack: RunningStack) -> None:
    with local_stack.api as api:
        for name, kind in (("ring.svg", "image/svg+xml"), ("ring.jpg", "image/jpeg")):
            sent = api.post(f"/v1/items/{quote(MARKUP, safe='')}/images", files={"file": (name, SVG, kind)})
            assert sent.status_code == 415, sent.text
    page.goto("/")
    for name in ("ring.svg", f"{MARKUP}.svg"):
        drawn = {"name": name, "mimeType": "image/svg+xml", "buffer": SVG}
        page.get_by_test_id("file-input").set_input_files(drawn)  # type: ignore[arg-type]
        expect(page.get_by_test_id("error")).to_be_visible(timeout=PATIENCE_MS)
        assert_inert(page, name)


def test_names_of_files_are_text_wherever_one_is_chosen(page: Page, boards: list[str], photo: bytes) -> None:
    chosen = 0
    for view in [*views(), boards[0]]:
        page.goto("about:blank")
        page.goto(view)
        page.wait_for_load_state("networkidle")
        for field in page.locator('input[type="file"]').all():
            named = {"name": f"{MARKUP}.jpg", "mimeType": "image/jpeg", "buffer": photo}
            field.set_input_files(named)  # type: ignore[arg-type]
            chosen += 1
        page.wait_for_load_state("networkidle")
        assert_inert(page, view)
    assert chosen >= 3
