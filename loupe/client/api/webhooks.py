"""Webhooks of the shop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from loupe.client.calls import Call, Pages, answer, json_body, nothing, paged
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.webhooks import (
    Delivery,
    DeliveryDetail,
    DeliveryPage,
    DeliveryState,
    EventType,
    Webhook,
    WebhookIn,
    WebhookList,
    WebhookMade,
    WebhookPatch,
    WebhookSecret,
)


def add_webhook(url: str, types: Iterable[EventType | Literal["*"]], *, description: str = "") -> Call[WebhookMade]:
    """Have the events of these types posted to `url`. The `secret` is in this answer and never again."""
    body = json_body(WebhookIn(url=url, types=set(types), description=description))
    return Call("POST", "/v1/webhooks", answer(WebhookMade), body=body)


def webhooks() -> Call[list[Webhook]]:
    """All webhooks, in the order in which they were made."""
    return Call("GET", "/v1/webhooks", lambda response: answer(WebhookList)(response).webhooks)


def webhook(webhook_id: str) -> Call[Webhook]:
    """A webhook, and whether it is enabled."""
    return Call("GET", "/v1/webhooks/{webhook_id}", answer(Webhook), {"webhook_id": webhook_id})


def change_webhook(webhook_id: str, changes: WebhookPatch) -> Call[Webhook]:
    """Change what was given, or enable it again."""
    body = json_body(changes, exclude_unset=True)
    return Call("PATCH", "/v1/webhooks/{webhook_id}", answer(Webhook), {"webhook_id": webhook_id}, body=body)


def remove_webhook(webhook_id: str) -> Call[None]:
    """Remove a webhook with all that is on its way to it."""
    return Call("DELETE", "/v1/webhooks/{webhook_id}", nothing, {"webhook_id": webhook_id})


def new_webhook_secret(webhook_id: str) -> Call[WebhookSecret]:
    """Make a new secret. For a day deliveries are signed by the one before too."""
    return Call("POST", "/v1/webhooks/{webhook_id}/secret", answer(WebhookSecret), {"webhook_id": webhook_id})


def test_webhook(webhook_id: str) -> Call[Delivery]:
    """Have a test event sent, once; `delivery` tells what came of it."""
    return Call("POST", "/v1/webhooks/{webhook_id}/test", answer(Delivery), {"webhook_id": webhook_id})


def deliveries(webhook_id: str, *, state: DeliveryState | None = None, page: int = MAX_LIMIT) -> Pages[Delivery]:
    """What was sent in the last days, the newest first. `page`: how many are fetched at a time."""
    of = {"webhook_id": webhook_id}
    return paged(DeliveryPage, "deliveries", "/v1/webhooks/{webhook_id}/deliveries", page, of=of, state=state)


def delivery(webhook_id: str, delivery_id: str) -> Call[DeliveryDetail]:
    """What was sent, with its event."""
    of = {"webhook_id": webhook_id, "delivery_id": delivery_id}
    return Call("GET", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", answer(DeliveryDetail), of)


def redeliver(webhook_id: str, delivery_id: str) -> Call[Delivery]:
    """Send it again, whatever became of it."""
    of = {"webhook_id": webhook_id, "delivery_id": delivery_id}
    return Call("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}:redeliver", answer(Delivery), of)
