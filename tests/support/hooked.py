"""A shop's webhooks at a gateway that sends."""

from __future__ import annotations

from typing import Any

from shared.contracts.messages import ImageRejected
from tests.support.gateway import Stand, picture
from tests.support.receiving import settled

ALLOWED = ["127.0.0.0/8"]
OF_PICTURES = ("loupe.image.indexed", "loupe.image.rejected")


def admin_and_writer(stand: Stand) -> dict[str, str]:
    key = stand.parts.api_keys.add("shop", "all", ["admin", "read", "write"]).key
    return {"Authorization": f"Bearer {key}"}


def made(gateway: Stand, url: str, *types: str, **more: Any) -> dict[str, Any]:
    body = {"url": url, "types": list(types or OF_PICTURES)}
    answer = gateway.client.post("/v1/webhooks", json=body, **more)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


def shown(gateway: Stand, webhook: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = gateway.client.get(f"/v1/webhooks/{webhook['webhook_id']}").json()
    return body


def deliveries(gateway: Stand, webhook: dict[str, Any], state: str, count: int = 1) -> list[dict[str, Any]]:
    header = {"Authorization": str(gateway.client.headers["Authorization"])}
    return settled(gateway, webhook["webhook_id"], header, state, count)


def happen(gateway: Stand, number: int = 0) -> str:
    """Something that a webhook hears of: a picture is rejected. Its id."""
    gateway.put_item()
    image_id = gateway.upload("RING-1", picture(number))
    gateway.handle(
        ImageRejected(
            tenant="shop", correlation_id="corr-1", sku="RING-1", image_id=image_id, code="damaged", reason="Cut off."
        )
    )
    return image_id
