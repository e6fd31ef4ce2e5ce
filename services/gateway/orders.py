"""An order as what the shopper did with its items."""

from __future__ import annotations

import hashlib
from collections import Counter

from shared.contracts.shop import OrderPlaced, OrderReturned
from shared.contracts.user_events import UserEvent


def acts_of(order: OrderPlaced | OrderReturned) -> list[UserEvent]:
    """One event a line, in their order. The same line of the same order has the same id whenever it is told."""
    kind = "purchased" if isinstance(order, OrderPlaced) else "returned"
    known = order.user_id or order.session_id
    seen: Counter[str] = Counter()
    acts = []
    for line in order.lines:
        seen[line.sku] += 1
        acts.append(
            UserEvent(
                id=_act_id(order.order_id, kind, line.sku, seen[line.sku]),
                type=kind,
                user_id=order.user_id,
                session_id=order.session_id if known else visit_of(order.order_id),
                sku=line.sku,
                at=order.at,
            )
        )
    return acts


def visit_of(order_id: str) -> str:
    """The visit that an order of nobody known is. A visit's name has no slash, and an order's has no space."""
    return "order-" + order_id.replace("/", " ")


def _act_id(order_id: str, kind: str, sku: str, number: int) -> str:
    line = hashlib.sha256(f"{kind}\n{sku}\n{number}".encode()).hexdigest()[:16]
    return f"order:{order_id}:{line}"
