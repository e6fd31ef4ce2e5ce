"""The stock of items, told by itself: shops say it far more often than anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from services.gateway import writing
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

    def change(self, tenant: str, sku: str, stock: int | None, sequence: str | None = None) -> None:
        """The item has so many pieces; None: they are not counted. What is known already changes nothing.

        From now on who puts the item without a stock leaves it as it is. Raises `NotFound` when there is no such item,
        and `OutOfOrder` as `keep_order`.
        """

        def write(session: Session) -> bool:
            keep_order(session, tenant, sku, "stock", sequence)
            row = session.get(Item, (tenant, sku), with_for_update=True)
            if row is None or row.removed:
                raise no_item(sku)
            row.stock_told = True
            if row.body.get("stock") == stock:
                return False
            item = ItemIn.model_validate(row.body | {"stock": stock})
            row.body = item.model_dump(mode="json", exclude_defaults=True)
            row.revision += 1
            row.updated_at = datetime.now(UTC)
            OUTBOX.add(session, item_key(tenant, sku, row.revision), changed(row, item))
            return True

        if writing.write(self._database, write):
            self._wake()
