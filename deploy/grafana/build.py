"""The dashboard as Grafana reads it. ``python -m deploy.grafana.build`` writes dashboards/firebreak.json anew."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.panels import DATASOURCE, GREEN, ORANGE, RED, YELLOW, draw
from deploy.grafana.rows import ROWS
from playbooks.effects.message import Moment
from playbooks.labels import RunKind

PATH = Path(__file__).parent / "dashboards" / "firebreak.json"
UID = "firebreak"
MARKS = {
    Moment.SIGNAL: YELLOW,
    Moment.PAGE: RED,
    Moment.HOLD: ORANGE,
    Moment.RELEASE: GREEN,
}


def dashboard_json() -> str:
    """The whole dashboard, the same text each time."""
    text = json.dumps(_dashboard().build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
    return text + "\n"


def _dashboard() -> build.Dashboard:
    made = (
        build.Dashboard("Firebreak")
        .uid(UID)
        .description("From the mention to the page and the hold, in the order in which somebody on duty asks.")
        .tags(["firebreak"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("10s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for variable in (_datasource(), _brand(), _platform(), _run_kind()):
        made = made.with_variable(variable)
    for moment, color in MARKS.items():
        made = made.annotation(_marks(moment, color))
    numbers = count(1)
    for row in ROWS:
        made = made.with_row(build.Row(row.question).id(next(numbers)))
        for panel in row.panels:
            made = made.with_panel(draw(panel, next(numbers)))
    return made


def _marks(moment: Moment, color: str) -> build.AnnotationQuery:
    target = (
        build.AnnotationTarget().type("tags").tags(["firebreak", moment.value, "$brand"]).match_any(False).limit(100)
    )
    return (
        build.AnnotationQuery()
        .name(f"{moment.value}s".capitalize())
        .datasource(model.DataSourceRef(type_val="grafana", uid="-- Grafana --"))
        .enable(True)
        .icon_color(color)
        .target(target)
    )


def _datasource() -> build.DatasourceVariable:
    return build.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _brand() -> build.QueryVariable:
    return _names("brand", "Brand", "label_values(firebreak_brand_mentions_per_minute, brand)")


def _platform() -> build.QueryVariable:
    query = 'label_values(firebreak_brand_mentions_per_minute{brand="$brand"}, platform)'
    chosen = model.VariableOption(selected=True, text="ALL", value="ALL")
    return _names("platform", "Platform", query).current(chosen)


def _names(name: str, label: str, query: str) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )


def _run_kind() -> build.CustomVariable:
    options = [
        model.VariableOption(selected=kind is RunKind.LIVE, text=kind.value, value=kind.value) for kind in RunKind
    ]
    return (
        build.CustomVariable("run_kind")
        .label("Run")
        .description("Life, drills or replays: figures of the three are kept apart.")
        .values(",".join(RunKind))
        .options(options)
        .current(options[0])
    )


if __name__ == "__main__":
    PATH.write_text(dashboard_json(), encoding="utf-8")
