"""How sure a look makes us on a tray, as fitted on rendered trays (`make stock-trays`)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.models import Model

SHARPER = 2.5
"""Of a tray's pieces each is told among a few that are expected: a difference of cosines says more than among all."""
HARDER = -4.0
EXPECTED = 3.0


@dataclass(frozen=True, slots=True)
class Sureness:
    """The weight of a pair is exp(`slope` * cosine + `offset`), times exp(`expected`) where the item is expected there;
    that of "none of them" is 1.

    From `present`, and `unexpected`, on a piece is told to be that item; an expected one is told to be missing when it
    is none of the pieces that nobody is sure of, by at least `missing`.
    """

    slope: float
    offset: float
    expected: float = EXPECTED
    present: float = 0.97
    unexpected: float = 0.99
    missing: float = 0.9

    @classmethod
    def of(cls, model: Model) -> Sureness | None:
        """By what the model's cosines mean, which its makers measured; None where nobody has: then nothing is sure."""
        same = model.same
        return cls(SHARPER * same.slope, SHARPER * same.offset + HARDER) if same else None
