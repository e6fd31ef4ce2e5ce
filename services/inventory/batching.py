"""Many rows a few at a time: a statement has only so many parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def batches(rows: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """The rows in their order, up to `size` of them at a time."""
    return (rows[start : start + size] for start in range(0, len(rows), size))
