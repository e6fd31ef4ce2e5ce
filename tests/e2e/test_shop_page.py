"""The merchant's page, in a real browser: what is in the shop, what was refused and why, imports, index, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from shared.contracts.messages import ImageIndexed, ImageRejected
from tests.support.browsing import SIZES, opened
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.importing import importing
from tests.support.upstreams import running_upstreams, served

REASON = "No piece is seen in the picture. Send one that shows it."


@dataclass(frozen=True)
class Merchant:
    stand: Stand
    address: str
    page: Page

    def uses(self, key: str) -> None:
        """The page asks for a key, or is asked to take another."""
        if not self.page.get_by_test_id("key-input").is_visible():
            self.page.get_by_test_id("use-key").click()
        self.page.get_by_test_id("key-input").fill(key)
        self.page.get_by_test_id("key-input").press("Enter")
        expect(self.page.get_by_test_id("who")).to_contain_text("Shop: shop")

    def key(self, *scopes: str) -> str:
        return self.stand.parts.api_keys.add("shop", "of a test", list(scopes)).key  # type: ignore[arg-type]


@pytest.fixture(params=SIZES)
def merchant(request: pytest.FixtureRequest, tmp_path: Path, browser: Browser) -> Iterator[Merchant]:
    """A shop with a piece that is found, one whose picture was refused, and one whose picture is on its way."""
    with (
        running_upstreams() as upstreams,
        running_gateway(tmp_path, upstreams) as stand,
        importing(stand),
        served(stand.service.http) as address,
    ):
        whose = {"tenant": "shop", "correlation_id": "c"}
        for number, sku in enumerate(("FOUND-1", "REFUSED-2", "WAITS-3")):
            stand.put_item(sku, title=f"Ring {number}", price=100 + number, currency="EUR", stock=number)
            image_id = stand.upload(sku, picture(number))
            told = whose | {"sku": sku, "image_id": image_id}
            if number == 0:
                stand.handle(ImageIndexed.model_validate(told | {"model_version": "model-1"}))
            if number == 1:
                stand.handle(ImageRejected.model_validate(told | {"code": "no-piece", "reason": REASON}))
        with opened(browser, request.param, f"{address}/shop") as page:
            yield Merchant(stand, address, page)


def test_a_merchant_sees_each_piece_with_its_pictures_and_why_one_was_refused(merchant: Merchant) -> None:
    merchant.uses(KEY)
    page = merchant.page
    rows = page.get_by_test_id("item")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("1 searchable")
    expect(rows.nth(0)).to_contain_text("sold out")
    expect(rows.nth(1)).to_contain_text("1 refused")
    expect(rows.nth(1)).to_contain_text(REASON)
    expect(rows.nth(2)).to_contain_text("1 on its way")
    page.get_by_test_id("state").select_option("rejected")
    expect(page.get_by_test_id("picture")).to_have_count(1)
    expect(page.get_by_test_id("picture")).to_contain_text(REASON)
    expect(page.get_by_test_id("figures")).to_contain_text(re.compile(r"pictures refused\s*1"))


def test_a_catalogue_is_imported_followed_to_its_end_and_what_was_wrong_can_be_had(
    merchant: Merchant, tmp_path: Path
) -> None:
    merchant.uses(KEY)
    page = merchant.page
    table = tmp_path / "spring <img src=x>.csv"
    table.write_text("sku,title,price\n" + "".join(f"NEW-{n},Ring {n},{n}\n" for n in range(60)) + "BAD-1,Ring,dear\n")
    page.get_by_test_id("import-file").set_input_files(table)
    page.get_by_test_id("import-start").click()
    listed = page.get_by_test_id("import")
    expect(listed).to_have_attribute("data-state", "done")
    expect(listed).to_contain_text("60 new")
    expect(listed).to_contain_text("1 refused")
    expect(listed).to_contain_text("spring <img src=x>.csv")
    expect(page.get_by_test_id("import-said")).to_contain_text("60 new")
    expect(page.get_by_test_id("figures")).to_contain_text(re.compile(r"pieces\s*63"))
    with page.expect_download() as saved:
        page.get_by_test_id("import-errors").click()
    assert "BAD-1" in saved.value.path().read_text()


def test_a_key_is_shown_once_works_and_ends_when_it_is_revoked(merchant: Merchant) -> None:
    merchant.uses(merchant.key("read", "admin"))
    page = merchant.page
    expect(page.get_by_test_id("scope-operator")).to_have_count(0)
    page.get_by_test_id("key-name").fill("web shop")
    page.get_by_test_id("scope-read").check()
    page.get_by_test_id("key-make").click()
    expect(page.get_by_test_id("key-made")).to_be_visible()
    made = page.get_by_test_id("key-shown").inner_text()
    as_made = {"Authorization": f"Bearer {made}"}
    assert httpx.get(f"{merchant.address}/v1/holder", headers=as_made).json()["scopes"] == ["read"]
    listed = page.get_by_test_id("key").filter(has_text="web shop")
    assert made not in listed.inner_text()
    listed.get_by_test_id("revoke").click()
    page.get_by_test_id("sure-yes").click()
    expect(listed).to_contain_text("revoked")
    page.reload()
    expect(page.get_by_test_id("key").first).to_be_visible()
    assert made not in page.content()


def test_what_a_key_may_not_do_is_not_offered(merchant: Merchant) -> None:
    merchant.uses(merchant.key("read"))
    page = merchant.page
    expect(page.get_by_test_id("who")).to_have_text("Shop: shop. You may look.")
    expect(page.get_by_text("This needs a key with the scope admin.")).to_be_visible()
    expect(page.get_by_test_id("index")).to_contain_text("operator")
    expect(page.get_by_test_id("key-name")).to_be_hidden()
    page.get_by_test_id("import-start").click()
    expect(page.get_by_test_id("key-input")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(["This needs a key with the scope write."])
    merchant.uses(KEY)
    expect(page.get_by_test_id("index")).not_to_contain_text("is told")


def test_the_page_speaks_chinese_too(merchant: Merchant) -> None:
    merchant.uses(KEY)
    merchant.page.get_by_test_id("language").click()
    expect(merchant.page.get_by_role("heading", level=1)).to_have_text("我的店铺")
    expect(merchant.page.get_by_test_id("item").nth(1)).to_contain_text("1 被拒")
