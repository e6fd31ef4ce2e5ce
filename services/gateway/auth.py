"""Who asks: the holder of an API key, or the page in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import or_, update

from services.gateway.api_keys import key_hash
from services.gateway.signing import Signer
from services.gateway.tables import ApiKey, Quota
from shared.contracts.fields import KeyScope
from shared.database import Database
from shared.errors import Retryable, Unauthorized

COOKIE = "loupe_page"
_TRUSTED_SECONDS = 4.0
_USE_NOTED_EVERY = timedelta(minutes=1)
_PAGE_SCOPES: frozenset[KeyScope] = frozenset({"read", "events"})
_KEPT_KEYS = 10_000
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_KEY = "Send your API key as `Authorization: Bearer <key>`."
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Caller:
    """Who asks, and what for: `key_id` of an API key, or None when it is the page.

    `rate_limit` in requests a second; None: the gateway's. `daily_limit`: requests of all keys of the shop in a day.
    """

    tenant: str
    scopes: frozenset[KeyScope]
    key_id: str | None = None
    rate_limit: int | None = None
    daily_limit: int | None = None


class Keys:
    """API keys by their hash. A key found is trusted for 4 seconds, so a revoked one works less than 5; one that ends
    by itself does so on time."""

    def __init__(
        self,
        database: Database,
        secret: str,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._wall = wall
        self._known: dict[str, tuple[Caller, float]] = {}

    def recent(self, key: str) -> Caller | None:
        """The holder of a key that was looked up a moment ago; does not block."""
        caller, until = self._known.get(key_hash(self._secret, key), (None, 0.0))
        return caller if until > self._clock() else None

    def look_up(self, key: str) -> Caller:
        """The holder of a key. Raises `Unauthorized` for one that is unknown, was revoked or has ended."""
        hashed = key_hash(self._secret, key)
        asked, now = self._clock(), self._wall()
        with self._database.read() as session:
            row = session.get(ApiKey, hashed)
            quota = session.get(Quota, row.tenant) if row else None
        if row is None or row.revoked_at:
            self._known.pop(hashed, None)
            raise Unauthorized(f"This API key is not known here, or was revoked. {_NO_KEY}")
        left = (row.expires_at - now).total_seconds() if row.expires_at else _TRUSTED_SECONDS
        if left <= 0:
            self._known.pop(hashed, None)
            raise Unauthorized(f"This API key ended at {row.expires_at:%Y-%m-%dT%H:%M:%SZ}. {_NO_KEY}")
        self._note_use(row)
        if len(self._known) >= _KEPT_KEYS:
            self._known.clear()
        daily = quota.max_requests if quota else None
        caller = Caller(row.tenant, frozenset(row.scopes), row.key_id, row.rate_limit, daily)
        self._known[hashed] = (caller, asked + min(left, _TRUSTED_SECONDS))
        return caller

    def _note_use(self, row: ApiKey) -> None:
        """At most once a minute, by all gateways together."""
        now = datetime.now(UTC)
        stale = now - _USE_NOTED_EVERY
        if row.last_used_at and row.last_used_at > stale:
            return
        unnoted = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= stale)
        try:
            with self._database.write() as session:
                session.execute(update(ApiKey).where(ApiKey.key_hash == row.key_hash, unnoted).values(last_used_at=now))
        except Retryable as error:  # a search goes on while the disk is full
            _log.warning("key_use_not_noted", key_id=row.key_id, detail=error.detail)


@dataclass(frozen=True)
class PageSessions:
    """Cookies of the page, for the one shop that it may show without a key; none when `tenant` is None.

    A cookie counts only when the page itself asks (no other site can use it), under a name of this machine or
    `public_host` (a foreign name that was pointed at this address gets nothing).
    """

    signer: Signer
    tenant: str | None
    public_host: str | None

    def cookie(self, headers: Mapping[str, str]) -> str | None:
        """A new cookie for who opens the page, if it may have one."""
        return self.signer.session(self.tenant) if self.tenant and self._known_host(headers) else None

    def caller(self, headers: Mapping[str, str], cookie: str | None) -> Caller:
        """Raises `Unauthorized` unless the cookie is ours, still good, and sent by our own page."""
        if cookie is None or self.tenant is None:
            raise Unauthorized(f"This needs an API key. {_NO_KEY}")
        if not (self._known_host(headers) and _same_origin(headers)):
            raise Unauthorized(f"The page's session only counts for the page itself. {_NO_KEY}")
        if self.signer.session_tenant(cookie) != self.tenant:
            raise Unauthorized("The page's session is over. Load the page again.")
        return Caller(self.tenant, _PAGE_SCOPES)

    def _known_host(self, headers: Mapping[str, str]) -> bool:
        host = headers.get("host", "")
        return host == self.public_host or urlsplit(f"//{host}").hostname in _THIS_MACHINE


def _same_origin(headers: Mapping[str, str]) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
