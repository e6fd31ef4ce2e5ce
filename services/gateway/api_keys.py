"""API keys of a shop: made, listed, revoked. Also run by the command line, on the database itself."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from typing import get_args

from sqlalchemy import func, select

from services.gateway.signing import keyed_hash
from services.gateway.tables import ApiKey, Tenant
from shared.contracts.fields import KeyScope
from shared.contracts.keys import Key, KeyMade
from shared.database import Database
from shared.errors import Conflict, NotFound

ALL_SCOPES: frozenset[KeyScope] = frozenset(get_args(KeyScope))
_MAX_KEYS = 100
_LISTED = 2 * _MAX_KEYS


def new_key() -> str:
    return f"lk_{secrets.token_urlsafe(32)}"


def key_hash(secret: str, key: str) -> str:
    return keyed_hash(secret, "api-key", key)


def key_row(
    secret: str, tenant: str, key: str, name: str, scopes: Collection[KeyScope], rate_limit: int | None = None
) -> ApiKey:
    return ApiKey(
        key_hash=key_hash(secret, key),
        key_id=f"k_{secrets.token_hex(6)}",
        tenant=tenant,
        name=name,
        scopes=sorted(scopes),
        rate_limit=rate_limit,
        created_at=datetime.now(UTC),
        last_used_at=None,
        revoked_at=None,
    )


class ApiKeys:
    """The keys in a catalogue. `secret` is the one that its gateway hashes them with."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret

    def add(self, tenant: str, name: str, scopes: Collection[KeyScope], rate_limit: int | None = None) -> KeyMade:
        """A new key of a shop, with the key itself, which is kept nowhere. `rate_limit` in requests a second.

        Raises `NotFound` for an unknown shop, `Conflict` when it has 100 keys already.
        """
        key = new_key()
        with self._database.write() as session:
            if session.get(Tenant, tenant, with_for_update=True) is None:
                raise no_shop(tenant)
            live = select(func.count()).select_from(ApiKey).where(ApiKey.tenant == tenant, ApiKey.revoked_at.is_(None))
            if session.execute(live).scalar_one() >= _MAX_KEYS:
                raise Conflict(f"The shop {tenant} has {_MAX_KEYS} keys already. Revoke those that nobody uses.")
            session.add(row := key_row(self._secret, tenant, key, name, scopes, rate_limit))
        return KeyMade(**_listed(row).model_dump(), key=key)

    def list(self, tenant: str) -> list[Key]:
        """The shop's keys: all that count, newest first, then those revoked last, 200 together.

        Raises `NotFound` for an unknown shop.
        """
        order = (ApiKey.revoked_at.is_not(None), ApiKey.revoked_at.desc(), ApiKey.created_at.desc(), ApiKey.key_id)
        keys = select(ApiKey).where(ApiKey.tenant == tenant).order_by(*order).limit(_LISTED)
        with self._database.read() as session:
            if session.get(Tenant, tenant) is None:
                raise no_shop(tenant)
            return [_listed(row) for row in session.execute(keys).scalars()]

    def owner(self, key_id: str) -> str:
        """The shop of a key. Raises `NotFound`."""
        with self._database.read() as session:
            tenant = session.execute(select(ApiKey.tenant).where(ApiKey.key_id == key_id)).scalar_one_or_none()
        if tenant is None:
            raise _no_key(key_id)
        return tenant

    def revoke(self, tenant: str, key_id: str) -> None:
        """End a key of this shop; one that is revoked stays so. Raises `NotFound` when the shop has no such key."""
        with self._database.write() as session:
            row = session.execute(
                select(ApiKey).where(ApiKey.key_id == key_id, ApiKey.tenant == tenant).with_for_update()
            ).scalar_one_or_none()
            if row is None:
                raise _no_key(key_id)
            row.revoked_at = row.revoked_at or datetime.now(UTC)


def _listed(row: ApiKey) -> Key:
    return Key.model_validate(row, from_attributes=True)


def no_shop(tenant: str) -> NotFound:
    return NotFound(f"There is no shop {tenant!r}. `loupe tenant list` names all; `loupe tenant add` makes one.")


def _no_key(key_id: str) -> NotFound:
    return NotFound(f"There is no key {key_id!r} here. Keys are listed with their ids, which begin with `k_`.")
