"""What shoppers take up together, counted: nearer acts and later ones count more, and so does what comes after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shared.contracts.user_events import EventType

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_SECONDS_A_DAY = 86_400.0


class ActOf(Protocol):
    """What counting needs of an act."""

    @property
    def sku(self) -> str: ...
    @property
    def type(self) -> EventType: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """How acts are counted together; chosen by `make evaluate-recommender`, on its validation targets.

    Of two items `d` acts apart in a shopper's sequence the later one counts for the earlier one
    `nearness` ** (d - 1), and the earlier one for the later one `backward` times that. Acts more than `reach` apart
    count nothing, and a pair counts half as much every `half_life_days`. An item's counts are divided by how much it
    was taken up, to the power `damping`. Asked for the companions of several items, each counts `fading` times as much
    as the one after it.
    """

    nearness: float = 0.9
    backward: float = 0.7
    reach: int = 40
    half_life_days: float = 180.0
    damping: float = 0.2
    fading: float = 0.8
    companions: int = 200


@dataclass(frozen=True, slots=True)
class Sequences:
    """The acts of all shoppers, of each item of a shopper the last, sorted by shopper and then by time.

    `shopper` and `item` count from 0, `at` is in days since 1970, `strength` in 0..1; `skus` names the items, in order.
    """

    skus: Sequence[str]
    shopper: Ints
    item: Ints
    at: npt.NDArray[np.float64]
    strength: Floats

    def until(self, moment: float) -> Sequences:
        """Only what was done until then, in days since 1970."""
        kept = self.at <= moment
        return Sequences(self.skus, self.shopper[kept], self.item[kept], self.at[kept], self.strength[kept])

    def of_each(self) -> Iterator[slice]:
        """Where each shopper's acts are."""
        starts = np.flatnonzero(np.diff(self.shopper, prepend=-1))
        for first, end in zip(starts, [*starts[1:], len(self.shopper)], strict=True):
            yield slice(int(first), int(end))


@dataclass(frozen=True, slots=True)
class Counts:
    """Of item `i` the companions `item[start[i]:start[i + 1]]`, with what they count for it, the most first."""

    start: Ints
    item: Ints
    count: Floats


def sequences(baskets: Iterable[tuple[str, Sequence[ActOf]]], strengths: Mapping[EventType, float]) -> Sequences:
    """The acts that have a strength above 0, of each shopper and item the last, at the strength of the strongest.

    An item that the shopper dismissed or gave back (a strength below 0) after that has none.
    """
    numbers: dict[str, int] = {}
    rows: list[tuple[int, int, float, float]] = []
    for shopper, (_, acts) in enumerate(baskets):
        last: dict[str, tuple[float, float]] = {}
        for act in acts:
            strength = strengths.get(act.type, 0.0)
            if strength < 0:
                last.pop(act.sku, None)
            elif strength > 0:
                _, strongest = last.pop(act.sku, (0.0, 0.0))
                last[act.sku] = (act.at.timestamp() / _SECONDS_A_DAY, max(strength, strongest))
        rows.extend(
            (shopper, numbers.setdefault(sku, len(numbers)), at, strength) for sku, (at, strength) in last.items()
        )
    skus = sorted(numbers, key=str.encode)
    place = np.empty(len(skus), np.int64)
    place[[numbers[sku] for sku in skus]] = np.arange(len(skus))
    table = np.array(rows, np.float64).reshape(-1, 4)
    table = table[np.lexsort((table[:, 2], table[:, 0]))]  # stable: acts of one moment stay as they came
    return Sequences(
        skus,
        table[:, 0].astype(np.int64),
        place[table[:, 1].astype(np.int64)],
        table[:, 2],
        (table[:, 3] / max(1e-9, table[:, 3].max(initial=0.0))).astype(np.float32),
    )


def count(acts: Sequences, recipe: Recipe) -> Counts:
    """Each item's companions, at most `recipe.companions` of them."""
    items = len(acts.skus)
    newest = acts.at.max(initial=0.0)
    keys, counts = np.empty(0, np.int64), np.empty(0, np.float64)
    for apart in range(1, recipe.reach + 1):
        same = acts.shopper[apart:] == acts.shopper[:-apart]
        if not same.any():
            break
        earlier, later = acts.item[:-apart][same], acts.item[apart:][same]
        worth = np.sqrt(acts.strength[:-apart][same] * acts.strength[apart:][same].astype(np.float64))
        worth *= recipe.nearness ** (apart - 1) * 0.5 ** ((newest - acts.at[apart:][same]) / recipe.half_life_days)
        keys, counts = _summed(
            np.concatenate((keys, earlier * items + later, later * items + earlier)),
            np.concatenate((counts, worth, recipe.backward * worth)),
        )
    taken_up = np.bincount(acts.item, minlength=items)
    return _strongest(keys, counts / taken_up[keys // max(1, items)] ** recipe.damping, items, recipe.companions)


def _summed(keys: Ints, counts: npt.NDArray[np.float64]) -> tuple[Ints, npt.NDArray[np.float64]]:
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[first], np.add.reduceat(counts[order], first) if len(first) else counts


def _strongest(keys: Ints, counts: npt.NDArray[np.float64], items: int, most: int) -> Counts:
    of, companion = np.divmod(keys, max(1, items))
    order = np.lexsort((companion, -counts, of))
    of = of[order]
    start = np.searchsorted(of, np.arange(items + 1))
    kept = np.arange(len(of)) - start[of] < most
    of = of[kept]
    order = order[kept]
    return Counts(np.searchsorted(of, np.arange(items + 1)), companion[order], counts[order].astype(np.float32))
