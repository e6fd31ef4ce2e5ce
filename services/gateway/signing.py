"""What the gateway signs with its secret: key hashes, picture addresses, page sessions, cursors."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass

from shared.errors import BadRequest

_HOUR = 3_600
_ADDRESS_HOURS = 24
_SESSION_SECONDS = 12 * _HOUR
_CURSOR_DIGITS = 32


def keyed_hash(secret: str, purpose: str, *parts: str) -> str:
    """HMAC-SHA256 in hex. `purpose` keeps a signature made for one thing from counting for another."""
    text = "\0".join((purpose, *parts))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Signer:
    secret: str

    def image_url(self, tenant: str, image_id: str) -> str:
        """Where an <img> finds a picture without a key, for at least 24 hours; stays the same within an hour."""
        expires = (int(time.time()) // _HOUR + _ADDRESS_HOURS + 1) * _HOUR
        signature = f"{tenant}.{self._hash('image', tenant, image_id, str(expires))}"
        return f"/v1/images/{image_id}/content?expires={expires}&signature={signature}"

    def image_tenant(self, image_id: str, expires: int, signature: str) -> str | None:
        """The tenant for whom the address was signed; None when it was not, or is over."""
        tenant, _, given = signature.partition(".")
        ours = self._hash("image", tenant, image_id, str(expires))
        return tenant if expires > time.time() and _same(ours, given) else None

    def address(self, path: str, tenant: str) -> str:
        """A path at which an <img> finds a picture without a key, for at least 24 hours; the same within an hour."""
        expires = (int(time.time()) // _HOUR + _ADDRESS_HOURS + 1) * _HOUR
        return f"{path}?expires={expires}&signature={tenant}.{self._hash('address', tenant, path, str(expires))}"

    def address_tenant(self, path: str, expires: int, signature: str) -> str | None:
        """The tenant for whom the path was signed; None when it was not, or is over."""
        tenant, _, given = signature.partition(".")
        ours = self._hash("address", tenant, path, str(expires))
        return tenant if expires > time.time() and _same(ours, given) else None

    def board_picture_url(self, tenant: str, board_id: str, picture_id: str) -> str:
        """As `image_url`, of a picture that was uploaded to a board."""
        expires = (int(time.time()) // _HOUR + _ADDRESS_HOURS + 1) * _HOUR
        signature = f"{tenant}.{self._hash('board', tenant, board_id, picture_id, str(expires))}"
        return f"/v1/boards/{board_id}/pictures/{picture_id}?expires={expires}&signature={signature}"

    def board_picture_tenant(self, board_id: str, picture_id: str, expires: int, signature: str) -> str | None:
        """The tenant for whom the address was signed; None when it was not, or is over."""
        tenant, _, given = signature.partition(".")
        ours = self._hash("board", tenant, board_id, picture_id, str(expires))
        return tenant if expires > time.time() and _same(ours, given) else None

    def upload_url(self, tenant: str, name: str, expires: int) -> str:
        """Where a picture may be put without a key, until `expires` in seconds since 1970."""
        signature = f"{tenant}.{self._hash('upload', tenant, name, str(expires))}"
        return f"/v1/uploads/{name}?expires={expires}&signature={signature}"

    def upload_tenant(self, name: str, expires: int, signature: str) -> str | None:
        """The tenant for whom the address was signed; None when it was not, or is over."""
        tenant, _, given = signature.partition(".")
        ours = self._hash("upload", tenant, name, str(expires))
        return tenant if expires > time.time() and _same(ours, given) else None

    def session(self, tenant: str) -> str:
        """The value of a page's cookie: good for this shop, for 12 hours."""
        expires = str(int(time.time()) + _SESSION_SECONDS)
        return f"{tenant}.{expires}.{self._hash('session', tenant, expires)}"

    def session_tenant(self, cookie: str) -> str | None:
        tenant, _, rest = cookie.partition(".")
        expires, _, given = rest.partition(".")
        if not _same(self._hash("session", tenant, expires), given):
            return None
        return tenant if int(expires) > time.time() else None

    def cursor(self, position: str, *scope: str) -> str:
        """A position that only counts for the same `scope`: shop, list, pictures, query."""
        return f"{self._hash('cursor', position, *scope)[:_CURSOR_DIGITS]}{position}"

    def position(self, cursor: str, *scope: str) -> str:
        """Raises `BadRequest` for a cursor that was not made for `scope`."""
        given, position = cursor[:_CURSOR_DIGITS], cursor[_CURSOR_DIGITS:]
        if not _same(self._hash("cursor", position, *scope)[:_CURSOR_DIGITS], given):
            raise BadRequest(
                "The cursor does not belong to this list. Use next_cursor of the page before, with the same query and "
                "pictures, or leave it out to start at the first page."
            )
        return position

    def _hash(self, purpose: str, *parts: str) -> str:
        return keyed_hash(self.secret, purpose, *parts)


def _same(ours: str, given: str) -> bool:
    return hmac.compare_digest(ours.encode(), given.encode())
