"""How a panel looks: one description of it, `Panel`, and what Grafana is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from grafana_foundation_sdk.builders import common, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.queries import Query

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "#8e8e8e"
HEIGHT = 8
LOW = 4


class Look(StrEnum):
    """What a panel is drawn as."""

    LINES = "lines"
    BARS = "bars"
    BAND = "band"
    NUMBER = "number"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `means` says what it shows, what is wrong when it looks wrong, and what to do then.

    `thresholds` are (from this value on, colour), in rising order; below the first it is green, or `base`. `width` is
    in twenty-fourths of the page. A `BAND`'s queries are, in order: observed, expected, upper end of the expectation.
    """

    title: str
    means: str
    queries: tuple[Query, ...]
    look: Look = Look.LINES
    unit: str = "short"
    thresholds: tuple[tuple[float, str], ...] = ()
    base: str = GREEN
    width: int = 8
    top: float | None = None


def draw(panel: Panel, number: int) -> Builder[model.Panel]:
    """The panel as Grafana takes it; `number` is its own on the dashboard."""
    match panel.look:
        case Look.NUMBER:
            return _number(panel).id(number)
        case Look.SPREAD:
            return _spread(panel).id(number)
        case Look.LINES | Look.BARS | Look.BAND:
            return _lines(panel).id(number)


def _number(panel: Panel) -> stat.Panel:
    made = (
        stat.Panel()
        .title(panel.title)
        .description(panel.means)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .no_value("0")
        .span(panel.width)
        .height(LOW)
        .color_mode(shapes.BigValueColorMode.BACKGROUND)
        .graph_mode(shapes.BigValueGraphMode.NONE)
        .text_mode(shapes.BigValueTextMode.VALUE_AND_NAME if len(panel.queries) > 1 else shapes.BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(panel))
    )
    for target in _targets(panel):
        made = made.with_target(target.instant())
    return made


def _spread(panel: Panel) -> heatmap.Panel:
    made = (
        heatmap.Panel()
        .title(panel.title)
        .description(panel.means)
        .datasource(DATASOURCE)
        .span(panel.width)
        .height(HEIGHT)
        .unit(panel.unit)
        .color(_heat())
        .show_tooltip()
    )
    for target in _targets(panel):
        made = made.with_target(target.format(PromQueryFormat.HEATMAP))
    return made


def _lines(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.means)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .no_value("0")
        .min(0)
        .span(panel.width)
        .height(HEIGHT)
        .line_width(2)
        .fill_opacity(10)
        .show_points(shapes.VisibilityMode.NEVER)
        .span_nulls(60_000)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
        .thresholds(_thresholds(panel))
    )
    if panel.top is not None:
        made = made.max(panel.top)
    if panel.thresholds:
        style = common.GraphThresholdsStyleConfig().mode(shapes.GraphTresholdsStyleMode.DASHED)
        made = made.thresholds_style(style)
    for target in _targets(panel):
        made = made.with_target(target)
    match panel.look:
        case Look.BARS:
            stacked = common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A")
            return made.draw_style(shapes.GraphDrawStyle.BARS).fill_opacity(80).line_width(0).stacking(stacked)
        case Look.BAND:
            return _band(made, panel)
        case _:
            return made


def _band(made: timeseries.Panel, panel: Panel) -> timeseries.Panel:
    observed, expected, high = (query.legend for query in panel.queries)
    made = made.override_by_name(observed, [_property("color", _fixed(BLUE)), _property("custom.lineWidth", 3)])
    made = made.override_by_name(
        expected,
        [
            _property("color", _fixed(GREY)),
            _property("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
            _property("custom.fillOpacity", 0),
        ],
    )
    return made.override_by_name(
        high,
        [
            _property("color", _fixed(GREY)),
            _property("custom.lineWidth", 0),
            _property("custom.fillOpacity", 20),
            _property("custom.fillBelowTo", expected),
        ],
    )


def _heat() -> heatmap.HeatmapColorOptions:
    return (
        heatmap.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scheme("Blues")
        .scale(HeatmapColorScale.EXPONENTIAL)
        .exponent(0.5)
        .steps(32)
    )


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(shapes.LegendDisplayMode.TABLE)
        .placement(shapes.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"])
    )


def _thresholds(panel: Panel) -> ThresholdsConfig:
    for (lower, _), (higher, _) in pairwise(panel.thresholds):
        if lower >= higher:
            raise ValueError(f"thresholds of '{panel.title}' do not rise")
    steps = [model.Threshold(None, panel.base), *(model.Threshold(value, color) for value, color in panel.thresholds)]
    return ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _targets(panel: Panel) -> list[prometheus.Dataquery]:
    return [
        prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + n)).range()
        for n, query in enumerate(panel.queries)
    ]


def _property(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id_val=name, value=value)


def _fixed(color: str) -> model.FieldColor:
    return FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(color).build()
