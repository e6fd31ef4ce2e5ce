"""From the features of two photos compared to a verdict on the design: a small file of coefficients, fitted by the lab.

Two questions, each a logistic model over standardised features. At a glance: is this quite another piece, wherever the
camera stood? Then, where one photo could be laid over the other: does a detail differ? Between the thresholds nobody
knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.comparing import FEATURES
from shared.contracts.fields import Share
from shared.contracts.verifying import Outcome, ReasonCode

MODEL = Path(__file__).parent / "models" / "decision.json"
_LARGEST_LOGIT = 30.0


class Logistic(BaseModel):
    """log odds = intercept + the sum of weight * (feature - centre) / scale. Features without a weight play no part."""

    model_config = ConfigDict(extra="forbid")

    intercept: float
    weights: dict[str, float]
    centre: dict[str, float]
    scale: dict[str, float]


class Glance(BaseModel):
    """This probability of being one piece, seen from any side, or less is of quite another one."""

    model_config = ConfigDict(extra="forbid")

    logistic: Logistic
    mismatch_to: Share


class Limit(BaseModel):
    """What has this feature `below` or `above` a value cannot tell, for the reason `code`."""

    model_config = ConfigDict(extra="forbid")

    feature: str
    below: float | None = None
    above: float | None = None
    code: ReasonCode


class Model(BaseModel):
    """`match_from`: this probability or more is a match; `mismatch_to`: this or less a mismatch. `cannot_tell`: limits
    of a photo; `incomparable`: of two that cannot be held against each other place by place."""

    model_config = ConfigDict(extra="forbid")

    version: str
    glance: Glance | None = None
    logistic: Logistic
    match_from: Share
    mismatch_to: Share
    cannot_tell: list[Limit] = Field(default_factory=list)
    incomparable: list[Limit] = Field(default_factory=list)

    @model_validator(mode="after")
    def _over_known_features(self) -> Self:
        both = [self.logistic, *([self.glance.logistic] if self.glance else [])]
        named = {name for one in both for name in one.weights}
        named |= {limit.feature for limit in (*self.cannot_tell, *self.incomparable)}
        if unknown := sorted(named - set(FEATURES)):
            raise ValueError(f"nobody tells the features {unknown}")
        for one in both:
            if missing := sorted(set(one.weights) - (set(one.centre) & set(one.scale))):
                raise ValueError(f"no centre or scale for {missing}")
        if self.mismatch_to >= self.match_from:
            raise ValueError("mismatch_to must be below match_from")
        return self


class Decision(BaseModel):
    """`probability` of a match in 0..1; None where a photo cannot tell, for the reasons `codes`. `at_a_glance`: quite
    another piece, whatever its details."""

    outcome: Outcome
    probability: Share | None = None
    at_a_glance: bool = False
    codes: list[ReasonCode] = Field(default_factory=list)


@cache
def fitted(path: Path = MODEL) -> Model:
    return Model.model_validate_json(path.read_bytes())


def decide(features: Mapping[str, float], model: Model | None = None) -> Decision:
    """The verdict on one photo against one picture. `features` has every name of `FEATURES`."""
    model = model or fitted()
    if codes := _broken(features, model.cannot_tell):
        return Decision(outcome="cannot_tell", codes=codes)
    if model.glance:
        alike = _sigmoid(score(features, model.glance.logistic))
        if alike <= model.glance.mismatch_to:
            return Decision(outcome="mismatch", probability=alike, at_a_glance=True)
    if codes := _broken(features, model.incomparable):
        return Decision(outcome="cannot_tell", codes=codes)
    return outcome_of(_sigmoid(score(features, model.logistic)), model)


def outcome_of(probability: float, model: Model) -> Decision:
    """Of details, where they can be told."""
    if probability >= model.match_from:
        return Decision(outcome="match", probability=probability)
    if probability <= model.mismatch_to:
        return Decision(outcome="mismatch", probability=probability)
    return Decision(outcome="cannot_tell", probability=probability, codes=["unsure"])


def score(features: Mapping[str, float], of: Logistic) -> float:
    """The log odds."""
    return of.intercept + sum(
        weight * (features[name] - of.centre[name]) / (of.scale[name] or 1.0) for name, weight in of.weights.items()
    )


def _sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-_LARGEST_LOGIT, min(_LARGEST_LOGIT, log_odds))))


def _broken(features: Mapping[str, float], limits: Sequence[Limit]) -> list[ReasonCode]:
    return list(dict.fromkeys(limit.code for limit in limits if _breaks(features[limit.feature], limit)))


def _breaks(value: float, limit: Limit) -> bool:
    return (limit.below is not None and value < limit.below) or (limit.above is not None and value > limit.above)
