"""The API keys of the shop."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from loupe.client.calls import Call, answer, json_body, nothing
from shared.contracts.fields import KeyScope
from shared.contracts.keys import OVERLAP_HOURS, Holder, Key, KeyIn, KeyList, KeyMade, KeyRotated, KeyRotation


def add_key(name: str, scopes: Iterable[KeyScope], *, expires_at: datetime | None = None) -> Call[KeyMade]:
    """Make a key, which ends at `expires_at` where that is given. Its `key` is in this answer and never again."""
    body = KeyIn(name=name, scopes=set(scopes), expires_at=expires_at)
    return Call("POST", "/v1/admin/keys", answer(KeyMade), body=json_body(body))


def rotate_key(key_id: str, *, overlap_hours: float = OVERLAP_HOURS) -> Call[KeyRotated]:
    """A new key in the place of one, which works so long beside it. Its `key` is in this answer and never again."""
    body = KeyRotation(overlap_hours=overlap_hours)
    path = "/v1/admin/keys/{key_id}:rotate"
    return Call("POST", path, answer(KeyRotated), {"key_id": key_id}, body=json_body(body))


def holder() -> Call[Holder]:
    """Who asks: the shop that this key belongs to, and its scopes."""
    return Call("GET", "/v1/holder", answer(Holder))


def keys() -> Call[list[Key]]:
    """Those that count, newest first; then those that ended last."""
    return Call("GET", "/v1/admin/keys", lambda response: answer(KeyList)(response).keys)


def revoke_key(key_id: str) -> Call[None]:
    """End a key: it works 5 seconds longer at most."""
    return Call("DELETE", "/v1/admin/keys/{key_id}", nothing, {"key_id": key_id})
