"""The map in a browser, over the running stack: it stays right as the catalogue changes under it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.stack import RunningStack
from tests.support.views import PATIENCE_MS, Watched
from tests.support.waiting import until

LOOKS_AGAIN_MS = 20_000


def test_an_open_map_gains_what_came_to_the_shop_and_loses_what_left(
    browser: Browser, local_stack: RunningStack, query_photos: list[Path]
) -> None:
    watched = Watched(browser, local_stack.address)
    page = watched.page
    page.clock.install()
    page.goto("/inspire#map")
    count = page.get_by_test_id("map-count")
    expect(count).to_have_text("120 pieces", timeout=PATIENCE_MS)

    def shows(told: str) -> bool:
        page.clock.fast_forward(LOOKS_AGAIN_MS)
        return count.inner_text() == told

    with local_stack.api as api:
        api.put("/v1/items/MAP-NEW", json={"title": "New on the map"})
        sent = api.post(
            "/v1/items/MAP-NEW/images", files={"file": ("new.jpg", query_photos[0].read_bytes(), "image/jpeg")}
        )
        try:
            status = sent.json()["status_url"]
            until(lambda: api.get(status).json()["state"] == "indexed", "the picture can be found", 120)
            until(lambda: shows("121 pieces"), "the new piece is on the map", 60)
        finally:
            api.delete("/v1/items/MAP-NEW")
        until(lambda: shows("120 pieces"), "the piece that left is not", 60)
    watched.close()
