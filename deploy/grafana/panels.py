"""What boards are made of: panels that say what they show and what to do, in rows, over Prometheus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Literal

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

SOURCE = models.DataSourceRef(type_val="prometheus", uid="prometheus")
"""As deploy/grafana/provisioning names it."""
_WIDTH = 24
_HEIGHT = 8
Unit = Literal["s", "none", "short", "percentunit", "bytes", "ops", "reqps"]


@dataclass(frozen=True)
class Series:
    """`legend` is made of labels, as `{{job}}`, or is a word."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """`note`: what it shows, and what to do. With `figures` the newest value of each series stands alone, coloured by
    `steps`, each from a value on; `words` are what 0 and 1 are called. `most`: where the axis of a graph ends."""

    title: str
    note: str
    unit: Unit
    series: Sequence[Series]
    figures: bool = False
    steps: Sequence[tuple[float | None, str]] = ((None, "green"),)
    words: tuple[str, str] | None = None
    most: float | None = None
    stacked: bool = False


@dataclass(frozen=True)
class Row:
    title: str
    panels: Sequence[Panel]
    height: int = _HEIGHT


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    note: str
    rows: Sequence[Row]


def json_of(board: Board) -> str:
    """As Grafana takes it from a file."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.note)
        .tags(["loupe"])
        .timezone("browser")
        .readonly()
        .refresh("10s")
        .time("now-1h", "now")
        .link(
            dashboard.DashboardLink("Loupe")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags(["loupe"])
            .keep_time(True)
            .include_vars(False)
        )
    )
    number = 0
    for row in board.rows:
        number += 1
        made = made.with_row(dashboard.Row(row.title).id(number))
        width, wider = divmod(_WIDTH, len(row.panels))
        for place, panel in enumerate(row.panels):
            number += 1
            built = _figures(panel) if panel.figures else _graph(panel)
            made = made.with_panel(built.id(number).height(row.height).span(width + (place < wider)))
    return json.dumps(made.build(), cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n"


def _figures(panel: Panel) -> stat.Panel:
    made = (
        stat.Panel()
        .title(panel.title)
        .description(panel.note)
        .unit(panel.unit)
        .datasource(SOURCE)
        .color_mode(common_models.BigValueColorMode.BACKGROUND)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .text_mode(
            common_models.BigValueTextMode.VALUE
            if len(panel.series) == 1 and "{{" not in panel.series[0].legend
            else common_models.BigValueTextMode.VALUE_AND_NAME
        )
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(panel))
        .targets(_targets(panel))
    )
    if panel.words:
        zero, one = panel.words
        named = {
            "0": models.ValueMappingResult(text=zero, color="red"),
            "1": models.ValueMappingResult(text=one, color="green"),
        }
        made = made.mappings([models.ValueMap(named)])
    return made


def _graph(panel: Panel) -> timeseries.Panel:
    stacking = common_models.StackingMode.NORMAL if panel.stacked else common_models.StackingMode.NONE
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.note)
        .unit(panel.unit)
        .datasource(SOURCE)
        .min(0)
        .line_width(1)
        .fill_opacity(30 if panel.stacked else 10)
        .show_points(common_models.VisibilityMode.NEVER)
        .stacking(common.StackingConfig().mode(stacking))
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.LIST)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .thresholds(_thresholds(panel))
        .targets(_targets(panel))
    )
    return made.max(panel.most) if panel.most is not None else made


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [models.Threshold(value=value, color=color) for value, color in panel.steps]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _targets(panel: Panel) -> list[Builder[Dataquery]]:
    asked = [
        prometheus.Dataquery().ref_id(ascii_uppercase[place]).expr(one.expr).legend_format(one.legend)
        for place, one in enumerate(panel.series)
    ]
    return [one.instant() if panel.figures else one.range() for one in asked]
