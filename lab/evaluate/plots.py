"""Plots of a report. They show figures only, never a picture of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from lab.evaluate.abstention import reliability, risk_coverage
from lab.evaluate.classification import Classification

mpl.use("Agg")
import matplotlib.pyplot as plt


@contextmanager
def _figure(path: Path, columns: int, width: float = 4.2, height: float = 4.0) -> Iterator[Sequence[Any]]:
    """Axes side by side, written to `path` as PNG with the same bytes every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(1, columns, figsize=(width * columns, height), squeeze=False, layout="constrained")
    try:
        yield axes[0]
        figure.savefig(path, dpi=80, metadata={"Software": None})
    finally:
        plt.close(figure)


def confusions(path: Path, found: Mapping[str, Classification]) -> None:
    """A confusion matrix a model, rows scaled to 1."""
    with _figure(path, len(found)) as axes:
        for axis, (name, result) in zip(axes, found.items(), strict=True):
            there = np.flatnonzero(result.confusion.sum(axis=1))
            counts = result.confusion[there]
            axis.imshow(counts / counts.sum(axis=1, keepdims=True), vmin=0, vmax=1, cmap="Blues", aspect="auto")
            for row, column in np.ndindex(*counts.shape):
                if count := counts[row, column]:
                    dark = count > 0.5 * counts[row].sum()
                    axis.text(column, row, str(count), ha="center", va="center", color="w" if dark else "k", fontsize=7)
            axis.set_yticks(range(len(there)), [result.classes[place] for place in there.tolist()], fontsize=7)
            axis.set_xticks(range(len(result.classes)), result.classes, rotation=60, ha="right", fontsize=7)
            axis.set(title=f"{name}: {result.accuracy:.3f}", xlabel="said")
        axes[0].set_ylabel("is")


def calibrations(path: Path, found: Mapping[str, Classification]) -> None:
    """Reliability diagram and risk-coverage curve, a line a model."""
    with _figure(path, 2) as (left, right):
        left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for name, result in found.items():
            bins = reliability(result.confidence, result.right)
            left.plot([b[0] for b in bins], [b[1] for b in bins], marker="o", markersize=3, label=name)
            right.plot(*risk_coverage(result.confidence, result.right), label=name)
        left.set(title="reliability", xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
        right.set(title="risk and coverage", xlabel="share answered", ylabel="share wrong of those", xlim=(0, 1))
        right.set_ylim(bottom=0)
        left.legend(fontsize=7)


def bars(
    path: Path, title: str, rows: Sequence[str], found: Mapping[str, Sequence[tuple[float, float, float]]]
) -> None:
    """A group of bars a row, a bar a model: value, low and high of each."""
    with _figure(path, 1, width=max(5.0, 1.6 * len(rows))) as (axis,):
        wide = 0.8 / max(1, len(found))
        for place, (name, values) in enumerate(found.items()):
            middles = np.arange(len(rows)) + (place - (len(found) - 1) / 2) * wide
            value, low, high = np.array(values).T
            errors = np.maximum([value - low, high - value], 0)
            axis.bar(middles, value, wide, yerr=errors, label=name, error_kw={"linewidth": 1})
        axis.set_xticks(range(len(rows)), rows, rotation=20, ha="right", fontsize=7)
        axis.set(title=title, ylim=(0, 1))
        axis.legend(fontsize=7)


def drops(path: Path, found: Mapping[str, Mapping[str, Sequence[float]]], strengths: Sequence[str]) -> None:
    """A panel a model: R@1 against strength (the first is untouched), a line a perturbation."""
    with _figure(path, len(found)) as axes:
        for axis, (name, lines) in zip(axes, found.items(), strict=True):
            for effect, values in lines.items():
                axis.plot(range(len(values)), values, marker="o", markersize=3, label=effect)
            axis.set_xticks(range(len(strengths)), strengths, fontsize=7)
            axis.set(title=name, ylim=(0, 1))
        axes[0].set_ylabel("R@1")
        axes[-1].legend(fontsize=6)
