"""Moments as services keep them: whole milliseconds since 1970, a number that orders and compares as it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def number_of(moment: datetime) -> int:
    """Rounded down."""
    return int((moment - _EPOCH) // _MILLISECOND)


def moment_of(number: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=number)


def now() -> int:
    return number_of(datetime.now(UTC))
