"""Who asks: the holder of an API key, or the page in a browser."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select

from services.gateway.signing import Signer
from services.gateway.tables import ApiKey
from services.gateway.tenants import key_hash
from shared.database import Database
from shared.errors import Unauthorized

COOKIE = "loupe_page"
_TRUSTED_SECONDS = 5.0
_KEPT_KEYS = 10_000
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_KEY = "Send your API key as `Authorization: Bearer <key>`."


@dataclass(frozen=True)
class Caller:
    """`by_key`: holds an API key of the shop, so may change its catalogue; else it is the page."""

    tenant: str
    by_key: bool


class Keys:
    """API keys by their hash. A key found is trusted for 5 seconds, so a revoked one works no longer than that."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._known: dict[str, tuple[str, float]] = {}

    def recent(self, key: str) -> str | None:
        """The tenant of a key that was looked up a moment ago; does not block."""
        tenant, until = self._known.get(key_hash(self._secret, key), ("", 0.0))
        return tenant if until > time.monotonic() else None

    def look_up(self, key: str) -> str:
        """The tenant of a key. Raises `Unauthorized` for one that is unknown or revoked."""
        hashed = key_hash(self._secret, key)
        with self._database.read() as session:
            tenant = session.execute(
                select(ApiKey.tenant).where(ApiKey.key_hash == hashed, ApiKey.revoked_at.is_(None))
            ).scalar_one_or_none()
        if tenant is None:
            self._known.pop(hashed, None)
            raise Unauthorized(f"This API key is not known here, or was revoked. {_NO_KEY}")
        if len(self._known) >= _KEPT_KEYS:
            self._known.clear()
        self._known[hashed] = (tenant, time.monotonic() + _TRUSTED_SECONDS)
        return tenant


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
        return Caller(self.tenant, by_key=False)

    def _known_host(self, headers: Mapping[str, str]) -> bool:
        host = headers.get("host", "")
        return host == self.public_host or urlsplit(f"//{host}").hostname in _THIS_MACHINE


def _same_origin(headers: Mapping[str, str]) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
