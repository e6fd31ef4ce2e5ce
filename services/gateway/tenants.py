"""Shops and their API keys. Also run by the command line, on the database itself."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.gateway.signing import keyed_hash
from services.gateway.tables import MIGRATIONS, ApiKey, Tenant
from shared.contracts.fields import TenantId
from shared.database import Database
from shared.errors import Conflict, InvalidInput

_NAME: TypeAdapter[str] = TypeAdapter(TenantId)


def add_tenant(database: Database, secret: str, tenant: str) -> str:
    """Make a shop; returns its first API key, which is kept nowhere.

    Raises `Conflict` when there is a shop of that name, `InvalidInput` when no shop can have it.
    """
    try:
        _NAME.validate_python(tenant)
    except ValidationError as error:
        raise InvalidInput(
            f"{tenant!r} cannot be a shop's name: use up to 63 lower-case letters, digits and hyphens."
        ) from error
    database.migrate(MIGRATIONS)
    key = f"lk_{secrets.token_urlsafe(32)}"
    with database.write() as session:
        if session.get(Tenant, tenant):
            raise Conflict(f"There is a shop named {tenant} already. Choose another name.")
        _add(session, tenant)
        session.add(_key_row(secret, tenant, key))
    return key


def ensure_key(database: Database, secret: str, tenant: str, key: str) -> None:
    """See that `key` is a key of `tenant`, making both when they are missing."""
    with database.write() as session:
        if not session.get(Tenant, tenant):
            _add(session, tenant)
        if not session.get(ApiKey, key_hash(secret, key)):
            session.add(_key_row(secret, tenant, key))


def key_hash(secret: str, key: str) -> str:
    return keyed_hash(secret, "api-key", key)


def _add(session: Session, tenant: str) -> None:
    session.add(Tenant(tenant=tenant, created_at=datetime.now(UTC)))
    session.flush()  # the key's row refers to it


def _key_row(secret: str, tenant: str, key: str) -> ApiKey:
    return ApiKey(key_hash=key_hash(secret, key), tenant=tenant, created_at=datetime.now(UTC), revoked_at=None)
