"""How sure a look makes us on a tray, as fitted on rendered trays (`make stock-trays`)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.models import Model

SHARPER = 2.0
"""Of a tray's pieces each is told among a few that are expected: a difference of cosines says more than among all."""
EASIER = 12.0
"""And it is more likely one of them than a photo from anywhere is of anything that the shop has."""
ASTRAY = 0.02
"""Of the pieces on a tray, those that should not lie there."""
PRESENT, UNEXPECTED, MISSING = 0.9, 0.97, 0.98


@dataclass(frozen=True, slots=True)
class Sureness:
    """The weight of a pair is exp(`slope` * cosine + `offset`), and that of "none of them" is 1. Of all pairs with what
    is not expected it is less, as the share `astray` of pieces lies where they should not.

    From `present`, and `unexpected`, on a piece is told to be that item; an expected one is told to be missing when it
    is none of the pieces that nobody is sure of, by at least `missing`.
    """

    slope: float
    offset: float
    astray: float = ASTRAY
    present: float = PRESENT
    unexpected: float = UNEXPECTED
    missing: float = MISSING

    @classmethod
    def of(cls, model: Model) -> Sureness | None:
        """By what the model's cosines mean, which its makers measured; None where nobody has: then nothing is sure."""
        same = model.same
        return cls(SHARPER * same.slope, SHARPER * same.offset + EASIER) if same else None
