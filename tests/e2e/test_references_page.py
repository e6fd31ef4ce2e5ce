"""The page of references, in a real browser: a piece registered step by step, photos held against it, and what is said.

What looks at pictures is a stand-in, as what is asked here is what a person sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from shared.pictures import strip
from tests.support.gateway import KEY
from tests.support.pictures import drawing
from tests.support.registering import DRAWN, House, running_house
from tests.support.upstreams import served

PATIENCE_MS = 60_000
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
PHOTO, SERIAL, DAMAGED = drawing(20), drawing(21), drawing(22)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("references")) as running:
        running.looking.unreadable.add(strip(DAMAGED))
        yield running


@pytest.fixture(params=list(SIZES))
def page(browser: Browser, house: House, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Nothing on it may fail silently, break its own policy, or be wider than the window."""
    context = browser.new_context(locale="en-GB", **SIZES[request.param])
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    with served(house.stand.service.http) as address:
        opened.goto(f"{address}/references")
        opened.get_by_test_id("key-input").fill(KEY)
        opened.get_by_test_id("key-input").press("Enter")
        yield opened
        assert fits(opened)
    context.close()
    assert wrong == []


def fits(page: Page) -> bool:
    assert page.viewport_size
    return int(page.evaluate("document.documentElement.scrollWidth")) <= page.viewport_size["width"]


def photo(data: bytes) -> FilePayload:
    return {"name": "photo.png", "mimeType": "image/png", "buffer": data}


def take(page: Page, data: bytes) -> None:
    page.get_by_test_id("step").get_by_test_id("take").set_input_files([photo(data)])


def registered(page: Page, title: str) -> Locator:
    """A piece with a picture of its front and one of its serial, registered as the page leads."""
    page.get_by_test_id("to-register").click()
    step = page.get_by_test_id("step")
    expect(step).to_contain_text("Photo 1 of 6")
    assert step.get_by_test_id("take").get_attribute("capture") == "environment", "a phone opens its camera"
    take(page, DRAWN)
    for view in ("side", "back", "hallmark"):
        expect(step.get_by_role("heading")).to_have_text(view)
        page.get_by_test_id("skip-view").click()
    expect(step.get_by_role("heading")).to_have_text("serial")
    take(page, SERIAL)
    page.get_by_test_id("skip-view").click()
    expect(step).to_contain_text("All photos are there")
    assert fits(page)
    page.get_by_test_id("name").fill(title)
    page.locator("[name=serial_text]").fill("A-1")
    page.get_by_test_id("save").click()
    done = page.get_by_test_id("registered")
    expect(done).to_contain_text(f"“{title}” is registered.")
    return done


def compare(page: Page, title: str, *photos: bytes) -> None:
    page.get_by_test_id("to-verify").click()
    page.get_by_test_id("claim").select_option(label=title)
    for one in photos:
        page.get_by_test_id("photos").set_input_files([photo(one)])
    expect(page.get_by_test_id("chosen").locator("img")).to_have_count(len(photos))
    page.get_by_test_id("compare").click()


def test_a_person_registers_a_piece_and_reads_what_a_photo_says_of_it(
    page: Page, house: House, request: pytest.FixtureRequest
) -> None:
    title = f"Halo ring of {request.node.callspec.id}"
    done = registered(page, title)
    expect(done).to_contain_text("Loupe has not examined the piece")
    missing = page.get_by_test_id("missing")
    expect(missing).to_contain_text("side: Add a picture of this view.")
    missing.locator("li", has_text="side:").get_by_test_id("take").set_input_files([photo(drawing(31))])
    expect(missing.locator("li", has_text="side:")).to_have_count(0)
    page.get_by_test_id("publish").click()
    assert str(page.get_by_test_id("public").get_attribute("href")).startswith("/public/references/")
    assert page.locator(".qr").evaluate("code => code.decode().then(() => code.naturalWidth)") > 0

    compare(page, title, PHOTO)
    expect(page.get_by_test_id("verdict-design")).to_contain_text("agrees")
    expect(page.get_by_test_id("verdict-design")).to_contain_text("> 99%")
    expect(page.get_by_test_id("verdict-piece")).to_contain_text("cannot tell")
    expect(page.get_by_test_id("not-claimed")).to_contain_text("A good copy looks the same")
    expect(page.get_by_test_id("helps")).to_contain_text("close-up of the serial")
    evidence = page.locator(".evidence img").first
    assert evidence.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    page.get_by_test_id("language").click()
    expect(page.get_by_test_id("verdict-design")).to_contain_text("一致")
    expect(page.get_by_test_id("sum")).to_contain_text("这些照片无法判断。")
    page.get_by_test_id("language").click()
    house.looking.how[strip(PHOTO)] = "unlike"
    page.get_by_test_id("compare").click()
    expect(page.get_by_test_id("verdict-design")).to_contain_text("differs")
    expect(page.get_by_test_id("result")).to_contain_text("The shape differs here.")
    house.looking.how.clear()


def test_the_registered_picture_itself_is_told_to_prove_nothing(page: Page, house: House) -> None:
    reference = house.register(title="A ring that is sent again")
    page.reload()
    compare(page, reference["title"], DRAWN)
    for name in ("design", "piece"):
        expect(page.get_by_test_id(f"verdict-{name}")).to_contain_text("cannot tell")
    expect(page.get_by_test_id("result")).to_contain_text("it shows nothing of a piece that somebody has")
    expect(page.get_by_test_id("helps")).to_contain_text("Take a new photo of the piece in your hand")


def test_what_goes_wrong_is_said_and_what_was_chosen_stays(page: Page, house: House) -> None:
    reference = house.register(title="A ring that is hard to see")
    page.reload()
    page.get_by_test_id("compare").click()
    expect(page.get_by_test_id("error")).to_contain_text("Choose a photo first.")
    compare(page, reference["title"], DAMAGED)
    expect(page.get_by_test_id("error")).to_contain_text("The picture is cut off")
    page.get_by_role("button", name="Remove photo 1").click()
    page.get_by_test_id("photos").set_input_files([photo(PHOTO)])
    page.context.set_offline(True)
    page.get_by_test_id("compare").click()
    expect(page.get_by_test_id("error")).to_contain_text("Loupe does not answer")
    page.context.set_offline(False)
    page.get_by_test_id("compare").click()
    expect(page.get_by_test_id("verdict-design")).to_contain_text("agrees")
    expect(page.get_by_test_id("error")).to_be_hidden()
