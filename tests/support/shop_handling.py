"""What a gateway does about a shop's event, handed to it without a bus, and what it then has to tell."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from services.gateway.shop_events import Outcome, ShopEvents
from services.gateway.tables import ShopNews
from shared.contracts import shop
from shared.contracts.messages import ItemChanged, UserEvents
from shared.contracts.user_events import UserEvent
from tests.support.gateway import Stand

AT = "2026-05-01T12:00:00Z"


def handle(stand: Stand, kind: str, data: object, tenant: str = "shop", **attributes: Any) -> Outcome:
    """Handle an event of a shop."""
    event = {"specversion": "1.0", "id": uuid4().hex, "source": "/shop", "type": kind, "data": data} | attributes
    parts = stand.parts
    events = ShopEvents.of(parts)
    return events.handle(tenant, shop.parse(json.dumps(event).encode()))


def acts(stand: Stand) -> list[UserEvent]:
    """What waits for the recommender."""
    return [event for told in stand.waiting() if isinstance(told, UserEvents) for event in told.events]


def changes(stand: Stand) -> list[ItemChanged]:
    """What waits for the index."""
    return [told for told in stand.waiting() if isinstance(told, ItemChanged)]


def news(stand: Stand, tenant: str = "shop") -> list[dict[str, Any]]:
    """What waits for a shop, oldest first."""
    with stand.catalogue.read() as session:
        rows = session.scalars(select(ShopNews).where(ShopNews.tenant == tenant).order_by(ShopNews.id)).all()
    return [json.loads(row.event) for row in rows]
