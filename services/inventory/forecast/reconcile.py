"""Forecasts of pieces and of their groups made one: the groups' are then the sums of their pieces'.

Bottom-up takes the pieces as they are; top-down scales them to their styles'; minimum trace (Wickramasuriya,
Athanasopoulos and Hyndman 2019, with the errors' variances alone) lets each count by how far it was off before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.inventory.forecast.groups import Groups
from services.inventory.forecast.sales import Floats

Way = Literal["bottom-up", "top-down", "minimum-trace"]
WAYS: tuple[Way, ...] = ("bottom-up", "top-down", "minimum-trace")
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Told:
    """What is forecast of each group by itself, and by how much that tends to be off, squared."""

    groups: Groups
    mean: Floats
    variance: Floats


def reconcile(way: Way, pieces: Floats, variance: Floats, told: Sequence[Told]) -> Floats:
    """[pieces]: their means, so that sums of groups agree. `told` begins with the styles, which top-down goes by."""
    if way == "bottom-up" or not told:
        return pieces
    if way == "top-down":
        styles = told[0]
        scale = styles.mean / np.maximum(styles.groups.total(pieces), _LEAST)
        return pieces * styles.groups.spread(np.clip(scale, 0.1, 10))
    rows = np.concatenate([_dense(one.groups) for one in told])
    means = np.concatenate([one.mean for one in told])
    errors = np.concatenate([one.variance for one in told])
    weighted = rows * variance.astype(np.float32)
    gap = means - rows @ pieces
    joint = (weighted @ rows.T).astype(float) + np.diag(np.maximum(errors, _LEAST))
    moved: Floats = pieces + weighted.T @ np.linalg.solve(joint, gap)
    return np.clip(moved, 0.25 * pieces, 4 * pieces)


def _dense(groups: Groups) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows = np.zeros((len(groups.names), groups.pieces), np.float32)
    rows[groups.group, groups.piece] = groups.share
    return rows
