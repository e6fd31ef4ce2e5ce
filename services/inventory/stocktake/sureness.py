"""How sure a look makes us on a tray, as fitted on rendered trays (`make stock-trays`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sureness:
    """The weight of a pair is exp(`slope` * cosine + `offset`), times exp(`expected`) where the item is expected there;
    that of "none of them" is 1.

    From `present`, and `unexpected`, on a piece is told to be that item; an expected one is told to be missing when it
    is none of the pieces that nobody is sure of, by at least `missing`.
    """

    slope: float = 30.0
    offset: float = -18.0
    expected: float = 3.0
    present: float = 0.97
    unexpected: float = 0.99
    missing: float = 0.9


FITTED = Sureness()
