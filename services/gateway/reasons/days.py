"""How a day that is past is best told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

NEW = timedelta(days=60)
"""So long a piece is new."""
_WEEK = timedelta(days=7)
_SAME_DATE_AGAIN = timedelta(days=300)

Way = Literal["today", "yesterday", "weekday", "date", "date and year"]


def way_of(at: datetime, now: datetime) -> Way:
    """Both in UTC. A day to come is told as today: clocks differ."""
    ago = now.date() - at.date()
    if ago <= timedelta(0):
        return "today"
    if ago == timedelta(days=1):
        return "yesterday"
    if ago < _WEEK:
        return "weekday"
    return "date" if ago < _SAME_DATE_AGAIN else "date and year"
