"""A piece in 3-D, in a real browser that draws it by the processor: nothing but the page's own origin is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, expect

from deploy.local.stack import SAMPLE
from lab.render.sample import MODELS
from lab.try_on import ARGUMENTS
from services.gateway.routes.page import FILES
from tests.support.gateway import running_gateway
from tests.support.upstreams import Upstreams, served
from tests.support.views import PATIENCE_MS, Watched

RING, BARE, BROKEN = MODELS[0], "RING-EMERALD-HALO-01", "BROKEN"
PIECES = {RING: f"/page/models/{RING}.glb", BARE: None, BROKEN: "/page/models/none.glb"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ExitStack() as stack:
        stand = stack.enter_context(running_gateway(tmp_path_factory.mktemp("3d"), Upstreams(), page_tenant="shop"))
        for sku, model in PIECES.items():
            stand.put_item(sku, title=f"<b>{sku}</b>", attributes={"type": "ring"}, model_url=model)
        stand.upload(RING, (SAMPLE / "pictures" / f"{RING}-1.jpg").read_bytes())
        yield stack.enter_context(served(stand.service.http))


@pytest.fixture(scope="module")
def drawing(playwright: Playwright) -> Iterator[Browser]:
    opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
    yield opened
    opened.close()


@pytest.fixture
def flat(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-3d-apis"]
    opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    yield opened
    opened.close()


def test_a_piece_with_a_model_is_turned_at_its_true_size_within_the_policy(drawing: Browser, address: str) -> None:
    watched = Watched(drawing, address, "phone")  # fewer pixels for a processor to draw
    page = watched.page
    page.goto(f"/in-3d?sku={RING}")
    expect(page.get_by_test_id("stage")).to_have_attribute("data-shown", "solid", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("title")).to_have_text(f"<b>{RING}</b>")
    expect(page.get_by_test_id("told")).to_contain_text("True to size: 20.8 ")
    before = page.get_by_test_id("viewer").evaluate("one => one.getCameraOrbit().theta")
    page.get_by_test_id("viewer").locator(".userInput").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("was => document.querySelector('model-viewer').getCameraOrbit().theta !== was", arg=before)
    with page.expect_download() as saved:
        page.get_by_test_id("save").click()
    assert saved.value.path().read_bytes() == (FILES / "models" / f"{RING}.glb").read_bytes()
    watched.close()


def test_a_piece_without_a_model_fetches_nothing_that_draws(drawing: Browser, address: str) -> None:
    watched = Watched(drawing, address)
    asked: list[str] = []
    watched.page.on("request", lambda one: asked.append(one.url))
    page = watched.open(f"/in-3d?sku={BARE}")
    expect(page.get_by_test_id("stage")).to_contain_text(f"There is no 3-D model of <b>{BARE}</b> yet.")
    expect(page.get_by_test_id("save")).to_be_hidden()
    assert not [url for url in asked if "model-viewer" in url or "glb" in url]
    watched.close()


def test_the_page_of_a_piece_leads_to_its_model_where_it_has_one(drawing: Browser, address: str) -> None:
    watched = Watched(drawing, address)
    for sku, model in PIECES.items():
        page = watched.open(f"/#piece/{sku}")
        expect(page.get_by_test_id("piece-title")).to_have_text(f"<b>{sku}</b>")
        expect(page.get_by_test_id("piece-solid")).to_be_visible(visible=model is not None)
    watched.close()


@pytest.mark.long
def test_a_model_that_is_not_there_is_told_and_tried_again(drawing: Browser, address: str) -> None:
    watched = Watched(drawing, address, "phone")
    page = watched.page
    page.goto(f"/in-3d?sku={BROKEN}")
    expect(page.get_by_test_id("error")).to_contain_text("The model cannot be shown", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("error").get_by_role("button", name="Try again")).to_be_visible()
    watched.close()


def test_a_browser_that_draws_no_3d_shows_the_picture_and_says_so(flat: Browser, address: str) -> None:
    watched = Watched(flat, address)
    page = watched.open(f"/in-3d?sku={RING}")
    expect(page.get_by_test_id("told")).to_contain_text("does not draw in 3-D")
    expect(page.get_by_test_id("stage").locator("img")).to_be_visible()
    watched.close()
