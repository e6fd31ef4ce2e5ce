"""Lines that an item's stock can cross: who hears of it hears once a crossing, not once an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from services.inventory.ledger import Item, Key
from services.inventory.tables import OUTBOX, AlertState, ItemRow
from shared.contracts.stock import AlertKind, AlertTold, StockAlert
from shared.database import Database
from shared.observability import logs


def alert_key(alert_id: str) -> str:
    """By which the alert is in the outbox."""
    return f"stock.alert:{alert_id}"


@dataclass(frozen=True, slots=True)
class Side:
    """On which side of a line an item is, `beyond` it or not; `why` says it with its numbers, for the alert."""

    beyond: bool
    on_hand: int | None
    why: str


def tell_emptied_and_filled(session: Session, items: Mapping[Key, Item], caused_by: Mapping[Key, str]) -> int:
    """Alerts of the items that were just recorded, whose last piece went or that have some again; how many.

    `caused_by`: by item the correlation id of what moved it.
    """
    crossed: list[tuple[Key, AlertKind, Item]] = []
    for key, item in items.items():
        had, has = (item.before or 0) > 0, (item.on_hand or 0) > 0
        if had and not has and item.on_hand is not None:
            crossed.append((key, "out-of-stock", item))
        elif has and not had and item.before is not None:
            crossed.append((key, "back-in-stock", item))
    if not crossed:
        return 0
    keys = [key for key, _, _ in crossed]
    gone = select(ItemRow.tenant, ItemRow.sku).where(tuple_(ItemRow.tenant, ItemRow.sku).in_(keys), ItemRow.removed)
    removed = {(tenant, sku) for tenant, sku in session.execute(gone.where(ItemRow.revision > 0))}
    told = [one for one in crossed if one[0] not in removed]
    for (tenant, sku), kind, item in told:
        with logs.bound(correlation_id=caused_by[tenant, sku]):
            _tell(session, tenant, sku, kind, item.on_hand, f"on hand: {item.before} before, {item.on_hand} now")
    return len(told)


def cross(session: Session, tenant: str, kind: AlertKind, sides: Mapping[str, Side]) -> int:
    """Note on which side of the line `kind` each of these items is, and tell those that went beyond it; how many.

    An item of which nothing was noted before was not beyond it.
    """
    skus = sorted(sides)
    ours = (AlertState.tenant == tenant, AlertState.kind == kind, AlertState.sku.in_(skus))
    known = {
        row.sku: row.beyond
        for row in session.execute(select(AlertState).where(*ours).order_by(AlertState.sku).with_for_update()).scalars()
    }
    now, told = datetime.now(UTC).replace(tzinfo=None), 0
    for sku in skus:
        side = sides[sku]
        if known.get(sku, False) == side.beyond:
            continue
        if sku in known:
            which = (AlertState.tenant == tenant, AlertState.kind == kind, AlertState.sku == sku)
            session.execute(update(AlertState).where(*which).values(beyond=side.beyond, since=now))
        else:
            session.add(AlertState(tenant=tenant, sku=sku, kind=kind, beyond=side.beyond, since=now))
        if side.beyond:
            _tell(session, tenant, sku, kind, side.on_hand, side.why)
            told += 1
    return told


class AlertsTold:
    """Takes what the gateway answers to an alert."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, message: AlertTold) -> None:
        with self._database.write() as session:
            OUTBOX.close(session, alert_key(message.alert_id))


def _tell(session: Session, tenant: str, sku: str, kind: AlertKind, on_hand: int | None, why: str) -> None:
    alert = StockAlert(
        tenant=tenant,
        correlation_id=logs.correlation_id(),
        alert_id=uuid4().hex,
        sku=sku,
        kind=kind,
        on_hand=on_hand,
        why=why,
        crossed_at=datetime.now(UTC),
    )
    OUTBOX.add(session, alert_key(alert.alert_id), alert)
