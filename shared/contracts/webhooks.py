"""Webhooks, as the public HTTP API makes and lists them, and the events that tell of webhooks themselves.

A webhook gets what the shop bus calls `out`: the same CloudEvents, each in the body of a POST that is signed by
Standard Webhooks (https://www.standardwebhooks.com).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.fields import Flag, Timestamp
from shared.contracts.shop import Outgoing

MAX_WEBHOOKS = 20
"""Of one shop."""

WebhookId = Annotated[str, StringConstraints(pattern=r"^wh_[0-9a-f]{24}$")]
DeliveryId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
"""The event's id, which is the header `webhook-id` too."""

WebhookUrl = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=2_048)]
EventType = Literal[
    "loupe.image.indexed",
    "loupe.image.rejected",
    "loupe.item.indexed",
    "loupe.item.rejected",
    "loupe.lookalike.found",
    "loupe.stock.alert",
    "loupe.suggestions.changed",
    "loupe.user.erased",
    "loupe.user.exported",
    "loupe.webhook.disabled",
]
OPT_IN = frozenset({"loupe.suggestions.changed"})
"""Types that `*` leaves out: who wants them names them."""

DeliveryState = Literal["waiting", "delivered", "failed"]
_Types = Annotated[set[EventType | Literal["*"]], Field(min_length=1)]


class WebhookIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: WebhookUrl = Field(
        description="Where events are sent: https, a public address, port 443 or 8000 to 9999.",
        examples=["https://shop.example/loupe-events"],
    )
    types: _Types = Field(
        description="The events to send. `*` stands for all of them but `loupe.suggestions.changed`.",
        examples=[["loupe.image.indexed", "loupe.image.rejected"]],
    )
    description: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        "", examples=["stock system"]
    )


class WebhookPatch(BaseModel):
    """What is absent stays as it is. `enabled: true` begins anew after a webhook was disabled."""

    model_config = ConfigDict(extra="forbid")

    url: WebhookUrl | None = None
    types: _Types | None = None
    description: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    enabled: Flag | None = Field(None, examples=[True])


class Webhook(BaseModel):
    """`failing_since`: every try since then failed. `disabled_reason` says why it gets nothing any more."""

    webhook_id: WebhookId
    url: str
    types: list[str]
    description: str
    enabled: bool
    disabled_at: Timestamp | None = None
    disabled_reason: str | None = None
    failing_since: Timestamp | None = None
    last_success_at: Timestamp | None = None
    created_at: Timestamp


class WebhookMade(Webhook):
    secret: str = Field(repr=False, description="What signatures are checked with, shown here and never again.")


class WebhookList(BaseModel):
    webhooks: list[Webhook]


class WebhookSecret(BaseModel):
    """Until `both_until` every delivery carries a signature by the secret before as well."""

    secret: str = Field(repr=False, description="What signatures are checked with, shown here and never again.")
    both_until: Timestamp


class Delivery(BaseModel):
    """An event on its way to a webhook. `status`, `response` (the first 1,024 bytes of the answer), `reason` and `ms`
    are of the last try."""

    delivery_id: DeliveryId
    type: str
    state: DeliveryState
    attempts: int
    created_at: Timestamp
    last_attempt_at: Timestamp | None = None
    next_attempt_at: Timestamp | None = None
    status: int | None = None
    reason: str | None = None
    response: str | None = None
    ms: int | None = None


class DeliveryDetail(Delivery):
    event: dict[str, Any] = Field(description="The CloudEvent as it is sent.")


class DeliveryPage(BaseModel):
    deliveries: list[Delivery]
    next_cursor: str | None = None


class WebhookDisabledData(Outgoing):
    """Loupe sends nothing to this webhook any more; `reason` says why and what to do."""

    event_type = "loupe.webhook.disabled"

    webhook_id: WebhookId
    description: str
    reason: str


class WebhookTestData(Outgoing):
    """An event that says nothing: it was asked for to see whether it arrives."""

    event_type = "loupe.webhook.test"

    webhook_id: WebhookId
