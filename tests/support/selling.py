"""What tests of the shop queue say and look for."""

from __future__ import annotations

import base64
from typing import Any

from prometheus_client import REGISTRY

from shared.contracts.messages import ImageIndexed, ImageStored
from tests.support.gateway import Stand
from tests.support.shops import Shop
from tests.support.waiting import until

CLICK = {"type": "clicked", "user_id": "anna", "sku": "RING-1", "at": "2026-05-01T12:00:00Z"}


def content(data: bytes) -> str:
    return base64.b64encode(data).decode()


def put_item(shop: Shop, tenant: str = "shop", **fields: Any) -> None:
    shop.tell(tenant, "shop.item.upserted", {"sku": "RING-1", "title": "A ring"} | fields)


def images_of(gateway: Stand, **more: Any) -> list[dict[str, Any]]:
    answer = gateway.client.get("/v1/items/RING-1", **more)
    return list(answer.json().get("images", []))


def stored(gateway: Stand) -> ImageStored:
    """The message of the one picture, once it is there."""
    found: list[ImageStored] = []

    def look() -> bool:
        found[:] = [message for message in gateway.waiting() if isinstance(message, ImageStored)]
        return len(found) == 1

    until(look, "the picture is stored")
    return found[0]


def indexed(message: ImageStored, **more: Any) -> ImageIndexed:
    return ImageIndexed(
        tenant=message.tenant,
        correlation_id=message.correlation_id,
        sku=message.sku,
        image_id=message.image_id,
        model_version="model-1",
        **more,
    )


def letters(shop: Shop, count: int = 1, tenant: str = "shop") -> list[dict[str, Any]]:
    until(lambda: len(shop.read(tenant, "dead")) >= count, f"{count} dead letters are there")
    return [event["data"] for event in shop.heard(tenant, "dead")]


def counted(kind: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("loupe_shop_events_total", {"type": kind, "outcome": outcome}) or 0.0
