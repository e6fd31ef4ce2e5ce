"""A report: Markdown for people, the same figures as JSON for programs, plots beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.statistics import Bools, Floats, bootstrap, wilson

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` hold text, one value a column."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [f"| {' | '.join(self.columns)} |", "|---" * len(self.columns) + "|"]
        return "\n".join(lines + [f"| {' | '.join(row)} |" for row in self.rows])


@dataclass(frozen=True, slots=True)
class Section:
    """`words` are Markdown. `figures` are the numbers of the tables. `plots` are file names in the report's folder."""

    title: str
    words: str
    tables: Sequence[Table] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    plots: Sequence[str] = ()

    def markdown(self) -> str:
        parts = [f"## {self.title}", self.words, *(table.markdown() for table in self.tables)]
        parts += [f"![{self.title}]({name})" for name in self.plots]
        return "\n\n".join(part for part in parts if part)


def write(out: Path, title: str, words: str, sections: Sequence[Section]) -> str:
    """Write `out`/report.md and report.json, and return the Markdown. Figures that are not a number become null."""
    text = "\n\n".join([f"# {title}", words, *(section.markdown() for section in sections)]) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text(text, encoding="utf-8")
    figures = {section.title: section.figures for section in sections if section.figures}
    (out / "report.json").write_text(json.dumps(_rounded(figures), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return text


def share(hits: Bools) -> tuple[str, Figures]:
    """`0.912 (0.87-0.94)` with the 95% Wilson interval, and the same as figures."""
    low, high = wilson(int(hits.sum()), len(hits))
    value = float(hits.mean()) if len(hits) else float("nan")
    return _interval(value, low, high), {"value": value, "low": low, "high": high, "n": len(hits)}


def mean(values: Floats, groups: Sequence[str] | None = None) -> tuple[str, Figures]:
    """`0.151 (0.14-0.16)` with the 95% bootstrap interval over `groups`, and the same as figures."""
    low, high = bootstrap(values, groups)
    value = float(values.mean()) if len(values) else float("nan")
    return _interval(value, low, high), {"value": value, "low": low, "high": high, "n": len(values)}


def _interval(value: float, low: float, high: float) -> str:
    return "-" if value != value else f"{value:.3f} ({low:.2f}-{high:.2f})"


def _rounded(figures: Any) -> Any:
    if isinstance(figures, Mapping):
        return {str(key): _rounded(value) for key, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [_rounded(value) for value in figures]
    if isinstance(figures, float):
        return round(figures, 4) if figures == figures else None
    return figures
