"""What the page shows when the piece is not in the shop, with the gateway's two upstreams at their contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from shared.contracts.internal import HitList
from shared.contracts.messages import UserEvents
from tests.support.gateway import Stand, picture, running_gateway
from tests.support.upstreams import hit, running_upstreams, served
from tests.support.waiting import until

PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Shop:
    stand: Stand
    address: str
    photo: Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams, page_tenant="shop") as stand:
        hits = []
        for number in (1, 2):
            stand.put_item(f"P-{number}")
            hits.append(hit(f"P-{number}", stand.upload(f"P-{number}", picture(number))))
        upstreams.hits = HitList(hits=hits, no_match=True)
        (tmp_path / "photo.jpg").write_bytes(picture(9))
        with served(stand.service.http) as address:
            yield Shop(stand, address, tmp_path / "photo.jpg")


def test_the_nearest_show_under_a_line_that_none_is_the_piece(shop: Shop, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(shop.address)
    page.get_by_test_id("file-input").set_input_files(shop.photo)
    expect(page.get_by_test_id("no-match")).to_be_visible(timeout=PATIENCE_MS)
    results = page.get_by_test_id("result")
    expect(results).to_have_count(2, timeout=PATIENCE_MS)
    results.nth(1).click()
    expect(page.get_by_test_id("piece-title")).to_be_visible(timeout=PATIENCE_MS)

    def clicks() -> list[UserEvents]:
        return [message for message in shop.stand.waiting() if isinstance(message, UserEvents)]

    until(lambda: len(clicks()) == 1, "the click was told")
    (click,) = clicks()[0].events
    assert (click.sku, click.position) == ("P-2", 1)
    assert click.search_id, "the list in which it was seen is named"
    page.close()
