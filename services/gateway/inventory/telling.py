"""Movements on their way to the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import uuid4

from services.gateway.outbox_keys import moved_key
from services.gateway.tables import Item
from shared.contracts.messages import Message
from shared.contracts.stock import MAIN, Movement, StockMoved
from shared.observability import logs

_A_MESSAGE = 100
"""So that a bundle of messages is recorded within a second or two."""


class Told:
    """Movements of one request, for the outbox of the transaction in which they are accepted."""

    def __init__(self, tenant: str, movements: Iterable[Movement] = ()) -> None:
        self._tenant = tenant
        self._batches: list[tuple[str, list[Movement]]] = []
        for movement in movements:
            self.add(movement)

    def add(self, movement: Movement) -> str:
        """The id of the batch that it is told in."""
        if not self._batches or len(self._batches[-1][1]) == _A_MESSAGE:
            self._batches.append((str(uuid4()), []))
        batch_id, movements = self._batches[-1]
        movements.append(movement)
        return batch_id

    def count(
        self,
        row: Item,
        stock: int | None,
        at: datetime | None = None,
        name: str | None = None,
        *,
        holds: bool = True,
    ) -> None:
        """The item has `stock` pieces in all: those that lie elsewhere are not at `main`.

        `holds`: its row says so already. Until the ledger has it, what it says of the time before is not taken over.
        """
        moment = at or datetime.now(UTC)
        here = None if stock is None else max(0, stock - (row.level_elsewhere or 0))
        batch_id = self.add(
            Movement(
                id=name or f"item:{uuid4().hex}",
                sku=row.sku,
                kind="counted",
                quantity=here,
                location=MAIN,
                occurred_at=moment,
            )
        )
        if holds:
            row.stock_at, row.stock_batch = moment, batch_id

    def messages(self) -> dict[str, Message]:
        """By their keys in the outbox."""
        return {
            moved_key(batch_id): StockMoved(
                tenant=self._tenant, correlation_id=logs.correlation_id(), batch_id=batch_id, movements=movements
            )
            for batch_id, movements in self._batches
        }
