"""What tests of the history of shoppers say and look for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.recommender.history import History, Who
from shared.contracts.impressions import ShownList
from shared.contracts.user_events import UserEvent

NOW = datetime.now(UTC).replace(microsecond=0)
_numbers = count()


def event(sku: str | None = "RING-1", *, minutes_ago: float = 0, **fields: Any) -> UserEvent:
    """A click, unless `type` says another, with an id of its own unless `id` does."""
    given = {"id": f"e-{next(_numbers)}", "type": "clicked", "sku": sku, "at": NOW - timedelta(minutes=minutes_ago)}
    return UserEvent.model_validate(given | fields)


def search(name: int, **fields: Any) -> UserEvent:
    """That a shopper searched, by the search of this number."""
    return event(None, type="searched", search_id=search_id(name), **fields)


def search_id(name: int) -> str:
    return f"{name:032x}"


def shown(name: int, *skus: str, minutes_ago: float = 0, **fields: Any) -> ShownList:
    """What the search of this number found."""
    at = NOW - timedelta(minutes=minutes_ago)
    return ShownList(search_id=search_id(name), ranking="r", at=at, skus=list(skus), **{"place": "results", **fields})


def did(history: History, tenant: str, user_id: str | None = None, session_id: str | None = None) -> list[str]:
    """What a shopper acted on, newest first."""
    return [act.sku for act in history.shopper(tenant, Who(user_id, session_id)).recent]
