"""Fits what decides, on the fit families alone: `python -m lab.authenticity.fit` writes the coefficients that serve.

Everything is chosen by what is told of families that a fit has not seen (five folds of families): the penalty, the
calibration, and both thresholds. Nothing of the test families is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from lab.authenticity.figures import Judged, calibration, of_truth, twins
from lab.authenticity.measured import Seen, measured
from lab.authenticity.pairs import Claim, Truth, claims
from lab.authenticity.render import CACHE
from services.authenticity.deciding import MODEL, Decision, Limit, Logistic, Model, outcome_of
from shared.contracts.comparing import FEATURES
from shared.contracts.verifying import Outcome

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEFT_OUT = frozenset({"text", "text_read", "same_picture"})
"""Features of close-ups, and of copies: what they say is weighed apart from how the piece looks."""
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)
FOLDS = 5
FALSE_MATCH, FALSE_MISMATCH = 0.0003, 0.015
"""Shares of near-twins told a match, and of the same piece told a mismatch, at which the thresholds are put: of
families drawn from those seen, 95 in 100 draws have no more."""
DRAWS = 200
TAIL = 0.15
"""Of the scores nearest to a threshold: an exponential tail is fitted to them, so that a threshold may lie beyond all
that was seen (peaks over a threshold: Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001)."""
GOOD_LOST = 0.01
"""Share of good photos that a limit may turn away."""
OUTLYING = 0.005
LEAST_FAMILIES = 30
"""Fewer say nothing of what happens once in a thousand claims."""
LIMITS = (
    ("query_sharpness", "below", "blurred", "blur"),
    ("query_glare", "above", "glare", "glare"),
    ("query_pixels", "below", "too-small", "too small"),
)
"""Feature, the side on which a photo cannot tell, the reason told, and the kind of claim that shows such photos."""


@dataclass(frozen=True)
class Fitted:
    """`scores`: log odds of every fit claim by a fit that had not seen its family."""

    model: Model
    scores: Floats
    penalty: float


def left_out(found: Sequence[Claim], seen: Sequence[Seen], made: Fitted) -> Judged:
    """What is told of each claim by the fit that had not seen its family, at the operating point."""
    turned = _turned_away(seen, made.model.cannot_tell)
    told = [
        Decision(outcome="cannot_tell") if away else outcome_of(_share(score), made.model)
        for away, score in zip(turned, made.scores.tolist(), strict=True)
    ]
    return Judged(found, told, np.array([_share(score) for score in made.scores.tolist()]))


def table(seen: Sequence[Seen], names: Sequence[str]) -> Floats:
    """The features (N, K) by name."""
    return np.array([[one.features[name] for name in names] for one in seen], float).reshape(len(seen), len(names))


def fit(found: Sequence[Claim], seen: Sequence[Seen], version: str, only: Sequence[str] = ()) -> Fitted:
    """By `only` these features; all of looks by default."""
    names = list(only) or [name for name in FEATURES if name not in LEFT_OUT]
    limits = _limits(found, seen)
    kept = np.array([claim.truth != "unknowable" for claim in found]) & ~_turned_away(seen, limits)
    values, same = table(seen, names), np.array([claim.truth == "same" for claim in found])
    fold = _folds(found)
    by_penalty = {penalty: _left_out(values, same, kept, fold, penalty) for penalty in PENALTIES}
    penalty = min(PENALTIES, key=lambda one: _loss(by_penalty[one][kept], same[kept]))
    scores = by_penalty[penalty]
    steeper = LogisticRegression(C=1e6).fit(scores[kept, None], same[kept])
    slope, shift = float(steeper.coef_[0, 0]), float(steeper.intercept_[0])
    whole = _logistic(values[kept], same[kept], penalty)
    centre, scale = values[kept].mean(0), _spread(values[kept])
    scores = slope * scores + shift
    twin = np.array([claim.is_twin for claim in found])
    groups = np.array([claim.group for claim in found])
    match_from = _threshold(scores[kept & twin], groups[kept & twin], FALSE_MATCH)
    mismatch_to = -_threshold(-scores[kept & same], groups[kept & same], FALSE_MISMATCH)
    if mismatch_to >= match_from:
        mismatch_to = match_from - 1e-3
    model = Model(
        version=version,
        logistic=Logistic(
            intercept=round(slope * float(whole.intercept_[0]) + shift, 6),
            weights=_rounded(names, slope * whole.coef_[0]),
            centre=_rounded(names, centre),
            scale=_rounded(names, scale),
        ),
        isotonic=None,
        match_from=round(_share(match_from), 6),
        mismatch_to=round(_share(mismatch_to), 6),
        cannot_tell=limits,
    )
    return Fitted(model, scores, penalty)


def _limits(found: Sequence[Claim], seen: Sequence[Seen]) -> list[Limit]:
    """What is not aligned cannot be told. The others each in the middle between the good photos and those of its kind
    that cannot tell, all but `OUTLYING` of either; where they overlap, so that `GOOD_LOST` of the good are lost."""
    good = [one for claim, one in zip(found, seen, strict=True) if claim.truth != "unknowable"]
    made = [Limit(feature="aligned", below=0.5, code="not-aligned")]
    for name, side, code, kind in LIMITS:
        poor = [one for claim, one in zip(found, seen, strict=True) if claim.kind == kind]
        sign = 1 if side == "above" else -1
        theirs, own = sign * table(poor, [name])[:, 0], sign * table(good, [name])[:, 0]
        best, worst = np.quantile(own, 1 - OUTLYING), np.quantile(theirs, OUTLYING) if len(theirs) else np.inf
        at = (best + worst) / 2 if best < worst < np.inf else np.quantile(own, 1 - GOOD_LOST)
        made.append(Limit.model_validate({"feature": name, side: round(sign * float(at), 5), "code": code}))
    return made


def _turned_away(seen: Sequence[Seen], limits: Sequence[Limit]) -> Bools:
    away = np.zeros(len(seen), bool)
    for limit in limits:
        values = table(seen, [limit.feature])[:, 0]
        away |= (values < limit.below) if limit.below is not None else (values > (limit.above or 0.0))
    return away


def _folds(found: Sequence[Claim]) -> npt.NDArray[np.intp]:
    groups = {name: i for i, name in enumerate(dict.fromkeys(claim.group for claim in found))}
    return np.array([groups[claim.group] % FOLDS for claim in found])


def _left_out(values: Floats, same: Bools, kept: Bools, fold: npt.NDArray[np.intp], penalty: float) -> Floats:
    """Log odds (N,) by fits that had not seen the fold."""
    scores = np.zeros(len(values))
    for number in range(FOLDS):
        train = kept & (fold != number)
        if not (fold == number).any():
            continue
        one = _logistic(values[train], same[train], penalty)
        mine = (values[fold == number] - values[train].mean(0)) / _spread(values[train])
        scores[fold == number] = one.decision_function(mine)
    return scores


def _logistic(values: Floats, same: Bools, penalty: float) -> LogisticRegression:
    standard = (values - values.mean(0)) / _spread(values)
    return LogisticRegression(C=penalty, max_iter=2_000).fit(standard, same)


def _spread(values: Floats) -> Floats:
    spread = values.std(0)
    return np.where(spread > 1e-9, spread, 1.0)


def _loss(scores: Floats, same: Bools) -> float:
    return float(np.logaddexp(0, np.where(same, -scores, scores)).mean())


def _threshold(scores: Floats, groups: npt.NDArray[np.str_], share: float) -> float:
    """The score that `share` of such scores exceed: its upper bound, families drawn."""
    names, places = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(places == i) for i in range(len(names))]
    random = np.random.default_rng(0)
    drawn = [np.concatenate([members[i] for i in random.integers(len(names), size=len(names))]) for _ in range(DRAWS)]
    return float(np.quantile([_exceeded(scores[which], share) for which in drawn], 0.95))


def _exceeded(scores: Floats, share: float) -> float:
    """By an exponential tail beyond their upper `TAIL`."""
    foot = float(np.quantile(scores, 1 - TAIL))
    beyond = scores[scores > foot] - foot
    mean = float(beyond.mean()) if len(beyond) else 0.0
    return foot + mean * float(np.log(TAIL / share))


def _share(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(log_odds, -13, 13))))


def _rounded(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in zip(names, values, strict=True)}


def main() -> None:
    from lab.authenticity.engine import Served

    found = claims(CACHE / "fit")
    families = len({claim.group for claim in found})
    if families < LEAST_FAMILIES:
        raise SystemExit(
            f"{families} fit families are rendered, {LEAST_FAMILIES} are needed: make renders-authenticity"
        )
    engine = Served()
    seen = measured(found, engine, CACHE)
    made = fit(found, seen, f"decision-1 for {engine.method}")
    engine.close()
    MODEL.write_text(
        json.dumps(made.model.model_dump(mode="json", exclude_none=True), indent=1) + "\n", encoding="utf-8"
    )
    print(f"{families} families, {len(found)} claims, penalty {made.penalty:g}: {Path(MODEL).name}")
    print(f"match from {made.model.match_from:.4f}, mismatch to {made.model.mismatch_to:.4f}")
    told = left_out(found, seen, made)
    for truth in get_args(Truth):
        mine = of_truth(told, truth)
        shares = ", ".join(f"{outcome} {mine.share(outcome)}" for outcome in get_args(Outcome))
        print(f"{truth}, families left out: {shares}")
    print(f"near-twins answered: {twins(told).answered()}; ECE {calibration(told)[0]:.3f}")


if __name__ == "__main__":
    main()
