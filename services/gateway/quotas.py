"""What a shop has and may have: counted in the transaction that changes it, so no two pass a limit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import structlog
from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.orm import Session

from services.gateway.tables import Image, Item, Quota, Tenant
from shared.contracts.references import ReferencesKept
from shared.contracts.usage import QuotaName, Use
from shared.database import Database
from shared.errors import NotFound, QuotaExceeded

_quotas = cast(Table, Quota.__table__)
_NAMES: tuple[QuotaName, ...] = get_args(QuotaName)
_TOLD: Mapping[QuotaName, str] = {"items": "items", "pictures": "pictures", "storage_bytes": "bytes of pictures"}
_OPTIONS: Mapping[QuotaName, str] = {"items": "items", "pictures": "pictures", "storage_bytes": "storage"}
_log = structlog.get_logger(__name__)


@dataclass
class Room:
    """How much a shop has of each, and may have; None where there is no limit."""

    tenant: str
    used: dict[QuotaName, int]
    limits: dict[QuotaName, int | None]

    def refusal(self, more: Mapping[QuotaName, int]) -> QuotaExceeded | None:
        """Count more of what is named; or, where that passes a limit, nothing, and why it is refused."""
        for name, count in more.items():
            limit = self.limits[name]
            if count > 0 and limit is not None and self.used[name] + count > limit:
                return self._passed(name, count, limit)
        for name, count in more.items():
            self.used[name] += count
        return None

    def check_open(self) -> None:
        """Raises `QuotaExceeded` when no further picture has room, however small."""
        if full := Room(self.tenant, dict(self.used), self.limits).refusal({"pictures": 1, "storage_bytes": 1}):
            raise full

    def _passed(self, name: QuotaName, count: int, limit: int) -> QuotaExceeded:
        used = self.used[name]
        return QuotaExceeded(
            f"This shop may have {limit} {_TOLD[name]} and has {used}: {count} more do not fit. Remove what is not "
            f"sold any more, or ask who runs Loupe for more (`loupe tenant set {self.tenant} --max-{_OPTIONS[name]}`).",
            name=name,
            used=used,
            limit=limit,
        )


def look(session: Session, tenant: str) -> Room:
    """How it stands at this moment; others may change it. One that was never counted has nothing."""
    row = session.execute(select(_quotas).where(_quotas.c.tenant == tenant)).one_or_none()
    return _room(tenant, {} if row is None else row._mapping)


def count(session: Session, tenant: str, more: Mapping[QuotaName, int]) -> None:
    """Count what this transaction adds, or takes away where it is negative.

    The shop's row is held until the transaction ends, so call it after every other lock is taken. Raises
    `QuotaExceeded`, and has counted nothing, where something added passes a limit.
    """
    room = hold(session, tenant)
    if full := room.refusal(more):
        raise full
    keep(session, room)


def hold(session: Session, tenant: str) -> Room:
    """How it stands, held for this transaction. What is taken of it counts when it is kept."""
    found = select(_quotas).where(_quotas.c.tenant == tenant)
    row = session.execute(found.with_for_update()).one_or_none()
    if row is None:
        session.execute(insert(_quotas).values(tenant=tenant, **dict.fromkeys(_NAMES, 0)))
        return _room(tenant, {})
    return _room(tenant, row._mapping)


def keep(session: Session, room: Room) -> None:
    session.execute(update(_quotas).where(_quotas.c.tenant == room.tenant).values(**room.used))


def recount(session: Session, tenant: str, references: ReferencesKept | None) -> None:
    """Mend what was counted: rows that somebody changed by hand are counted by nobody.

    `references`: what the shop's references have; None where that is not known, and pictures stay as they were counted.
    """
    room = hold(session, tenant)
    live = (Item.tenant == tenant, Item.removed.is_(False))
    items = session.execute(select(func.count()).select_from(Item).where(*live)).scalar_one()
    sums = select(func.count(), func.coalesce(func.sum(Image.bytes), 0)).where(Image.tenant == tenant)
    pictures, storage_bytes = session.execute(sums).one()
    counted: dict[QuotaName, int] = {**room.used, "items": items}
    if references is not None:
        counted["pictures"] = pictures + references.pictures
        counted["storage_bytes"] = int(storage_bytes) + references.bytes
    if counted != room.used:
        _log.warning("usage_recounted", tenant=tenant, before=room.used, after=counted)
        room.used = counted
        keep(session, room)


class Quotas:
    """Quotas as they are read and set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def room(self, tenant: str) -> Room:
        with self._database.read() as session:
            return look(session, tenant)

    def uses(self, tenant: str) -> dict[QuotaName, Use]:
        room = self.room(tenant)
        return {name: Use(used=max(0, room.used[name]), limit=room.limits[name]) for name in _NAMES}

    def count(self, tenant: str, more: Mapping[QuotaName, int]) -> None:
        """In a transaction of its own, as `count` says."""
        with self._database.write() as session:
            count(session, tenant, more)

    def max_requests(self, tenant: str) -> int | None:
        """Requests that the shop may send on a day; None for any number."""
        with self._database.read() as session:
            row = session.get(Quota, tenant)
            return row.max_requests if row else None

    def set(self, tenant: str, limits: Mapping[str, int | None]) -> None:
        """Choose limits by name: items, pictures, storage_bytes, requests (of a day). None lifts one.

        What a shop has above a new limit stays; it gets no more. Raises `NotFound` for an unknown shop.
        """
        with self._database.write() as session:
            if session.get(Tenant, tenant) is None:
                raise NotFound(f"There is no shop {tenant!r}. `loupe tenant list` names all.")
            hold(session, tenant)
            values = {f"max_{name}": limit for name, limit in limits.items()}
            session.execute(update(_quotas).where(_quotas.c.tenant == tenant).values(**values))


def _room(tenant: str, row: Mapping[Any, Any]) -> Room:
    used = {name: row.get(name, 0) for name in _NAMES}
    return Room(tenant, used, {name: row.get(f"max_{name}") for name in _NAMES})
