"""Which of yesterday's styles each of today's groups is, so that a style keeps its id and with it its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

LEAST_OVERLAP = 0.2
"""Intersection over union, of the pieces that were there both times: with less in common it is another style."""


def matched(groups: Sequence[Collection[str]], before: Mapping[str, Collection[str]]) -> list[str | None]:
    """The id of each group's style from the run before, None for a new one; no id twice.

    `groups` and `before` hold SKUs. The matching is the one with the most in common over all (Kuhn 1955). A piece that
    came or went since, or was of no style then or is of none now, says nothing of whether a style is the same.
    """
    names = list(before)
    then = {sku: column for column, name in enumerate(names) for sku in before[name]}
    common = np.zeros((len(groups), len(names)))
    mine, theirs = np.zeros(len(groups)), np.zeros(len(names))
    for row, group in enumerate(groups):
        for sku in group:
            if (column := then.get(sku)) is not None:
                common[row, column] += 1
                mine[row] += 1
                theirs[column] += 1
    overlaps = common / np.maximum(mine[:, None] + theirs[None] - common, 1)
    found: list[str | None] = [None] * len(groups)
    for row, column in zip(*linear_sum_assignment(overlaps, maximize=True), strict=True):
        if overlaps[row, column] >= LEAST_OVERLAP:
            found[row] = names[column]
    return found
