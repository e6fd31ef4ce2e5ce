"""Texts that were read, held against those that should be there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.contracts.comparing import TextFound

_TAKEN_FOR = str.maketrans("OQDILTSBZG", "0001115826")
"""Capitals that are easily taken for figures in worn or shallow letters."""


def text_found(expected: str, lines: Sequence[str]) -> TextFound:
    """The line, or the lines one after another, nearest to what is expected."""
    wanted = _kept(expected)
    whole = [*lines, " ".join(lines)] if len(lines) > 1 else list(lines)
    held = [(_agreement(wanted, _within(wanted, _kept(line))), line) for line in whole if _kept(line)]
    if not wanted or not held:
        return TextFound(expected=expected, read=None, agreement=0.0)
    (agreement, places), line = max(held, key=lambda one: one[0][0])
    if agreement < 1 / 3:  # another text altogether, whose places mean nothing
        places = []
    at = [number for number, each in enumerate(expected) if _kept(each)]
    return TextFound(
        expected=expected, read=line[:64], agreement=round(agreement, 4), differs=[at[place] for place in places]
    )


def _kept(text: str) -> str:
    """Letters and figures alone, in capitals: what a stamp has."""
    return "".join(each for each in text.upper() if each.isalnum() and len(each.upper()) == 1)


def _within(wanted: str, line: str) -> str:
    """The part of a longer line that is most like what is wanted."""
    if len(line) <= len(wanted):
        return line
    parts = [line[at : at + len(wanted)] for at in range(len(line) - len(wanted) + 1)]
    return max([*parts, line], key=lambda part: _agreement(wanted, part)[0])


def _agreement(wanted: str, read: str) -> tuple[float, list[int]]:
    """1 - edits / length, where what is taken for each other is no edit; and the places of `wanted` that were edited.

    Levenshtein 1966.
    """
    first, second = wanted.translate(_TAKEN_FOR), read.translate(_TAKEN_FOR)
    costs = np.zeros((len(first) + 1, len(second) + 1), int)
    costs[:, 0], costs[0] = np.arange(len(first) + 1), np.arange(len(second) + 1)
    for row in range(1, len(first) + 1):
        for column in range(1, len(second) + 1):
            other = first[row - 1] != second[column - 1]
            costs[row, column] = min(
                costs[row - 1, column] + 1, costs[row, column - 1] + 1, costs[row - 1, column - 1] + other
            )
    places, row, column = [], len(first), len(second)
    while row and column:
        if costs[row, column] == costs[row - 1, column - 1] + (first[row - 1] != second[column - 1]):
            if first[row - 1] != second[column - 1]:
                places.append(row - 1)
            row, column = row - 1, column - 1
        elif costs[row, column] == costs[row - 1, column] + 1:
            places.append(row - 1)
            row -= 1
        else:
            column -= 1
    places += range(row)
    return max(0.0, 1 - int(costs[-1, -1]) / max(len(first), len(second), 1)), sorted(places)
