"""Where a list goes on, as its signed cursor holds it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from services.gateway.signing import Signer


@dataclass(frozen=True)
class Place:
    """How far a list was shown: `shown` items of it, and what the recommender gave to go on by; None at its start."""

    search_id: str
    shown: int = 0
    cursor: str | None = None


def place_of(signer: Signer, cursor: str | None, *scope: str) -> Place:
    """Raises `BadRequest` for a cursor that was not made for `scope`."""
    if cursor is None:
        return Place(uuid4().hex)
    search_id, shown, ours = signer.position(cursor, *scope).split(".", 2)
    return Place(search_id, int(shown), ours)


def cursor_of(signer: Signer, place: Place, more: int, following: str | None, *scope: str) -> str | None:
    """The cursor of the page after one that began at `place` and showed `more` items; None when there is none."""
    if following is None:
        return None
    return signer.cursor(f"{place.search_id}.{place.shown + more}.{following}", *scope)
