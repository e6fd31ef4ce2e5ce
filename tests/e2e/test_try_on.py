"""Try-on, in a real browser: a piece is worn on a photo, and nothing of the photo leaves the browser."""

from __future__ import annotations

import io
import json
import math
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import skimage
from fastapi import Request, Response
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, Playwright, expect

from deploy.local.stack import SAMPLE
from lab.try_on import ARGUMENTS, faces, rings
from lab.try_on.browser import looking_in
from services.embedder.cutout import CutOuts
from services.embedder.decoding import decode_here
from services.embedder.manifest import SHIPPED
from shared.observability.http import create_app
from tests.support.gateway import KEY, running_gateway
from tests.support.upstreams import Upstreams, served
from tests.support.views import SIZES

FACE = Path(skimage.__file__).parent / "data" / "astronaut.png"
"""A photograph by NASA of Eileen Collins, in the public domain, that scikit-image carries."""
PATIENCE_MS = 300_000
"""A look takes a second or two where the processor, which draws WebGL here, has nothing else to do."""
PIECES = {"EAR-AMETHYST-DROP-14": "earring", "RING-EMERALD-HALO-01": "ring", "NECK-RIVIERE-03": "necklace"}


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """With WebGL, which finds hands and faces, drawn by the processor."""
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
    with opened(browser, address, asked) as page:
        yield page


@contextmanager
def opened(browser: Browser, address: str, asked: list[str], size: str = "desktop") -> Iterator[Page]:
    """The page, listened to: it throws nothing and breaks no policy of its own."""
    context = browser.new_context(accept_downloads=True, viewport=SIZES[size])  # type: ignore[arg-type]  # a dict it is
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
    nothing_left(asked, address)


def nothing_left(asked: list[str], address: str) -> None:
    """Every request was for something of the page's own origin, and none brought anything there."""
    assert asked, "the page was listened to"
    assert {one.split()[0] for one in asked} == {"GET"}
    assert {one.split()[2] for one in asked} == {"0"}
    for one in asked:
        assert one.split()[1].startswith((f"{address}/", "blob:", "data:")), one


@pytest.fixture
def before_a_camera(playwright: Playwright, tmp_path: Path) -> Iterator[Browser]:
    """A browser whose camera films her face, which draws nearer and goes again."""
    film = tmp_path / "film.mjpeg"
    face = Image.open(FACE).convert("RGB")
    with film.open("wb") as file:
        for near in (0, 4, 8, 12, 8, 4):
            shown = face.crop((97 + near, near, 357 - near, 260 - near)).resize((640, 640))
            packed = io.BytesIO()
            shown.save(packed, "JPEG", quality=92)
            file.write(packed.getvalue())
    filming = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=[*ARGUMENTS, *filming, f"--use-file-for-fake-video-capture={film}"],
    )
    yield browser
    browser.close()


def test_earrings_follow_a_face_before_the_camera_of_which_nothing_is_sent(
    before_a_camera: Browser, address: str, asked: list[str]
) -> None:
    with opened(before_a_camera, address, asked) as page:
        page.locator('[data-sku="EAR-AMETHYST-DROP-14"]').click()
        page.get_by_test_id("camera").click()
        expect(page.locator('#stage[data-looked="placed"]')).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_test_id("hold").click()
        expect(page.get_by_test_id("camera")).to_have_text("Use the camera")
        expect(page.get_by_test_id("told")).to_have_text("On you.")
        worn = saved(page)
        width, height = worn.size
        purple = worn.resize((64, 64)).convert("HSV").split()[0].point(lambda hue: 255 if 185 < hue < 225 else 0)
        assert width == height, "as the camera films"
        assert purple.crop((4, 26, 24, 60)).getbbox(), "an amethyst beside her face"
        assert purple.crop((40, 26, 60, 60)).getbbox(), "and one on its other side"
        assert page.evaluate("document.querySelector('video') === null"), "the film itself is not shown"
    nothing_left(asked, address)


def test_earrings_hang_within_a_tenth_of_the_face_of_the_lobes_that_were_marked_by_hand(
    browser: Browser,
) -> None:
    mark = next(one for one in json.loads(faces.MARKS.read_text()) if one["picture"] == FACE.name)
    left, top = mark["crop"][:2]
    with looking_in(browser) as look:
        (found,) = look(Image.open(FACE).convert("RGB").crop(mark["crop"]), "face")["found"]
    places = [(ear["x"] + left, ear["y"] + top) for ear in found["ears"]]
    assert len(places) == len(mark["ears"])
    for place, lobe in zip(places, mark["ears"], strict=True):
        assert math.dist(place, lobe) < rings.NEAR * found["wide"]


def test_a_piece_is_tried_on_from_where_it_is_looked_at(browser: Browser, address: str, asked: list[str]) -> None:
    with opened(browser, address, asked) as page:
        page.goto(f"{address}/#piece/RING-EMERALD-HALO-01")
        page.get_by_test_id("piece-try").click(timeout=PATIENCE_MS)
        expect(page.locator('[data-sku="RING-EMERALD-HALO-01"]')).to_have_attribute(
            "aria-pressed", "true", timeout=PATIENCE_MS
        )
        expect(page.get_by_test_id("kind")).to_have_value("ring")


def test_on_a_phone_pieces_of_a_kind_are_listed_and_one_is_tried_on_without_scrolling_sideways(
    browser: Browser, address: str, asked: list[str]
) -> None:
    with opened(browser, address, asked, "phone") as page:
        page.get_by_role("button", name="Earrings").click()
        expect(page.get_by_test_id("choice")).to_have_count(1)
        expect(page.get_by_test_id("choice")).to_have_attribute("data-sku", "EAR-AMETHYST-DROP-14")
        page.get_by_test_id("choice").click()
        expect(page.get_by_test_id("told")).to_have_text("Now choose a photo, or use the camera.")
        expect(page.get_by_test_id("told")).to_be_in_viewport()
        page.get_by_test_id("photo").set_input_files(FACE)
        expect(page.get_by_test_id("told")).to_have_text("On you.", timeout=PATIENCE_MS)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Watches").click()
        expect(page.get_by_text("nothing of that kind yet: Watch")).to_be_visible()


def saved_bare(photo: Path) -> Image.Image:
    return Image.open(photo).convert("RGB")


def test_nothing_that_finds_hands_and_faces_is_fetched_before_somebody_begins(page: Page, asked: list[str]) -> None:
    expect(page.get_by_test_id("promise")).to_contain_text("nothing of it is sent")
    assert not [one for one in asked if "/vendor/" in one]


def test_where_no_hand_is_seen_the_ring_is_put_by_hand_and_by_keys(page: Page) -> None:
    page.get_by_test_id("photo").set_input_files(FACE)
    expect(page.get_by_test_id("told")).to_have_text("Now choose a piece below.", timeout=PATIENCE_MS)
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
