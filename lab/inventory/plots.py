"""Plots of the report: forecasts of styles with their intervals, costs by service, and new pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from lab.inventory.backtest import Origin
from lab.inventory.cost import Compared
from lab.inventory.days import Book
from lab.inventory.new_pieces import FIRST_WEEKS, LOUPE, WITH_SEASON, Firsts
from services.inventory.forecast import counts
from services.inventory.forecast.backtest import HORIZON
from services.inventory.forecast.demand import Dimensions

mpl.use("Agg")
import matplotlib.pyplot as plt

_SHOWN = 4


@contextmanager
def _figure(path: Path, columns: int, width: float = 4.2, height: float = 3.2) -> Iterator[Sequence[Any]]:
    figure, axes = plt.subplots(1, columns, figsize=(width * columns, height), squeeze=False, layout="constrained")
    try:
        yield axes[0]
        figure.savefig(path, dpi=80, metadata={"Software": None})
    finally:
        plt.close(figure)


def styles(path: Path, of: Dimensions, made: Sequence[Origin], book: Book) -> None:
    """The four styles of which most is asked for: four weeks at a time, forecast from before them, and the truth."""
    truth = np.stack([of.styles.total(one.truth * one.scored[:, None]).sum(axis=1) for one in made], axis=1)
    sold = book.sales().sold
    with _figure(path, _SHOWN, width=3.4) as axes:
        for axis, row in zip(axes, np.argsort(-truth.sum(axis=1))[:_SHOWN], strict=True):
            means, spreads = [], []
            for one in made:
                mean = of.styles.total(one.made.of["piece"].mean[:, :HORIZON] * one.scored[:, None]).sum(axis=1)
                means.append(mean[row])
                spreads.append(one.made.of["style"].spread[row])
            weeks = np.array([one.week for one in made])
            low, high = counts.interval(np.array(means), np.array(spreads))
            axis.fill_between(weeks, low, high, color="C0", alpha=0.25, linewidth=0, label="80%")
            axis.plot(weeks, means, color="C0", label="forecast")
            axis.plot(weeks, truth[row], "k.", label="asked for")
            past = of.styles.total(sold * made[0].scored[:, None])[row]
            before = np.arange(made[0].week - 52, made[0].week, HORIZON)
            axis.plot(before, [past[week : week + HORIZON].sum() for week in before], color="0.6", label="sold before")
            axis.set(title=of.styles.names[row], xlabel="week")
        axes[0].set_ylabel("pieces in four weeks")
        axes[0].legend(fontsize=7)


def costs(path: Path, found: Sequence[Compared]) -> None:
    """Cost and service of every policy that was tried, a panel a shop."""
    with _figure(path, len(found), width=3.6) as axes:
        for axis, one in zip(axes, found, strict=True):
            tried = [run.cost for run in one.tried]
            axis.plot(
                [run.served for run in tried], [run.total for run in tried], ".", color="0.6", label="fixed (s, S)"
            )
            axis.plot(one.advised.cost.served, one.advised.cost.total, "o", color="C0", label="advice")
            axis.plot(one.fixed.cost.served, one.fixed.cost.total, "x", color="C3", label="serves as much")
            axis.set(xlabel="share served", xlim=(0.8, 1))
        axes[0].set_ylabel("cost a year")
        axes[0].legend(fontsize=7)


def firsts(path: Path, found: Firsts) -> None:
    """What new pieces were forecast to sell and were asked for, by looks and by the type's average."""
    with _figure(path, 2) as axes:
        for axis, name in zip(axes, (LOUPE, WITH_SEASON), strict=True):
            axis.plot(found.told[name], found.asked, ".", markersize=3, alpha=0.6)
            top = float(np.quantile(found.asked, 0.97))
            axis.plot([0, top], [0, top], color="0.7", linewidth=1)
            axis.set(title=name, xlabel="forecast", xlim=(0, top), ylim=(0, top))
        axes[0].set_ylabel(f"asked for in {FIRST_WEEKS} weeks")
