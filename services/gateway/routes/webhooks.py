"""Webhooks of the shop, for who administers it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from fastapi.openapi.models import Example

from services.gateway.access import Admin, Gateway, Parts, problems
from services.gateway.outward import AddressRefused
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.webhooks import (
    Delivery,
    DeliveryDetail,
    DeliveryId,
    DeliveryPage,
    DeliveryState,
    Webhook,
    WebhookId,
    WebhookIn,
    WebhookList,
    WebhookMade,
    WebhookPatch,
    WebhookSecret,
)
from shared.errors import InvalidInput

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
_NEW: dict[str, Example] = {
    "pictures": {
        "summary": "What becomes of pictures",
        "value": {
            "url": "https://shop.example/loupe-events",
            "types": ["loupe.image.indexed", "loupe.image.rejected"],
            "description": "stock system",
        },
    }
}
_ENABLED: dict[str, Example] = {"enabled": {"summary": "Begin anew after it was disabled", "value": {"enabled": True}}}


@router.post("", summary="Make a webhook", status_code=201, response_model_exclude_none=True, responses=problems(409))
async def post_webhook(
    body: Annotated[WebhookIn, Body(openapi_examples=_NEW)], caller: Admin, gateway: Gateway, response: Response
) -> WebhookMade:
    """From now on the events of these `types` are posted to `url`, signed by Standard Webhooks.

    `secret` is shown in this answer alone. A shop has up to 20 webhooks.
    """
    await _check(gateway, body.url)
    response.headers["Cache-Control"] = "no-store"
    made = await asyncio.to_thread(gateway.webhooks.add, caller.tenant, body)
    response.headers["Location"] = f"/v1/webhooks/{made.webhook_id}"
    return made


@router.get("", summary="All webhooks", response_model_exclude_none=True, responses=problems())
def get_webhooks(caller: Admin, gateway: Gateway) -> WebhookList:
    """In the order in which they were made, those that are disabled too."""
    return WebhookList(webhooks=gateway.webhooks.list(caller.tenant))


@router.get("/{webhook_id}", summary="A webhook", response_model_exclude_none=True, responses=problems(404))
def get_webhook(webhook_id: WebhookId, caller: Admin, gateway: Gateway) -> Webhook:
    return gateway.webhooks.get(caller.tenant, webhook_id)


@router.patch(
    "/{webhook_id}", summary="Change or enable a webhook", response_model_exclude_none=True, responses=problems(404)
)
async def patch_webhook(
    webhook_id: WebhookId,
    body: Annotated[WebhookPatch, Body(openapi_examples=_ENABLED)],
    caller: Admin,
    gateway: Gateway,
) -> Webhook:
    """What the body leaves out stays. Another `url` gets what is still on its way too.

    A webhook that is disabled gets nothing, and nothing is kept for it: what waited has failed, and can be sent again
    by `:redeliver` once the webhook is enabled.
    """
    if body.url:
        await _check(gateway, body.url)
    return await asyncio.to_thread(gateway.webhooks.change, caller.tenant, webhook_id, body)


@router.delete("/{webhook_id}", summary="Remove a webhook", status_code=204, responses=problems(404))
def delete_webhook(webhook_id: WebhookId, caller: Admin, gateway: Gateway) -> None:
    """With all that is on its way to it."""
    gateway.webhooks.remove(caller.tenant, webhook_id)


@router.post("/{webhook_id}/secret", summary="Make a new secret", responses=problems(404))
def post_secret(webhook_id: WebhookId, caller: Admin, gateway: Gateway, response: Response) -> WebhookSecret:
    """Shown in this answer alone. For 24 hours deliveries carry signatures by both, the new one and the one before."""
    response.headers["Cache-Control"] = "no-store"
    return gateway.webhooks.new_secret(caller.tenant, webhook_id)


@router.post(
    "/{webhook_id}/test",
    summary="Send a test event",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(404, 409),
)
def post_test(webhook_id: WebhookId, caller: Admin, gateway: Gateway, response: Response) -> Delivery:
    """An event of type `loupe.webhook.test`, whatever `types` the webhook has; tried once. `Location` tells what came
    of it."""
    delivery = gateway.deliveries.test(caller.tenant, webhook_id)
    response.headers["Location"] = _address(webhook_id, delivery)
    return delivery


@router.get(
    "/{webhook_id}/deliveries",
    summary="What was sent, newest first",
    response_model_exclude_none=True,
    responses=problems(400, 404),
)
def get_deliveries(
    webhook_id: WebhookId,
    caller: Admin,
    gateway: Gateway,
    state: DeliveryState | None = None,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> DeliveryPage:
    """Of the last seven days."""
    scope = ("deliveries", caller.tenant, webhook_id, state or "")
    before = int(gateway.signer.position(cursor, *scope)) if cursor else None
    found = gateway.deliveries.list(caller.tenant, webhook_id, state, before, limit + 1)
    more = gateway.signer.cursor(str(found[limit - 1][0]), *scope) if len(found) > limit else None
    return DeliveryPage(deliveries=[delivery for _, delivery in found[:limit]], next_cursor=more)


@router.get(
    "/{webhook_id}/deliveries/{delivery_id:before_verb}",
    summary="What was sent, with its event",
    response_model_exclude_none=True,
    responses=problems(404),
)
def get_delivery(webhook_id: WebhookId, delivery_id: DeliveryId, caller: Admin, gateway: Gateway) -> DeliveryDetail:
    return gateway.deliveries.get(caller.tenant, webhook_id, delivery_id)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}:redeliver",
    summary="Send it again",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(404, 409),
)
def post_redeliver(
    webhook_id: WebhookId, delivery_id: DeliveryId, caller: Admin, gateway: Gateway, response: Response
) -> Delivery:
    """At once, whatever became of it, with the same `webhook-id`; then as often as at first."""
    delivery = gateway.deliveries.redeliver(caller.tenant, webhook_id, delivery_id)
    response.headers["Location"] = _address(webhook_id, delivery)
    return delivery


async def _check(gateway: Parts, url: str) -> None:
    try:
        await gateway.outward.check(url)
    except AddressRefused as error:
        raise InvalidInput(error.detail, errors=[{"path": "body.url", "message": error.detail}]) from error


def _address(webhook_id: str, delivery: Delivery) -> str:
    return f"/v1/webhooks/{webhook_id}/deliveries/{delivery.delivery_id}"
