"""Whether bytes that a shop sent, or was to be sent, tell of a shopper: also where they break the contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from services.gateway.impressions import Whose

_LETTER = "loupe.event.refused"
_OF_SHOPPERS = ("shop.user.", "shop.order.", "loupe.suggestions.")
_REQUESTS = ("shop.user.erase", "shop.user.export")
_MOST_WORDS = 200


@dataclass(frozen=True)
class Named:
    """A shopper, and other words that name them."""

    whose: Whose
    also: Collection[str] = field(default_factory=tuple)

    @property
    def words(self) -> set[str]:
        return {*self.also, *(word for word in (self.whose.user_id, self.whose.session_id) if word)}

    def is_told_of(self, body: bytes) -> bool:
        """Whether a CloudEvent, a dead letter, or what should have been an event tells of the shopper.

        Where it names a user or a visit, by that; else by any word in it. Of what is about items: never.
        """
        kind, told = _read(body)
        if kind is not None and not kind.startswith(_OF_SHOPPERS):
            return False
        if isinstance(told, dict):
            data = told.get("data")
            if isinstance(data, dict) and names(data):
                return is_of(data, self.whose) or bool(set(self.also) & {*_words(data)})
            return bool(self.words & {*_words(told)})
        return any(orjson.dumps(word).decode() in told for word in self.words)

    def waits_in(self, body: bytes) -> bool:
        """The same of an event in the line in, but for requests to erase and to export, which are to be handled."""
        return _read(body)[0] not in _REQUESTS and self.is_told_of(body)


def words_of(body: bytes) -> set[str]:
    """The words of an event about shoppers, or of unknown type, any of which may name one; at most 200."""
    kind, told = _read(body)
    if not isinstance(told, dict) or (kind is not None and not kind.startswith(_OF_SHOPPERS)):
        return set()
    found: set[str] = set()
    for word in _words(told):
        found.add(word)
        if len(found) == _MOST_WORDS:
            break
    return found


def is_about_shoppers(body: bytes) -> bool:
    """Whether a dead letter may name a shopper at all."""
    kind, _ = _read(body)
    return kind is None or kind.startswith(_OF_SHOPPERS)


def names(data: dict[str, Any]) -> bool:
    return any(isinstance(data.get(name), str) for name in ("user_id", "session_id"))


def is_of(told: dict[str, Any], whose: Whose) -> bool:
    if whose.user_id is not None:
        return bool(told.get("user_id") == whose.user_id)
    return told.get("user_id") is None and bool(told.get("session_id") == whose.session_id)


def _read(body: bytes) -> tuple[str | None, Any]:
    """The type of an event and the event, or None and text where it is none. Of a dead letter, what died."""
    try:
        event = orjson.loads(body)
    except ValueError:
        return None, body.decode(errors="replace")
    if not isinstance(event, dict):
        return None, {"data": event}
    kind = event.get("type")
    if kind == _LETTER and isinstance(event.get("data"), dict):
        return _read(str(event["data"].get("original", "")).encode())
    return kind if isinstance(kind, str) else None, event


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
