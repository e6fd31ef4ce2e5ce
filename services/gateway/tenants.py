"""Shops, and the first key of each. Also run by the command line, on the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.gateway.api_keys import ALL_SCOPES, counts, key_hash, key_row, new_key, no_shop
from services.gateway.tables import ApiKey, Quota, Tenant
from shared.contracts.fields import TenantId
from shared.database import Database
from shared.errors import Conflict, InvalidInput

_NAME: TypeAdapter[str] = TypeAdapter(TenantId)
_FIRST = "first"


@dataclass(frozen=True)
class Shop:
    """`keys`: how many of its keys work."""

    tenant: str
    created_at: datetime
    keys: int


def add_tenant(database: Database, secret: str, tenant: str) -> str:
    """Make a shop; returns its first API key, which is kept nowhere. It may read, write and tell events.

    Raises `Conflict` when there is a shop of that name, `InvalidInput` when no shop can have it.
    """
    try:
        _NAME.validate_python(tenant)
    except ValidationError as error:
        raise InvalidInput(
            f"{tenant!r} cannot be a shop's name: use up to 63 lower-case letters, digits and hyphens."
        ) from error
    key = new_key()
    with database.write() as session:
        if session.get(Tenant, tenant):
            raise Conflict(f"There is a shop named {tenant} already. Choose another name.")
        _add(session, tenant)
        session.add(key_row(secret, tenant, key, _FIRST, ALL_SCOPES - {"admin", "operator"}))
    return key


def set_suggestions_changed(database: Database, tenant: str, *, wanted: bool) -> None:
    """Whether a shop is told of `loupe.suggestions.changed` by queue. Raises `NotFound` when there is no such shop."""
    with _changed(database, tenant) as row:
        row.suggestions_changed = wanted


def set_blur_faces(database: Database, tenant: str, *, wanted: bool) -> None:
    """Whether faces in pictures that come from now on are blurred. Raises `NotFound` when there is no such shop."""
    with _changed(database, tenant) as row:
        row.blur_faces = wanted


def set_query_photo_days(database: Database, tenant: str, days: int) -> None:
    """For so many days are photos of searches kept; 0: not at all. Raises `NotFound` when there is no such shop."""
    with _changed(database, tenant) as row:
        row.query_photo_days = days


@contextmanager
def _changed(database: Database, tenant: str) -> Iterator[Tenant]:
    with database.write() as session:
        row = session.get(Tenant, tenant, with_for_update=True)
        if row is None:
            raise no_shop(tenant)
        yield row


def check_tenant(database: Database, tenant: str) -> None:
    """Return when there is such a shop, else raise `NotFound`."""
    with database.read() as session:
        if session.get(Tenant, tenant) is None:
            raise no_shop(tenant)


def list_tenants(database: Database) -> list[Shop]:
    """All shops, in order of name."""
    live = func.count(ApiKey.key_hash).filter(counts(datetime.now(UTC)))
    query = select(Tenant.tenant, Tenant.created_at, live).outerjoin(ApiKey, ApiKey.tenant == Tenant.tenant)
    with database.read() as session:
        rows = session.execute(query.group_by(Tenant.tenant, Tenant.created_at).order_by(Tenant.tenant)).all()
    return [Shop(*row) for row in rows]


def ensure_key(database: Database, secret: str, tenant: str, key: str) -> None:
    """See that `key` is a key of `tenant` with every scope, making both when they are missing.

    It is the key of who runs this machine. One that was revoked stays so.
    """
    with database.write() as session:
        if not session.get(Tenant, tenant):
            _add(session, tenant)
        row = session.get(ApiKey, key_hash(secret, key))
        if row is None:
            session.add(key_row(secret, tenant, key, _FIRST, ALL_SCOPES))
        elif set(row.scopes) != ALL_SCOPES:
            row.scopes = sorted(ALL_SCOPES)


def _add(session: Session, tenant: str) -> None:
    session.add(Tenant(tenant=tenant, created_at=datetime.now(UTC)))
    session.flush()  # the rows of its key and its quota refer to it
    session.add(Quota(tenant=tenant, items=0, pictures=0, storage_bytes=0))
