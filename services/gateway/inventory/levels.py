"""The stock of items as the ledger says it, taken over into the catalogue, whose way to the index it then goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.gateway.item_rows import changed
from services.gateway.outbox_keys import item_key, moved_key
from services.gateway.retelling import tell_again
from services.gateway.tables import OUTBOX, Item
from shared.contracts.api import ItemIn
from shared.contracts.stock import MAIN, ItemLevel, StockLevel, stock_of
from shared.database import Database
from shared.observability import logs

_ON_ITS_WAY = timedelta(minutes=2)


class Levels:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def take_over(self, message: StockLevel) -> None:
        """The ledger keeps the batch: what it says of the items is theirs, the highest `sequence` of each."""
        levels = {level.sku: level for level in message.levels}
        ours = select(Item).where(Item.tenant == message.tenant, Item.sku.in_(levels)).order_by(Item.sku)
        told = False
        with logs.bound(correlation_id=message.correlation_id), self._database.write() as session:
            for row in session.execute(ours.with_for_update()).scalars():
                told |= _take(session, row, levels[row.sku], message.batch_id)
            OUTBOX.close(session, moved_key(message.batch_id))
        if told:
            self._wake()


def give_up(session: Session, tenant: str, batch_id: str) -> None:
    """The ledger will never have the batch: what it says from now on is taken over again."""
    waiting = (Item.tenant == tenant, Item.stock_batch == batch_id)
    session.execute(update(Item).where(*waiting).values(stock_batch=None))


def _catch_up(session: Session, row: Item, heard: int) -> bool:
    """The inventory has not heard of what the item is since a while: brokers lose messages, and what closed this one in
    the outbox was the index. Whether it is told again."""
    if heard >= row.revision or row.updated_at > datetime.now(UTC) - _ON_ITS_WAY:
        return False
    return tell_again(session, row.tenant, row.sku)


def _take(session: Session, row: Item, level: ItemLevel, batch_id: str) -> bool:
    """Whether the index is to hear of it."""
    if level.sequence > row.level_sequence:
        row.level_sequence, row.level_on_hand = level.sequence, level.on_hand
        row.level_elsewhere = sum(pieces for place, pieces in level.locations.items() if place != MAIN)
    if row.stock_batch == batch_id:
        row.stock_batch = None
    stock = stock_of(row.level_on_hand)
    told = _catch_up(session, row, level.revision)
    if row.stock_batch is not None or row.removed or row.body.get("stock") == stock:
        return told
    item = ItemIn.model_validate(row.body | {"stock": stock})
    row.body = item.model_dump(mode="json", exclude_defaults=True)
    row.stock_told = True
    row.revision += 1
    row.updated_at = datetime.now(UTC)
    OUTBOX.add(session, item_key(row.tenant, row.sku, row.revision), changed(row, item))
    return True
