"""Try-on, in a real browser: a piece is worn on a photo, and nothing of the photo leaves the browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import skimage
from fastapi import Request, Response
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deploy.local.stack import SAMPLE
from lab.try_on import ARGUMENTS
from services.embedder.cutout import CutOuts
from services.embedder.decoding import decode_here
from services.embedder.manifest import SHIPPED
from shared.observability.http import create_app
from tests.support.gateway import KEY, Upstreams, running_gateway, served

FACE = Path(skimage.__file__).parent / "data" / "astronaut.png"
"""A photograph by NASA of Eileen Collins, in the public domain, that scikit-image carries."""
PATIENCE_MS = 300_000
"""A look takes a second or two where the processor, which draws WebGL here, has nothing else to do."""
PIECES = {"EAR-AMETHYST-DROP-14": "earring", "RING-EMERALD-HALO-01": "ring", "NECK-RIVIERE-03": "necklace"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """With WebGL, which finds hands and faces, drawn by the processor."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    cut_out = CutOuts(SHIPPED, decode_here)
    embedder = create_app("embedder", {})

    @embedder.post("/cutout")
    async def post_cutout(request: Request) -> Response:
        return Response(cut_out(await request.body()), media_type="image/png")

    with ExitStack() as stack:
        upstreams = Upstreams(embedder_url=stack.enter_context(served(embedder)))
        folder = tmp_path_factory.mktemp("try-on")
        stand = stack.enter_context(running_gateway(folder, upstreams, page_tenant="shop"))
        for sku, kind in PIECES.items():
            stand.put_item(sku, title=f"<b>{sku}</b>", attributes={"type": kind})
            stand.upload(sku, (SAMPLE / "pictures" / f"{sku}-1.jpg").read_bytes())
        yield stack.enter_context(served(stand.service.http))


@pytest.fixture
def asked() -> list[str]:
    """Method, address and how much was sent with it, of all that the page asks for."""
    return []


@pytest.fixture
def page(browser: Browser, address: str, asked: list[str]) -> Iterator[Page]:
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
    page.on("request", lambda one: asked.append(f"{one.method} {one.url} {len(one.post_data_buffer or b'')}"))
    page.goto(f"{address}/try-on")
    expect(page.get_by_test_id("choice")).to_have_count(len(PIECES))
    yield page
    context.close()
    assert faults == []


def wear(page: Page, sku: str) -> None:
    page.locator(f'[data-sku="{sku}"]').click()
    expect(page.locator('#stage[data-looked]:not([data-looked="looking"])')).to_be_visible(timeout=PATIENCE_MS)


def saved(page: Page) -> Image.Image:
    with page.expect_download() as download:
        page.get_by_test_id("save").click()
    return Image.open(download.value.path()).convert("RGB")


def test_earrings_hang_at_both_ears_of_a_photo_of_which_nothing_is_sent(
    page: Page, address: str, asked: list[str]
) -> None:
    page.get_by_test_id("photo").set_input_files(FACE)
    expect(page.get_by_test_id("picture")).to_be_visible()
    bare = saved_bare(FACE)
    wear(page, "EAR-AMETHYST-DROP-14")
    expect(page.get_by_test_id("told")).to_have_text("On you.")
    expect(page.get_by_test_id("scale")).to_contain_text("usual size")
    changed = ImageChops.difference(saved(page), bare).convert("L").point(lambda level: 255 if level > 60 else 0)
    left, right = changed.crop((150, 100, 227, 220)).getbbox(), changed.crop((227, 100, 330, 220)).getbbox()
    assert left, "at the ear on the left of the picture"
    assert right, "and on its right"
    assert left[2] + 150 < 190, "beside the face, not on it"
    assert right[0] + 227 > 250
    assert asked, "the page was listened to"
    assert {one.split()[0] for one in asked} == {"GET"}
    assert {one.split()[2] for one in asked} == {"0"}
    for one in asked:
        assert one.split()[1].startswith((f"{address}/", "blob:", "data:")), one


def saved_bare(photo: Path) -> Image.Image:
    return Image.open(photo).convert("RGB")


def test_nothing_that_finds_hands_and_faces_is_fetched_before_somebody_begins(page: Page, asked: list[str]) -> None:
    expect(page.get_by_test_id("promise")).to_contain_text("nothing of it is sent")
    assert not [one for one in asked if "/vendor/" in one]


def test_where_no_hand_is_seen_the_ring_is_put_by_hand_and_by_keys(page: Page) -> None:
    page.get_by_test_id("photo").set_input_files(FACE)
    wear(page, "RING-EMERALD-HALO-01")
    expect(page.get_by_test_id("told")).to_contain_text("No hand was found")
    before = saved(page)
    page.get_by_test_id("picture").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    assert ImageChops.difference(saved(page), before).getbbox()
    page.get_by_test_id("anew").click()
    assert not ImageChops.difference(saved(page), before).point(lambda level: 255 if level > 40 else 0).getbbox()


def test_it_speaks_chinese_too(page: Page) -> None:
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="试戴").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh")


def test_a_photo_that_the_browser_cannot_show_is_told_as_such(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page.get_by_test_id("photo").set_input_files(broken)
    expect(page.get_by_test_id("error")).to_contain_text("cannot show that photo")


def test_where_the_page_has_no_shop_a_key_opens_it(browser: Browser, tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand, served(stand.service.http) as address:
        page = browser.new_page()
        page.goto(f"{address}/try-on")
        page.get_by_test_id("key-input").fill(KEY, timeout=PATIENCE_MS)
        page.get_by_role("button", name="Open the shop").click()
        expect(page.get_by_text("nothing to try on yet")).to_be_visible(timeout=PATIENCE_MS)
        page.close()
