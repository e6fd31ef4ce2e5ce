"""What is done about rows: items are put, and each row's outcome is told by what that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.catalogue import Catalogue
from services.gateway.imports.tables import ImportedRow
from services.gateway.tables import Item
from shared.contracts.api import ItemPut
from shared.contracts.imports import RowOutcome
from shared.database import Database
from shared.errors import QuotaExceeded
from shared.imports.rows import Fault, Row

_AT_ONCE = 500


class _Undone(Exception):
    """Raised to take back what a dry run did."""


@dataclass(frozen=True)
class Taken:
    """By the numbers of rows what became of each, and why those are not taken that the shop has no room for."""

    outcomes: dict[int, RowOutcome] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)


class Items:
    """Puts the items of rows. Called within `Database.together`, outcomes are kept with what they tell of."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    def take(self, tenant: str, import_id: str, rows: Sequence[Row], *, dry_run: bool) -> Taken:
        """What became of each row. A dry run leaves the shop as it was."""
        taken = Taken({row.number: row.fault.outcome for row in rows if row.fault})
        outcomes = taken.outcomes
        items = [row for row in rows if row.item]
        try:
            with self._database.write() as session:
                for start in range(0, len(items), _AT_ONCE):
                    self._put(session, tenant, items[start : start + _AT_ONCE], taken)
                if dry_run:
                    raise _Undone
        except _Undone:
            pass
        followers = {row.number: row.goes_with for row in rows if row.goes_with and not row.fault}
        with self._database.write() as session:
            before = _kept(session, import_id, set(followers.values()) - outcomes.keys())
        outcomes.update({number: (outcomes | before).get(first, "unchanged") for number, first in followers.items()})
        return taken

    def _put(self, session: Session, tenant: str, rows: Sequence[Row], taken: Taken) -> None:
        skus = sorted({row.sku for row in rows})
        before = _revisions(session, tenant, skus, lock=True)
        said = [row for row in rows if not (row.bare and row.sku in before)]
        try:
            self._put_said(tenant, said)
        except QuotaExceeded:
            for row in said:
                try:
                    self._put_said(tenant, [row])
                except QuotaExceeded as full:
                    taken.faults[row.number] = Fault(full.detail)
        after = _revisions(session, tenant, skus)
        for row in rows:
            refused = row.number in taken.faults
            taken.outcomes[row.number] = "rejected" if refused else _outcome(before.get(row.sku), after[row.sku])

    def _put_said(self, tenant: str, rows: Sequence[Row]) -> None:
        if rows:
            self._catalogue.put_items(tenant, [ItemPut(sku=row.sku, **dict(row.item or ())) for row in rows])


def _outcome(before: int | None, after: int) -> RowOutcome:
    if before is None:
        return "imported"
    return "unchanged" if before == after else "updated"


def _revisions(session: Session, tenant: str, skus: Collection[str], *, lock: bool = False) -> dict[str, int]:
    """Of those that are in the shop."""
    query = select(Item.sku, Item.revision).where(Item.tenant == tenant, Item.sku.in_(skus), Item.removed.is_(False))
    if lock:
        query = query.order_by(Item.sku).with_for_update()
    return {row.sku: row.revision for row in session.execute(query)}


def _kept(session: Session, import_id: str, numbers: Iterable[int]) -> dict[int, RowOutcome]:
    query = select(ImportedRow.number, ImportedRow.outcome).where(
        ImportedRow.import_id == import_id, ImportedRow.number.in_(list(numbers))
    )
    return {row.number: cast("RowOutcome", row.outcome) for row in session.execute(query)}
