"""How often what is decided is right, with intervals over families, since pictures of one are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from lab.authenticity.measured import Seen
from lab.authenticity.pairs import OTHER_DESIGN, Claim
from lab.statistics import bootstrap, calibration_error
from services.authenticity.deciding import Decision, Model, decide

TOGETHER = 0.25
"""Correlation within a family that is assumed where fewer than five claims hit, or miss."""
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, with its 95% interval by families: the wider of the bootstrap's, families drawn, and Clopper and
    Pearson's of as many independent claims as these are worth (design effect: Kish, 1965)."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else float("nan")

    def __str__(self) -> str:
        if not self.of:
            return "-"
        return f"{self.value:.2%} ({self.low:.2%}-{self.high:.2%}, n {self.of})"

    def figures(self) -> dict[str, float | int]:
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.of}


def share(hits: Bools, groups: Sequence[str]) -> Share:
    """Of `hits` (N,), whose `groups` are their families."""
    count = len(hits)
    if not count:
        return Share(0, 0, 0.0, 1.0)
    low, high = bootstrap(hits.astype(float), groups)
    worth = count / design_effect(hits, groups)
    right = float(hits.mean()) * worth
    exact_low = float(beta.ppf(0.025, right, worth - right + 1)) if right > 0 else 0.0
    exact_high = float(beta.ppf(0.975, right + 1, worth - right)) if right < worth else 1.0
    return Share(int(hits.sum()), count, min(low, exact_low), max(high, exact_high))


def upper_bound(hits: Bools, groups: Sequence[str]) -> float:
    """The one-sided 95% bound of a share, by Clopper and Pearson on as many independent claims as these are worth."""
    worth = len(hits) / design_effect(hits, groups)
    right = float(hits.mean()) * worth
    return float(beta.ppf(0.95, right + 1, worth - right)) if right < worth else 1.0


def design_effect(hits: Bools, groups: Sequence[str]) -> float:
    """The variance of the share by families over that of independent claims, 1 or more. Where hardly anything hits,
    families cannot tell it: then claims of one are taken to go together by `TOGETHER`."""
    names = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    places = np.array([names[name] for name in groups])
    sums, sizes = np.bincount(places, weights=hits.astype(float)), np.bincount(places)
    rate, clusters = float(hits.mean()), len(sizes)
    if hits.sum() < 5 or (~hits).sum() < 5 or clusters < 2:
        return 1 + TOGETHER * (float((sizes**2).sum() / sizes.sum()) - 1)
    within = ((sums - rate * sizes) ** 2).sum() / len(hits) ** 2 * clusters / (clusters - 1)
    return max(1.0, float(within / (rate * (1 - rate) / len(hits))))


@dataclass(frozen=True)
class Judged:
    """Claims with what was decided of each."""

    claims: Sequence[Claim]
    decisions: Sequence[Decision]

    def where(self, chosen: Sequence[bool] | Bools) -> Judged:
        places = np.flatnonzero(np.asarray(chosen, bool)).tolist()
        return Judged([self.claims[i] for i in places], [self.decisions[i] for i in places])

    def told(self, outcome: str) -> Bools:
        return np.array([one.outcome == outcome for one in self.decisions], bool)

    @property
    def groups(self) -> list[str]:
        return [claim.group for claim in self.claims]

    def share(self, outcome: str) -> Share:
        return share(self.told(outcome), self.groups)

    def answered(self) -> Share:
        return share(~self.told("cannot_tell"), self.groups)


def judged(claims: Sequence[Claim], seen: Sequence[Seen], model: Model) -> Judged:
    """As the service decides."""
    return Judged(claims, [decide(one.features, model) for one in seen])


def of_truth(found: Judged, truth: str) -> Judged:
    return found.where([claim.truth == truth for claim in found.claims])


def twins(found: Judged) -> Judged:
    return found.where([claim.is_twin for claim in found.claims])


def other_designs(found: Judged) -> Judged:
    return found.where([claim.kind == OTHER_DESIGN for claim in found.claims])


def calibration(found: Judged) -> tuple[float, float, float]:
    """The expected calibration error of all whose probability is told, and its 95% interval, families drawn."""
    told = found.where([one.probability is not None for one in found.decisions])
    right = np.array([claim.truth == "same" for claim in told.claims], bool)
    probabilities = np.array([one.probability for one in told.decisions], float)
    if not len(right):
        return float("nan"), 0.0, 1.0
    names = list(dict.fromkeys(told.groups))
    members: dict[str, list[int]] = {name: [] for name in names}
    for place, name in enumerate(told.groups):
        members[name].append(place)
    random, drawn = np.random.default_rng(0), []
    for _ in range(300):
        places = [place for i in random.integers(len(names), size=len(names)) for place in members[names[i]]]
        drawn.append(calibration_error(probabilities[places], right[places]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return calibration_error(probabilities, right), float(low), float(high)
