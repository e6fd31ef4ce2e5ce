"""From which score on a shop hears of something, and how what people decide moves that.

Each decision says whether a finding of some score was right. One number, `shift`, is added to the logit of every
score: the most probable one under a normal prior around 0 (logistic regression with its slope held at 1, after Platt,
1999), in `-BOUND..BOUND`. With few decisions it hardly moves; no number of them can silence everything, or let
everything through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from shared.contracts.lookalikes import Evidence, LookalikeThreshold

AT_FIRST: dict[Evidence, float] = {"picture": 0.5, "design": 0.5}
BOUND = 2.0
"""Of the shift, in units of the logit: odds are at most 7.4 times as large or as small."""
_PRIOR_DEVIATION = 1.0
_STEPS = 20
_EDGE = 1e-4

Decided = tuple[float, bool]
"""The score of a finding, and whether a person said that it was right."""


def shift_of(decisions: Sequence[Decided]) -> float:
    """In `-BOUND..BOUND`; above 0 where findings are right more often than their scores say. 0 without decisions."""
    logits = [_logit(score) for score, _ in decisions]
    shift = 0.0
    for _ in range(_STEPS):  # Newton's; the function is concave
        sure = [_logistic(logit + shift) for logit in logits]
        slope = (
            sum(float(right) - p for (_, right), p in zip(decisions, sure, strict=True)) - shift / _PRIOR_DEVIATION**2
        )
        bend = sum(p * (1 - p) for p in sure) + 1 / _PRIOR_DEVIATION**2
        step = slope / bend
        shift = min(max(shift + step, -BOUND), BOUND)
        if abs(step) < 1e-6:
            break
    return shift


def threshold(evidence: Evidence, decisions: Sequence[Decided]) -> LookalikeThreshold:
    """Where it is after these decisions."""
    at_first = AT_FIRST[evidence]
    return LookalikeThreshold(
        evidence=evidence,
        threshold=_moved(at_first, shift_of(decisions)),
        at_first=at_first,
        lowest=_moved(at_first, BOUND),
        highest=_moved(at_first, -BOUND),
        right=sum(right for _, right in decisions),
        wrong=sum(not right for _, right in decisions),
    )


def _moved(at_first: float, shift: float) -> float:
    return round(_logistic(_logit(at_first) - shift), 4)


def _logit(score: float) -> float:
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
