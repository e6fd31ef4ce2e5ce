"""Copies found, as shops see them: consent, the queue with both pictures, decisions, and the event of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from services.gateway.webhooks.tables import DeliveryRow
from shared.contracts.webhooks import WebhookIn
from shared.messaging.broker import holding
from tests.support.copying import Market, look
from tests.support.drawn_pieces import drawn_pieces, jpeg
from tests.support.gateway import OTHER_KEY, Stand
from tests.support.registering import House, running_house
from tests.support.shop_handling import news

RING = jpeg(drawn_pieces(1)[0])
AS_OTHER = {"Authorization": f"Bearer {OTHER_KEY}"}
CONSENT = "/v1/lookalikes/consent"


class Shops:
    """Two shops of one gateway: `shop`, whose key the client has, and `other`."""

    def __init__(self, house: House, market: Market) -> None:
        self.stand: Stand = house.stand
        self.client = house.client
        self.market = market

    def consent(self, said: bool = True) -> None:
        for headers in ({}, AS_OTHER):
            self.client.put(CONSENT, json={"consents": said}, headers=headers).raise_for_status()

    def copy(self) -> str:
        """The other shop shows a picture of this one; the id of what is found for this one."""
        for tenant, sku, headers in (("shop", "RING-1", {}), ("other", "R-77", AS_OTHER)):
            self.client.put(f"/v1/items/{sku}", json={"title": sku}, headers=headers).raise_for_status()
            sent = {"file": ("a.jpg", RING, "image/jpeg")}
            made = self.client.post(f"/v1/items/{sku}/images", files=sent, headers=headers).raise_for_status()
            self.market.show(tenant, sku, RING, look(1), image_id=made.json()["image_id"])
        self.market.settle()
        return str(self.listed()[0]["lookalike_id"])

    def listed(self, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            self.client.get("/v1/lookalikes", params=asked).raise_for_status().json()["lookalikes"]
        )
        return found

    def tell(self) -> None:
        """The gateway hears all that waits."""
        for one in self.market.alerts():
            self.stand.handle(one)


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Shops]:
    with running_house(tmp_path) as house:
        market = Market(f"sqlite:///{tmp_path}/authenticity.db", tmp_path / "objects")
        yield Shops(house, market)
        market.close()


def test_a_shop_consents_and_takes_it_back(shops: Shops) -> None:
    assert shops.client.get(CONSENT).json() == {"consents": False, "waiting": 0}
    said = shops.client.put(CONSENT, json={"consents": True}).raise_for_status().json()
    assert said["consents"]
    assert said["since"]
    assert shops.client.put(CONSENT, json={"consents": False}).json()["consents"] is False
    assert shops.client.put(CONSENT, json={"consents": "yes"}).status_code == 422


def test_the_queue_shows_both_pictures_and_takes_decisions(shops: Shops) -> None:
    shops.consent()
    known = shops.copy()
    (one,) = shops.listed(state="open")
    assert (one["degree"], one["own"]["sku"], one["other"]["shop"]) == ("same_picture", "RING-1", "other")
    for side in ("own", "other"):
        shown = TestClient(shops.stand.service.http).get(one[side]["image_url"]).raise_for_status()
        assert shown.headers["content-type"] == "image/jpeg", "an <img> has no key"
    assert "first" in one["words"]["en"]
    for verb, state in (("confirm", "confirmed"), ("dismiss", "dismissed"), ("allow", "allowed")):
        assert shops.client.post(f"/v1/lookalikes/{known}:{verb}").raise_for_status().json()["state"] == state
        assert [each["lookalike_id"] for each in shops.listed(state=state)] == [known]
        assert shops.listed(state="open") == []
    of_pictures = shops.client.get("/v1/lookalikes/thresholds").json()["thresholds"][0]
    assert (of_pictures["evidence"], of_pictures["right"], of_pictures["wrong"]) == ("picture", 1, 0)


def test_what_is_found_for_one_shop_is_not_there_for_another(shops: Shops) -> None:
    shops.consent()
    known = shops.copy()
    assert shops.client.get(f"/v1/lookalikes/{known}", headers=AS_OTHER).status_code == 404
    assert shops.client.post(f"/v1/lookalikes/{known}:dismiss", headers=AS_OTHER).status_code == 404
    assert shops.client.get(f"/v1/lookalikes/{known}").json()["state"] == "open"


def test_without_the_others_consent_nothing_is_there(shops: Shops) -> None:
    shops.consent()
    known = shops.copy()
    shops.client.put(CONSENT, json={"consents": False}, headers=AS_OTHER).raise_for_status()
    assert shops.listed() == []
    assert shops.client.get(f"/v1/lookalikes/{known}").status_code == 404


def test_shops_hear_of_it_by_queue_and_webhook_and_a_repeat_has_the_same_id(shops: Shops) -> None:
    shops.stand.parts.webhooks.add("shop", WebhookIn(url="https://shop.example/loupe", types={"loupe.lookalike.found"}))
    shops.consent()
    known = shops.copy()
    with holding() as said:
        shops.tell()
        shops.tell()
    assert {(one.name, one.tenant) for one in said} == {("lookalike.told", "shop"), ("lookalike.told", "other")}
    first, again = (one for one in news(shops.stand) if one["type"] == "loupe.lookalike.found")
    assert first["id"] == again["id"]
    assert first["data"]["lookalike_id"] == known
    assert first["data"]["degree"] == "same_picture"
    assert first["data"]["own"]["box"] == {"x0": 0.1, "y0": 0.1, "x1": 0.9, "y1": 0.9}
    with shops.stand.catalogue.read() as session:
        sent = session.scalars(select(DeliveryRow.event_type).where(DeliveryRow.tenant == "shop")).all()
    assert set(sent) == {"loupe.lookalike.found"}
