"""The stock of items, told by itself: shops say it far more often than anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from services.gateway import writing
from services.gateway.inventory.telling import Told
from services.gateway.item_rows import changed, no_item
from services.gateway.outbox_keys import item_key
from services.gateway.sequences import keep_order
from services.gateway.tables import OUTBOX, Item
from shared.contracts.api import ItemIn
from shared.database import Database


class Stock:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def change(
        self,
        tenant: str,
        sku: str,
        stock: int | None,
        sequence: str | None = None,
        at: datetime | None = None,
        name: str | None = None,
    ) -> None:
        """The item has so many pieces in all; None: they are not counted. What is known already changes nothing.

        It holds at once, and goes to the ledger as a count `at` that time, under the `name`; where the shop told the
        stock of a later time before, it only goes to the ledger. From now on who puts the item without a stock leaves
        it as it is. Raises `NotFound` when there is no such item, and `OutOfOrder` as `keep_order`.
        """

        def write(session: Session) -> bool:
            keep_order(session, tenant, sku, "stock", sequence)
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                raise no_item(sku)
            row.stock_told = True
            if row.body.get("stock") == stock:
                return False
            moment = min(at or datetime.now(UTC), datetime.now(UTC))
            newest = row.stock_at is None or row.stock_at <= moment
            moved = Told(tenant)
            moved.count(row, stock, moment, name, holds=newest)
            if newest:
                item = ItemIn.model_validate(row.body | {"stock": stock})
                row.body = item.model_dump(mode="json", exclude_defaults=True)
                row.revision += 1
                row.updated_at = datetime.now(UTC)
                OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, item))
            OUTBOX.add_all(session, moved.messages())
            return True

        if writing.write(self._database, write):
            self._wake()
