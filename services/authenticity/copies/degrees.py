"""How much two pictures, or the pieces in them, are alike: the degree, and a score of how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.comparing import CopyCheck
from shared.contracts.lookalikes import DEGREES, Degree, Finding
from shared.contracts.models import Probability
from shared.contracts.references import Words

DESIGN = Probability(slope=30.0, offset=-30.0 * 0.90)
"""How likely two pieces are of one design, by the cosine of their vectors: even at 0.90."""
SAME_PIECE_FROM = 0.97
"""Cosines of photos of one piece; also of its near-twins, so no more is said than that it seems so."""
SAME_DESIGN_FROM = 0.90
CHECKED_FROM_COSINE = 0.75
"""Pairs that are less alike are not looked at any further, unless their pictures are."""
CHECKED_FROM_BITS = 10
"""Of the 64 bits of a picture's hash: pairs that differ in more are no pictures of each other. Two unrelated pictures
differ in 32 +- 4."""


@dataclass(frozen=True, slots=True)
class Alike:
    """`cosine` of the nearest two pieces of two pictures; `bits` in which their hashes differ, at best."""

    cosine: float
    bits: int

    @property
    def worth_checking(self) -> bool:
        return self.cosine >= CHECKED_FROM_COSINE or self.bits <= CHECKED_FROM_BITS


def finding(alike: Alike, check: CopyCheck) -> Finding:
    """What the two are. That they are one picture outweighs how much their pieces look alike."""
    if check.degree != "none":
        return Finding(degree=check.degree, evidence="picture", score=check.probability, edits=check.edits)
    if alike.cosine >= SAME_PIECE_FROM:
        degree: Degree = "same_piece"
    else:
        degree = "same_design" if alike.cosine >= SAME_DESIGN_FROM else "similar"
    return Finding(degree=degree, evidence="design", score=round(DESIGN(alike.cosine), 4))


def stronger(degree: Degree, than: Degree) -> bool:
    return DEGREES.index(degree) < DEGREES.index(than)


def words(degree: Degree) -> Words:
    """What was compared, and that it does not say who may show what."""
    return Words(en=f"{_EN[degree]} {_SAYS_NOT.en}", zh=f"{_ZH[degree]}{_SAYS_NOT.zh}")


_EN: dict[Degree, str] = {
    "same_picture": "Both pictures are one and the same.",
    "edited_picture": "One picture seems to be made of the other.",
    "same_piece": "The pieces in the two pictures look the same.",
    "same_design": "The pieces in the two pictures seem to be of one design.",
    "similar": "The pieces in the two pictures look alike.",
}
_ZH: dict[Degree, str] = {
    "same_picture": "两张图片是同一张。",
    "edited_picture": "其中一张图片似乎由另一张修改而成。",
    "same_piece": "两张图片中的首饰看起来一样。",
    "same_design": "两张图片中的首饰似乎是同一款设计。",
    "similar": "两张图片中的首饰相似。",
}
_SAYS_NOT = Words(
    en="Only pictures were compared: that does not tell who was first, or who may sell what. A person decides.",
    zh="这里只比较了图片。由此看不出谁在先、谁有权出售。请由人判断。",
)
