"""What a shop's event says of its stock, as movements. The same event has the same movements whenever it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

from shared.contracts.shop import OrderPlaced, OrderReturned, ShopEvent, StockChanged, StockCounted, StockReceived
from shared.contracts.stock import MAIN, Movement


def named(event: ShopEvent) -> str:
    """`source` and `id` together name an event. A hash: what a shop names things by may name people."""
    return f"event:{_hash(event.source, event.id)}"


def counted(event: ShopEvent, data: StockChanged | StockCounted) -> Movement:
    return Movement(
        id=named(event),
        sku=data.sku,
        kind="counted",
        quantity=data.quantity if isinstance(data, StockCounted) else data.stock,
        location=data.location or MAIN,
        occurred_at=data.at or datetime.now(UTC),
        reason=data.reason if isinstance(data, StockCounted) else None,
    )


def received(event: ShopEvent, data: StockReceived) -> Movement:
    return Movement(
        id=named(event),
        sku=data.sku,
        kind="received",
        quantity=data.quantity,
        location=data.location,
        occurred_at=data.at or datetime.now(UTC),
        unit_price=data.unit_cost,
        reason=data.reason,
    )


def of_order(event: ShopEvent, order: OrderPlaced | OrderReturned) -> list[Movement]:
    """One a line, in their order.

    An order is placed once, so its lines are known by its name, whichever event tells them; of what comes back there
    may be several events, each of other pieces. The order's name is not kept: a shop knows a person by it.
    """
    placed = isinstance(order, OrderPlaced)
    whole = ("order", order.order_id) if placed else ("returned", event.source, event.id)
    return [
        Movement(
            id=f"order:{_hash(*whole, line.sku, str(number))}",
            sku=line.sku,
            kind="sold" if placed else "returned",
            quantity=line.quantity,
            location=order.location,
            occurred_at=order.at,
            unit_price=line.price,
        )
        for line, number in zip(order.lines, _numbers(order), strict=True)
    ]


def _numbers(order: OrderPlaced | OrderReturned) -> Iterator[int]:
    """Of each line, the how many-eth of its item it is."""
    seen: Counter[str] = Counter()
    for line in order.lines:
        seen[line.sku] += 1
        yield seen[line.sku]


def _hash(*words: str) -> str:
    return sha256("\n".join(words).encode()).hexdigest()[:40]
