"""API keys of a shop: made, listed, rotated, revoked. Also run by the command line, on the database itself."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import get_args

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from services.gateway.signing import keyed_hash
from services.gateway.tables import ApiKey, Tenant
from shared.contracts.fields import KeyScope
from shared.contracts.keys import Key, KeyMade
from shared.database import Database
from shared.errors import Conflict, Forbidden, InvalidInput, NotFound

ALL_SCOPES: frozenset[KeyScope] = frozenset(get_args(KeyScope))
_MAX_KEYS = 100
_LISTED = 2 * _MAX_KEYS


def new_key() -> str:
    return f"lk_{secrets.token_urlsafe(32)}"


def key_hash(secret: str, key: str) -> str:
    return keyed_hash(secret, "api-key", key)


def key_row(
    secret: str,
    tenant: str,
    key: str,
    name: str,
    scopes: Collection[KeyScope],
    rate_limit: int | None = None,
    expires_at: datetime | None = None,
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
        expires_at=expires_at,
        replaced_by=None,
    )


def counts(now: datetime) -> ColumnElement[bool]:
    """Of a key that works at this time."""
    return and_(ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now))


class ApiKeys:
    """The keys in a catalogue. `secret` is the one that its gateway hashes them with.

    Where `by` is given, the scopes of who asks: a key that operates the installation is made, rotated and revoked by
    such a key alone, else `Forbidden` is raised. The command line, on the machine itself, gives none.
    """

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret

    def add(
        self,
        tenant: str,
        name: str,
        scopes: Collection[KeyScope],
        rate_limit: int | None = None,
        expires_at: datetime | None = None,
        by: Collection[KeyScope] | None = None,
    ) -> KeyMade:
        """A new key of a shop, with the key itself, which is kept nowhere. `rate_limit` in requests a second.

        Raises `NotFound` for an unknown shop, `Conflict` when it has 100 keys already, `InvalidInput` for a time to end
        at that is over.
        """
        _check_operator(scopes, by)
        if expires_at is not None and expires_at <= datetime.now(UTC):
            told = "is over already; a key ends in the future"
            raise InvalidInput(f"expires_at: {told}.", errors=[{"path": "body.expires_at", "message": told}])
        key = new_key()
        with self._database.write() as session:
            _hold_with_room(session, tenant)
            session.add(row := key_row(self._secret, tenant, key, name, scopes, rate_limit, expires_at))
        return KeyMade(**_listed(row).model_dump(), key=key)

    def rotate(
        self, tenant: str, key_id: str, overlap: timedelta, by: Collection[KeyScope] | None = None
    ) -> tuple[KeyMade, datetime]:
        """A new key in place of one of this shop, with its name, scopes, rate limit and length of life; and when the
        old one ends, which works for `overlap` beside it, if it has not ended before.

        Raises `NotFound` when the shop has no such key, `Conflict` when it has ended, was rotated before, or the shop
        has 100 keys already.
        """
        key, now = new_key(), datetime.now(UTC)
        with self._database.write() as session:
            _hold_with_room(session, tenant)
            old = _held(session, tenant, key_id)
            _check_operator(old.scopes, by)
            if old.replaced_by:
                raise Conflict(f"The key {key_id} was rotated before: {old.replaced_by} took its place. Rotate that.")
            if old.revoked_at or (old.expires_at and old.expires_at <= now):
                raise Conflict(f"The key {key_id} has ended. Make a new one.")
            lives = old.expires_at - old.created_at if old.expires_at else None
            row = key_row(
                self._secret, tenant, key, old.name, old.scopes, old.rate_limit, now + lives if lives else None
            )
            session.add(row)
            ends = min(now + overlap, old.expires_at or datetime.max.replace(tzinfo=UTC))
            old.replaced_by, old.expires_at = row.key_id, ends
        return KeyMade(**_listed(row).model_dump(), key=key), ends

    def list(self, tenant: str) -> list[Key]:
        """The shop's keys: all that count, newest first, then those that ended last, 200 together.

        Raises `NotFound` for an unknown shop.
        """
        over = ~counts(datetime.now(UTC))
        ended = case((over, func.coalesce(ApiKey.revoked_at, ApiKey.expires_at)))
        order = (over, ended.desc(), ApiKey.created_at.desc(), ApiKey.key_id)
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

    def revoke(self, tenant: str, key_id: str, by: Collection[KeyScope] | None = None) -> None:
        """End a key of this shop; one that is revoked stays so. Raises `NotFound` when the shop has no such key."""
        with self._database.write() as session:
            row = _held(session, tenant, key_id)
            _check_operator(row.scopes, by)
            row.revoked_at = row.revoked_at or datetime.now(UTC)


def _hold_with_room(session: Session, tenant: str) -> None:
    """Hold the shop's row, so that no two keys are made at once. Raises when there is no shop, or no room."""
    if session.get(Tenant, tenant, with_for_update=True) is None:
        raise no_shop(tenant)
    live = select(func.count()).select_from(ApiKey).where(ApiKey.tenant == tenant, counts(datetime.now(UTC)))
    if session.execute(live).scalar_one() >= _MAX_KEYS:
        raise Conflict(f"The shop {tenant} has {_MAX_KEYS} keys already. Revoke those that nobody uses.")


def _held(session: Session, tenant: str, key_id: str) -> ApiKey:
    mine = select(ApiKey).where(ApiKey.key_id == key_id, ApiKey.tenant == tenant)
    row = session.execute(mine.with_for_update()).scalar_one_or_none()
    if row is None:
        raise _no_key(key_id)
    return row


def _check_operator(scopes: Collection[str], by: Collection[str] | None) -> None:
    if "operator" in scopes and by is not None and "operator" not in by:
        raise Forbidden(
            "A key with the scope operator is for who runs Loupe, for all shops together. Only such a key makes, "
            "rotates or revokes another; so does `loupe key` on the machine itself."
        )


def _listed(row: ApiKey) -> Key:
    return Key.model_validate(row, from_attributes=True)


def no_shop(tenant: str) -> NotFound:
    return NotFound(f"There is no shop {tenant!r}. `loupe tenant list` names all; `loupe tenant add` makes one.")


def _no_key(key_id: str) -> NotFound:
    return NotFound(f"There is no key {key_id!r} here. Keys are listed with their ids, which begin with `k_`.")
