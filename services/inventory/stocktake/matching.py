"""Which expected piece each piece of a tray is, all at once: no two of them can be the same one.

A piece alone is told by its look. On a tray there is more to go by: what is expected there, and that each of it is
there once. So likelihoods contend along both sides until they agree (Sinkhorn 1967, with a place for "none of them" on
either side, as SuperGlue, Sarlin et al. 2020, section 3.2), and the pairs are those that are likeliest over all (Kuhn
1955). What stays likely then is sure, and only then; else a closer photo is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from services.inventory.stocktake.sureness import Sureness

Floats = npt.NDArray[np.float64]
Outcome = Literal["present", "unexpected", "unsure"]
_ROUNDS = 60
_TOLD = 3
"""Candidates of a piece that is not sure."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that a piece may be, and how likely, in 0..1."""

    sku: str
    probability: float


@dataclass(frozen=True, slots=True)
class Match:
    """What a piece of the tray is. `sku` None: nobody is sure, and `candidates` are the likeliest, those first."""

    outcome: Outcome
    sku: str | None
    probability: float
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """`matches`: one a piece, in their order. `missing`: SKU -> how many of it are surely not on the tray; `unsure` ->
    how many may be among the pieces that nobody is sure of."""

    matches: tuple[Match, ...]
    missing: Mapping[str, int]
    unsure: Mapping[str, int]


def matched(cosines: Floats, skus: Sequence[str], expected: Mapping[str, int], sureness: Sureness) -> Matching:
    """`cosines` [p, n]: each piece of the tray to the nearest view of each of the shop's `skus`, which all have one.

    `expected`: SKU -> how many of it should lie there; any other may lie there once by mistake. One that has no view is
    never told to be missing.
    """
    counts = np.array([expected.get(sku, 0) for sku in skus], float)
    wanted = counts > 0
    likely = _agreed(_weights(cosines, wanted, sureness), np.where(wanted, counts, 1.0))
    slots = np.repeat(np.arange(len(skus)), np.maximum(counts, 1).astype(int))
    chosen = np.full(len(cosines), -1)
    if cosines.size:
        odds = np.log(np.maximum(np.hstack([likely[:, slots], _nobody(likely)]), 1e-12))
        rows, columns = linear_sum_assignment(odds, maximize=True)
        chosen[rows] = np.where(columns < len(slots), slots[np.minimum(columns, len(slots) - 1)], -1)
    matches = tuple(
        _match(int(column), of_piece, skus, wanted, sureness) for column, of_piece in zip(chosen, likely, strict=True)
    )
    return Matching(matches, *_lacking(matches, skus, expected, likely, sureness))


def _weights(cosines: Floats, wanted: npt.NDArray[np.bool_], sureness: Sureness) -> Floats:
    """How much speaks for each pair, against "none of them", which is 1.

    That some piece lies astray is as likely in a shop of 100 pieces as in one of 100,000: which of them, is not.
    """
    others = max(1, int((~wanted).sum()))
    astray = np.log(sureness.astray * max(1, int(wanted.sum())) / others)
    told = sureness.slope * cosines + sureness.offset + np.where(wanted, 0.0, min(0.0, astray))
    return np.asarray(np.exp(np.clip(told, -60.0, 60.0)))


def _agreed(weights: Floats, counts: Floats) -> Floats:
    """How likely each piece is each item: it is one or none of them, and of each there are no more than `counts`."""
    if not weights.size:
        return np.zeros(weights.shape)
    rows, columns = np.ones(len(weights)), np.ones(weights.shape[1])
    for _ in range(_ROUNDS):
        rows = 1 / (1 + weights @ columns)
        columns = np.minimum(1.0, counts / np.maximum(rows @ weights, 1e-300))
    likely = rows[:, None] * weights * columns[None]
    likely /= np.maximum(1.0, likely.sum(axis=1))[:, None]
    return likely


def _nobody(likely: Floats) -> Floats:
    """A column for each piece that is none of them, which no other piece may take."""
    own = np.full((len(likely), len(likely)), 1e-12)
    np.fill_diagonal(own, np.maximum(1 - likely.sum(axis=1), 1e-9))
    return own


def _match(
    column: int, likely: Floats, skus: Sequence[str], wanted: npt.NDArray[np.bool_], sureness: Sureness
) -> Match:
    probability = float(likely[column]) if column >= 0 else 0.0
    if column >= 0 and probability >= (sureness.present if wanted[column] else sureness.unexpected):
        return Match("present" if wanted[column] else "unexpected", skus[column], probability)
    best = np.argsort(-likely, kind="stable")[:_TOLD]
    candidates = tuple(Candidate(skus[place], float(likely[place])) for place in best if likely[place] >= 0.01)
    return Match("unsure", None, probability, candidates)


def _lacking(
    matches: Sequence[Match],
    skus: Sequence[str],
    expected: Mapping[str, int],
    likely: Floats,
    sureness: Sureness,
) -> tuple[dict[str, int], dict[str, int]]:
    missing: dict[str, int] = {}
    unsure: dict[str, int] = {}
    known = {sku: place for place, sku in enumerate(skus)}
    doubtful = likely[[row for row, match in enumerate(matches) if match.outcome == "unsure"]]
    shares = doubtful / np.maximum(doubtful.sum(axis=1, keepdims=True), 1e-12)  # if it is a piece of the shop at all
    for sku, count in expected.items():
        found = sum(match.sku == sku for match in matches)
        if found >= count:
            continue
        place = known.get(sku)
        among = float(shares[:, place].sum()) if place is not None else 0.0
        if place is not None and among <= 1 - sureness.missing:
            missing[sku] = count - found
        else:
            unsure[sku] = count - found
    return missing, unsure
