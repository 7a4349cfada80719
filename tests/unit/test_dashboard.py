"""The dashboard: made from code, about every metric, with a word on each panel for the person who looks."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana import build
from deploy.grafana.rows import ROWS
from playbooks.effects.message import Moment
from playbooks.telemetry import VOCABULARY
from playbooks.vocabulary import AMBIENT
from tests.parts.golden import Golden
from tests.parts.prometheus import dashboard_queries, metric_names, rule_queries
from tests.parts.require import CHECKOUT

KNOWN = {name for metric in VOCABULARY.values() for name in metric.series} | AMBIENT.keys()
PANELS = [panel for row in ROWS for panel in row.panels]
GRAFANA = CHECKOUT / "deploy" / "grafana"


def board() -> Any:
    return json.loads(build.PATH.read_text(encoding="utf-8"))


def provisioning(kind: str) -> Any:
    [path] = (GRAFANA / "provisioning" / kind).glob("*.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_committed_dashboard_is_what_the_code_makes(golden: Golden) -> None:
    golden(build.PATH, build.dashboard_json())


@pytest.mark.parametrize("asked", [*dashboard_queries(), *rule_queries()], ids=lambda asked: asked.where)
def test_a_query_names_metrics_of_the_vocabulary_only(asked: Any) -> None:
    names = metric_names(asked.expr)
    assert names or asked.expr == "vector(1)"  # the watchdog, which is to fire whatever anybody shows
    assert names <= KNOWN


def test_every_metric_is_on_the_dashboard_or_in_a_rule() -> None:
    used = {name for asked in [*dashboard_queries(), *rule_queries()] for name in metric_names(asked.expr)}
    unused = {metric.name for metric in VOCABULARY.values() if not used.intersection(metric.series)}
    assert not unused


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_says_what_it_means_and_shows_zero_instead_of_nothing(panel: Any) -> None:
    assert len(panel.means) > 40
    assert panel.means.endswith((".", "?"))
    assert all(query.expr.endswith(" or on() vector(0)") for query in panel.queries)
    assert all(query.legend for query in panel.queries)


def test_a_fallback_to_zero_is_never_added_to_lines_that_are_there() -> None:
    # "or vector(0)" without "on()" would draw a second, nameless line beside every group.
    assert not any("or vector(0)" in query.expr for panel in PANELS for query in panel.queries)


def test_no_two_panels_overlap_and_each_has_its_own_number() -> None:
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, f"{one} and {other}"
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_the_marks_are_those_that_annotations_are_tagged_with() -> None:
    tags = [query["target"]["tags"] for query in board()["annotations"]["list"]]
    assert tags == [["firebreak", moment.value, "$brand"] for moment in Moment]


def test_every_variable_in_a_query_is_one_that_a_person_can_choose() -> None:
    names = {variable["name"] for variable in board()["templating"]["list"]}
    assert names == {"datasource", "brand", "platform", "run_kind"}


def test_grafana_is_told_where_the_dashboard_and_prometheus_are() -> None:
    [source] = provisioning("datasources")["datasources"]
    [provider] = provisioning("dashboards")["providers"]
    assert source["type"] == "prometheus"
    assert source["isDefault"]
    assert not provider["allowUiUpdates"]
    assert Path(provider["options"]["path"]).name == build.PATH.parent.name
