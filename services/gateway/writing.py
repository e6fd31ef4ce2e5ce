"""A write that may meet another gateway's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.database import Database
from shared.errors import Retryable

_T = TypeVar("_T")
_MEETINGS = 10


def write(database: Database, work: Callable[[Session], _T]) -> _T:
    """What `work` gives, in a transaction of its own: again when another gateway made one of its rows meanwhile."""
    for _ in range(_MEETINGS):
        try:
            with database.write() as session:
                return work(session)
        except IntegrityError:  # another gateway made the same row at the same moment: now it is there
            continue
    raise Retryable("Other requests make the same items at this moment. Send this one again.")
