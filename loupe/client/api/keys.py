"""The API keys of the shop."""

from __future__ import annotations

from collections.abc import Iterable

from loupe.client.calls import Call, answer, json_body, nothing
from shared.contracts.fields import KeyScope
from shared.contracts.keys import Key, KeyIn, KeyList, KeyMade


def add_key(name: str, scopes: Iterable[KeyScope]) -> Call[KeyMade]:
    """Make a key. Its `key` is in this answer and never again."""
    body = KeyIn(name=name, scopes=set(scopes))
    return Call("POST", "/v1/admin/keys", answer(KeyMade), body=json_body(body))


def keys() -> Call[list[Key]]:
    """Those that count, newest first; then those that were revoked last."""
    return Call("GET", "/v1/admin/keys", lambda response: answer(KeyList)(response).keys)


def revoke_key(key_id: str) -> Call[None]:
    """End a key: it works 5 seconds longer at most."""
    return Call("DELETE", "/v1/admin/keys/{key_id}", nothing, {"key_id": key_id})
