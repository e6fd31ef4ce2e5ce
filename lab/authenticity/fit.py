"""Fits what decides, on the fit families, and on real photos of shops that are in no test where there are some:
`python -m lab.authenticity.fit` writes the coefficients that serve.

Everything is chosen by what is told of families that a fit has not seen (five folds of families): the penalty, the
calibration, and the thresholds. Nothing of the test families is read.
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
from lab.authenticity.pairs import OTHER_DESIGN, OTHER_SIDE, REAL_OTHERS, Claim, Truth, claims
from lab.authenticity.real import real_claims
from lab.authenticity.render import CACHE
from services.authenticity.deciding import MODEL, Decision, Glance, Limit, Logistic, Model, outcome_of
from shared.contracts.comparing import FEATURES
from shared.contracts.verifying import Outcome

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

GLANCE = ("deep", "deep_form", "deep_colour", "type_agrees", "metal_agrees")
"""Features of the whole piece, which no alignment is needed for."""
LEFT_OUT = frozenset({"text", "text_read", "same_picture"})
"""Features of close-ups, and of copies: what they say is weighed apart from how the piece looks."""
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)
FOLDS = 5
FALSE_MATCH, FALSE_MISMATCH, FALSE_GLANCE = 0.0003, 0.012, 0.008
"""Shares of near-twins told a match, and of the same piece told a mismatch by its details and at a glance, at which the
thresholds are put: of families drawn from those seen, 95 in 100 draws have no more."""
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
INCOMPARABLE = [Limit(feature="aligned", below=0.5, code="not-aligned")]


@dataclass(frozen=True)
class Learned:
    """`scores` (N,): log odds of every claim by a fit that had not seen its family."""

    logistic: Logistic
    scores: Floats
    penalty: float


@dataclass(frozen=True)
class Fitted:
    """`decisions`: of each claim, at the operating point, by fits that had not seen its family."""

    model: Model
    decisions: list[Decision]
    penalty: float


def left_out(found: Sequence[Claim], made: Fitted) -> Judged:
    """What is told of each claim by the fit that had not seen its family."""
    return Judged(found, made.decisions)


def table(seen: Sequence[Seen], names: Sequence[str]) -> Floats:
    """The features (N, K) by name."""
    return np.array([[one.features[name] for name in names] for one in seen], float).reshape(len(seen), len(names))


def fit(found: Sequence[Claim], seen: Sequence[Seen], version: str, only: Sequence[str] = ()) -> Fitted:
    """What tells quite another piece at a glance, with one weight for pieces and others, of renders and of real photos;
    and what tells details, of those that can be compared: its probability is right of the renders, where fewer claims
    are true than among the real ones. By `only` these features; all of looks by default."""
    names = list(only) or [name for name in FEATURES if name not in LEFT_OUT]
    limits = _limits(found, seen)
    good = ~_broken(seen, limits)
    real, kinds = np.array([claim.real for claim in found]), np.array([claim.kind for claim in found])
    same = np.array([claim.truth == "same" for claim in found])
    fold, groups = _folds(found), np.array([claim.group for claim in found])

    own, another = same | (kinds == OTHER_SIDE), np.isin(kinds, (OTHER_DESIGN, REAL_OTHERS))
    glanced = good & (own | another)
    quarters = [glanced & (real == of) & (own == one) for of in (False, True) for one in (False, True)]
    even = np.sum([quarter / max(quarter.sum(), 1) for quarter in quarters], axis=0) * glanced.sum() / len(quarters)
    whole = _learned(seen, [name for name in GLANCE if name in names], own, glanced, even, fold, glanced)
    another_to = _lowest(whole.scores, glanced & own, real, groups, FALSE_GLANCE)

    compared = good & ~_broken(seen, INCOMPARABLE)
    told = compared & np.array([claim.truth != "unknowable" for claim in found]) & (kinds != REAL_OTHERS)
    details = _learned(seen, names, same, told, np.ones(len(found)), fold, told & ~real)
    twin = told & np.array([claim.is_twin for claim in found])
    match_from = _threshold(details.scores[twin], groups[twin], FALSE_MATCH)
    mismatch_to = min(_lowest(details.scores, told & same, real, groups, FALSE_MISMATCH), match_from - 1e-3)

    model = Model(
        version=version,
        glance=Glance(logistic=whole.logistic, mismatch_to=round(_share(another_to), 6)),
        logistic=details.logistic,
        match_from=round(_share(match_from), 6),
        mismatch_to=round(_share(mismatch_to), 6),
        cannot_tell=limits,
        incomparable=INCOMPARABLE,
    )
    decisions = [
        _decision(*each, model)
        for each in zip(good.tolist(), whole.scores.tolist(), compared.tolist(), details.scores.tolist(), strict=True)
    ]
    return Fitted(model, decisions, details.penalty)


def _decision(good: bool, whole: float, comparable: bool, detail: float, model: Model) -> Decision:
    """As `decide` does of features, of log odds."""
    if good and model.glance and _share(whole) <= model.glance.mismatch_to:
        return Decision(outcome="mismatch", probability=_share(whole), at_a_glance=True)
    return outcome_of(_share(detail), model) if comparable else Decision(outcome="cannot_tell")


def _limits(found: Sequence[Claim], seen: Sequence[Seen]) -> list[Limit]:
    """Of renders. Each in the middle between the good photos and those of its kind that cannot tell, all but `OUTLYING`
    of either; where they overlap, so that `GOOD_LOST` of the good are lost."""
    good = [one for claim, one in zip(found, seen, strict=True) if claim.truth != "unknowable" and not claim.real]
    made = []
    for name, side, code, kind in LIMITS:
        poor = [one for claim, one in zip(found, seen, strict=True) if claim.kind == kind]
        sign = 1 if side == "above" else -1
        theirs, own = sign * table(poor, [name])[:, 0], sign * table(good, [name])[:, 0]
        best, worst = np.quantile(own, 1 - OUTLYING), np.quantile(theirs, OUTLYING) if len(theirs) else np.inf
        at = (best + worst) / 2 if best < worst < np.inf else np.quantile(own, 1 - GOOD_LOST)
        made.append(Limit.model_validate({"feature": name, side: round(sign * float(at), 5), "code": code}))
    return made


def _broken(seen: Sequence[Seen], limits: Sequence[Limit]) -> Bools:
    away = np.zeros(len(seen), bool)
    for limit in limits:
        values = table(seen, [limit.feature])[:, 0]
        away |= (values < limit.below) if limit.below is not None else (values > (limit.above or 0.0))
    return away


def _folds(found: Sequence[Claim]) -> npt.NDArray[np.intp]:
    groups = {name: i for i, name in enumerate(dict.fromkeys(claim.group for claim in found))}
    return np.array([groups[claim.group] % FOLDS for claim in found])


def _learned(
    seen: Sequence[Seen],
    names: Sequence[str],
    same: Bools,
    of: Bools,
    weights: Floats,
    fold: npt.NDArray[np.intp],
    calibrated: Bools,
) -> Learned:
    """Whether claims are of the `same`, from those in `of`; the probabilities are right of those in `calibrated`."""
    values = table(seen, names)
    by_penalty = {penalty: _unseen(values, same, of, weights, fold, penalty) for penalty in PENALTIES}
    penalty = min(PENALTIES, key=lambda one: _loss(by_penalty[one][of], same[of], weights[of]))
    scores = by_penalty[penalty]
    steeper = LogisticRegression(C=1e6).fit(scores[calibrated, None], same[calibrated], weights[calibrated])
    slope, shift = float(steeper.coef_[0, 0]), float(steeper.intercept_[0])
    whole = _logistic(values[of], same[of], weights[of], penalty)
    logistic = Logistic(
        intercept=round(slope * float(whole.intercept_[0]) + shift, 6),
        weights=_rounded(names, slope * whole.coef_[0]),
        centre=_rounded(names, values[of].mean(0)),
        scale=_rounded(names, _spread(values[of])),
    )
    return Learned(logistic, slope * scores + shift, penalty)


def _unseen(
    values: Floats, same: Bools, of: Bools, weights: Floats, fold: npt.NDArray[np.intp], penalty: float
) -> Floats:
    """Log odds (N,) by fits that had not seen the fold."""
    scores = np.zeros(len(values))
    for number in range(FOLDS):
        train = of & (fold != number)
        if not (fold == number).any():
            continue
        one = _logistic(values[train], same[train], weights[train], penalty)
        mine = (values[fold == number] - values[train].mean(0)) / _spread(values[train])
        scores[fold == number] = one.decision_function(mine)
    return scores


def _logistic(values: Floats, same: Bools, weights: Floats, penalty: float) -> LogisticRegression:
    standard = (values - values.mean(0)) / _spread(values)
    return LogisticRegression(C=penalty, max_iter=2_000).fit(standard, same, weights)


def _spread(values: Floats) -> Floats:
    spread = values.std(0)
    return np.where(spread > 1e-9, spread, 1.0)


def _loss(scores: Floats, same: Bools, weights: Floats) -> float:
    return float(np.average(np.logaddexp(0, np.where(same, -scores, scores)), weights=weights))


def _lowest(scores: Floats, of: Bools, real: Bools, groups: npt.NDArray[np.str_], share: float) -> float:
    """The score under which no more than `share` of either are, of renders and of real photos."""
    both = [of & (real == one) for one in (False, True)]
    return min(-_threshold(-scores[one], groups[one], share) for one in both if one.any())


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

    rendered = claims(CACHE / "fit")
    families = len({claim.group for claim in rendered})
    if families < LEAST_FAMILIES:
        raise SystemExit(
            f"{families} fit families are rendered, {LEAST_FAMILIES} are needed: make renders-authenticity"
        )
    found = [*rendered, *real_claims("train", "val")]
    engine = Served()
    seen = measured(found, engine, CACHE)
    made = fit(found, seen, f"decision-2 for {engine.method}")
    engine.close()
    MODEL.write_text(
        json.dumps(made.model.model_dump(mode="json", exclude_none=True), indent=1) + "\n", encoding="utf-8"
    )
    print(f"{families} families, {len(found)} claims, penalty {made.penalty:g}: {Path(MODEL).name}")
    print(f"match from {made.model.match_from:.4f}, mismatch to {made.model.mismatch_to:.4f}")
    told = left_out(found, made)
    for kind in dict.fromkeys(claim.kind for claim in found if not claim.is_twin):
        _print(kind, told.where([claim.kind == kind for claim in found]))
    _print("near-twins", twins(told))
    for truth in get_args(Truth):
        _print(f"renders: {truth}", of_truth(told, truth).where([not c.real for c in found if c.truth == truth]))
    rendering = told.where([not claim.real for claim in found])
    print(f"near-twins answered: {twins(told).answered()}; ECE {calibration(rendering)[0]:.3f}")


def _print(what: str, mine: Judged) -> None:
    shares = ", ".join(f"{outcome} {mine.share(outcome)}" for outcome in get_args(Outcome))
    print(f"{what}, families left out: {shares}")


if __name__ == "__main__":
    main()
