"""The order of an item's events, where the shop numbers them."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from services.gateway.tables import ItemSequence

Kind = Literal["item", "stock"]


class OutOfOrder(Exception):
    """The event is to have no effect: a later one was taken before (`late`), or this very one."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("late" if late else "repeated")
        self.late = late


def keep_order(session: Session, tenant: str, sku: str, kind: Kind, sequence: str | None) -> None:
    """Note the sequence of what the caller's transaction is about to change; None is of an event without one.

    Raises `OutOfOrder` unless it is higher than that of the last event of this kind. The item need not exist.
    """
    if sequence is None:
        return
    last = session.get(ItemSequence, (tenant, sku, kind), with_for_update=True)
    if last is None:
        session.add(ItemSequence(tenant=tenant, sku=sku, kind=kind, sequence=sequence))
        session.flush()  # another gateway may have made it: that is told now, before anything else is written
    elif is_before(last.sequence, sequence):
        last.sequence = sequence
    else:
        raise OutOfOrder(late=is_before(sequence, last.sequence))


def is_overtaken(session: Session, tenant: str, sku: str, kind: Kind, sequence: str) -> bool:
    """Whether an event of this kind was taken that comes after the `sequence`."""
    last = session.get(ItemSequence, (tenant, sku, kind))
    return last is not None and is_before(sequence, last.sequence)


def is_before(one: str, other: str) -> bool:
    """Two of digits alone are numbers, all others text."""
    if _is_number(one) and _is_number(other):
        return int(one) < int(other)
    return one < other


def _is_number(sequence: str) -> bool:
    return sequence.isascii() and sequence.isdigit()
