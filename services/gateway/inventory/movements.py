"""Movements that the shop tells: accepted into the outbox, each of an item that the shop has or had."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.gateway.inventory.telling import Told
from services.gateway.tables import OUTBOX, Item
from shared.contracts.stock import Movement
from shared.database import Database
from shared.errors import Retryable

_AT_ONCE = 1_000
_PAUSE_SECONDS = 5.0
_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class Movements:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def accept(self, tenant: str, movements: Sequence[Movement], *, whole: bool = False) -> list[int]:
        """Keep movements for the ledger, but for those of items that the shop never had: returns their places.

        `whole`: all of them or none. Many are kept in several transactions, so that nobody waits long for them.
        """
        refused: list[int] = []
        for start in range(0, len(movements), _AT_ONCE):
            part = movements[start : start + _AT_ONCE]
            refused += [start + place for place in self._accept(tenant, part, whole=whole)]
        return refused

    def _accept(self, tenant: str, movements: Sequence[Movement], *, whole: bool) -> list[int]:
        skus = {movement.sku for movement in movements}
        with self._database.write() as session:
            known = set(session.scalars(select(Item.sku).where(Item.tenant == tenant, Item.sku.in_(skus))))
            refused = [place for place, movement in enumerate(movements) if movement.sku not in known]
            accepted = [] if whole and refused else [movement for movement in movements if movement.sku in known]
            if accepted:
                told = Told(tenant)
                _open(session, tenant, {movement.sku for movement in accepted}, told)
                for movement in accepted:
                    told.add(movement)
                OUTBOX.add_all(session, told.messages())
        if accepted:
            self._wake()
        return refused

    def open_books(self, stop: threading.Event) -> None:
        """Tell the ledger the stock of items that it has never heard of: of a shop that is older than the ledger."""
        after = ("", "")
        while not stop.is_set():
            try:
                page = self._open_page(after)
            except Retryable as error:
                _log.warning("books_wait", detail=error.detail)
                stop.wait(_PAUSE_SECONDS)
                continue
            if page is None:
                return
            after = page

    def _open_page(self, after: tuple[str, str]) -> tuple[str, str] | None:
        """Where it came to; None at the end."""
        key = tuple_(Item.tenant, Item.sku)
        unheard = select(Item.tenant, Item.sku).where(key > after, Item.removed.is_(False), *_UNHEARD)
        with self._database.read() as session:
            page = session.execute(unheard.order_by(Item.tenant, Item.sku).limit(_AT_ONCE)).all()
        if not page:
            return None
        for tenant in sorted({tenant for tenant, _ in page}):
            with self._database.write() as session:
                told = Told(tenant)
                _open(session, tenant, {sku for of, sku in page if of == tenant}, told)
                OUTBOX.add_all(session, told.messages())
        self._wake()
        return page[-1].tenant, page[-1].sku


_UNHEARD = (Item.level_sequence == 0, Item.stock_batch.is_(None))


def _open(session: Session, tenant: str, skus: set[str], told: Told) -> None:
    """A count of what the catalogue says, of those of the items of which the ledger has never heard."""
    for part in _parts(sorted(skus)):
        ours = select(Item).where(Item.tenant == tenant, Item.sku.in_(part), Item.removed.is_(False), *_UNHEARD)
        for row in session.execute(ours.order_by(Item.sku).with_for_update()).scalars():
            if (stock := row.body.get("stock")) is not None:
                name = f"opening:{sha256(row.sku.encode()).hexdigest()[:32]}"
                told.count(row, stock, row.updated_at, name)


def _parts(names: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
