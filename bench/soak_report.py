"""What an hour of load did to memory, files, connections and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_WARM_UP = 1 / 6
"""The part of the time in which caches and pools fill."""
_GROWTH = 0.05
"""Beyond so much of itself over the rest of the hour it counts as growing."""
MEASURES: Mapping[str, tuple[str, str]] = {
    "memory": ("memory", "MB"),
    "files": ("open files", ""),
    "connections": ("connections", ""),
    "threads": ("threads", ""),
    "p50": ("p50 of an answer", "ms"),
    "p99": ("p99 of an answer", "ms"),
}


@dataclass(frozen=True)
class Sample:
    """At so many minutes: `memory` in MB, of all processes; times in ms of the answers since the sample before;
    `refused` and `failed` since the beginning."""

    minutes: float
    memory: float
    files: float
    connections: float
    threads: float
    p50: float
    p99: float
    answers: int
    refused: int
    failed: int


@dataclass(frozen=True)
class Trend:
    """Means of the first and of the last third after the warm-up; `growth` by a line through all (least squares), as a
    part of the mean over that time, with twice its standard error."""

    first: float
    last: float
    growth: float
    error: float

    @property
    def grows(self) -> bool:
        return self.growth - self.error > 0 and self.growth > _GROWTH


def trend(samples: Sequence[Sample], measure: str) -> Trend:
    settled = [one for one in samples if one.minutes > _WARM_UP * samples[-1].minutes]
    x = np.array([one.minutes for one in settled])
    y = np.array([float(getattr(one, measure)) for one in settled])
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    over = (x[-1] - x[0]) / y.mean()
    third = max(1, len(y) // 3)
    return Trend(y[:third].mean(), y[-third:].mean(), slope * over, 2 * float(np.sqrt(covariance[0, 0])) * over)


def text(samples: Sequence[Sample], rate: float, minutes: float, made: str) -> str:
    lines = [
        "# Soak",
        "",
        made,
        "",
        f"{minutes:g} minutes of {rate:.1f} requests/s, 70% of what eight clients got answered who did not pause:",
        "of each hundred 40 photos seen before, 15 new ones, 15 times words, 20 lists of suggestions, 5 events, 5 new",
        f"pictures in the place of others. {sum(one.answers for one in samples):,} answers, "
        f"{samples[-1].refused:,} of them 503 with `Retry-After`; {samples[-1].failed:,} failed.",
        "",
        "| what | first third | last third | growth over the time | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for measure, (name, unit) in MEASURES.items():
        seen = trend(samples, measure)
        verdict = "**grows**" if seen.grows else "does not grow"
        values = f"{seen.first:,.0f} {unit} | {seen.last:,.0f} {unit}"
        lines.append(f"| {name} | {values} | {seen.growth:+.1%} ± {seen.error:.1%} | {verdict} |")
    return "\n".join([*lines, "", "![memory, files, connections and times over the hour](soak.png)", ""])


def plot(samples: Sequence[Sample], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    x = [one.minutes for one in samples]
    figure, axes = plt.subplots(2, 3, figsize=(11, 5), layout="constrained")
    for axis, (measure, (name, unit)) in zip(axes.flat, MEASURES.items(), strict=True):
        axis.plot(x, [getattr(one, measure) for one in samples], linewidth=0.9)
        axis.set_title(f"{name}, {unit}" if unit else name, fontsize=9)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("minutes", fontsize=8)
    figure.savefig(path, dpi=70, metadata={"Software": None})
    plt.close(figure)
