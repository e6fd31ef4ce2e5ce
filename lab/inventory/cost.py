"""What running the advice costs against fixed (s, S), which is tuned with the tested year before its eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from lab.inventory.days import Book, Cost, Policy, cost, live
from lab.inventory.policies import HOLDING, MARGIN, Advised, Feel, Fixed
from services.inventory.forecast.backtest import Chosen
from services.inventory.forecast.demand import Dimensions

REORDERS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
COVERS = (0.0, 2.0)
_SAME = 0.0005
"""Of the demand: service is the same within so much."""


@dataclass(frozen=True, slots=True)
class Run:
    """A policy over the tested year, from the same books."""

    name: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class Compared:
    """`fixed`: of all tuned ones that serve at least as much as `advised`, the cheapest; `cheapest` of all."""

    feel: Run
    advised: Run
    fixed: Run
    cheapest: Run
    tried: Sequence[Run]

    @property
    def saved(self) -> float:
        """The share of the cost of fixed (s, S) that the advice saves at the same service."""
        return 1 - self.advised.cost.total / self.fixed.cost.total


def compare(before: Book, of: Dimensions, chosen: Chosen, seed: int) -> Compared:
    """`before`: the books at the start of the tested year."""
    advised = _run("Loupe's advice", before, Advised(of, chosen))
    tried = [
        _run(f"fixed, s = {reorder:g} lead times' sales, S - s = {cover:g} weeks'", before, Fixed(reorder, cover))
        for reorder, cover in product(REORDERS, COVERS)
    ]
    serving = [run for run in tried if run.cost.served >= advised.cost.served - _SAME]
    cheapest = min(tried, key=lambda run: run.cost.total)
    most = max(tried, key=lambda run: run.cost.served)
    fixed = min(serving, key=lambda run: run.cost.total) if serving else most
    return Compared(_run("the merchant's feeling", before, Feel(before, seed)), advised, fixed, cheapest, tried)


def _run(name: str, before: Book, policy: Policy) -> Run:
    book = live(before.copy(), before.world.days, policy)
    return Run(name, cost(book, MARGIN, HOLDING))
