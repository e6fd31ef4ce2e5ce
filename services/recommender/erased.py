"""Who was erased and when, for as long as anything that was told of them before may still be on its way."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, Table, bindparam, func, select, text

from services.recommender.tables import Erasure
from shared.database import Database

_AT_ONCE = 1_000
_ERASURES = cast(Table, Erasure.__table__)
_AT = select(_ERASURES.c.shopper_hash, _ERASURES.c.at).where(
    _ERASURES.c.tenant == bindparam("of"), _ERASURES.c.shopper_hash.in_(bindparam("hashes", expanding=True))
)
_ANY = select(_ERASURES.c.at).where(_ERASURES.c.tenant == bindparam("of")).limit(1)
_NOTE = text(
    "INSERT INTO erasures (tenant, shopper_hash, at) VALUES (:tenant, :hash, :at) "
    "ON CONFLICT (tenant, shopper_hash) DO UPDATE SET at = excluded.at"
)


def erased_at(connection: Connection, tenant: str, shoppers: Collection[str]) -> Mapping[str, int]:
    """Those of the shoppers, by their keys, that were erased: when, in milliseconds since 1970."""
    if not connection.execute(_ANY, {"of": tenant}).first():
        return {}
    by_hash = {_hash_of(tenant, shopper): shopper for shopper in shoppers}
    hashes = list(by_hash)
    found: dict[str, int] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        rows = connection.execute(_AT, {"of": tenant, "hashes": hashes[start : start + _AT_ONCE]})
        found |= {by_hash[row.shopper_hash]: row.at for row in rows}
    return found


def note_erased(connection: Connection, tenant: str, shoppers: Iterable[str], at: int) -> None:
    rows = [{"tenant": tenant, "hash": _hash_of(tenant, shopper), "at": at} for shopper in shoppers]
    connection.execute(_NOTE, rows)


def last_erasure(database: Database) -> datetime | None:
    """When somebody was erased last, of those who are known still."""
    with database.read() as session:
        at = session.scalar(select(func.max(_ERASURES.c.at)))
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)


def _hash_of(tenant: str, shopper: str) -> str:
    """The name itself is not to be kept of somebody who was erased."""
    return hashlib.sha256(f"{tenant}\n{shopper}".encode()).hexdigest()
