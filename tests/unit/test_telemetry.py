"""The vocabulary: what a process shows, and that nothing sent from outside can make it grow."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from enum import EnumMeta

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from deploy import metrics_page
from playbooks import telemetry
from playbooks.labels import Role, RunKind
from playbooks.telemetry import VOCABULARY, BrandReading
from playbooks.vocabulary import Kind, Metric, Unit, counter
from tests.parts.golden import Golden
from tests.parts.require import CHECKOUT

READING = BrandReading(12.0, 3.0, 7.0, 0.5, 0.2)


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_brands", set())
    monkeypatch.setattr(telemetry, "_platforms", set())


def shown(registry: CollectorRegistry) -> Iterator[Sample]:
    for family in registry.collect():
        yield from family.samples


def brands_shown(registry: CollectorRegistry) -> set[str]:
    return {sample.labels["brand"] for sample in shown(registry) if "brand" in sample.labels}


def started(*roles: Role, brands: tuple[str, ...] = ()) -> CollectorRegistry:
    registry = CollectorRegistry()
    telemetry.start(roles, brands=brands, registry=registry)
    return registry


def test_metric_names_are_those_of_the_golden_file(golden: Golden) -> None:
    lines = []
    for metric in VOCABULARY.values():
        labels = [f"{label}={'|'.join(metric.enum_values(label)) or '<configured>'}" for label in metric.labels]
        lines.append(" ".join([metric.name, metric.kind.value, *labels]))
    golden(CHECKOUT / "tests" / "data" / "golden" / "metrics.txt", "\n".join(sorted(lines)) + "\n")


def test_the_metrics_page_says_what_the_vocabulary_says(golden: Golden) -> None:
    golden(metrics_page.PATH, metrics_page.metrics_page())


@pytest.mark.parametrize("metric", VOCABULARY.values(), ids=lambda metric: metric.name)
def test_a_name_says_kind_and_unit_as_prometheus_wants_it(metric: Metric) -> None:
    assert metric.name.startswith("firebreak_")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.name.endswith("_seconds") == (metric.unit in {Unit.SECONDS, Unit.MOMENT})
    assert metric.name.endswith("_per_minute") == (metric.unit is Unit.PER_MINUTE)
    assert metric.help.endswith(".")


def test_one_name_cannot_be_two_metrics() -> None:
    with pytest.raises(ValueError, match="firebreak_cells_sent_total is there twice"):
        counter("firebreak_cells_sent_total", [Role.TRIAGE], "Again.")


@pytest.mark.parametrize("role", Role)
def test_a_process_shows_the_metrics_of_its_role_and_no_others(role: Role) -> None:
    names = {sample.name for sample in shown(started(role, brands=("acme",)))}
    waiting_for_a_partition = {"firebreak_partition_time_seconds"}
    for metric in VOCABULARY.values():
        if metric.name not in waiting_for_a_partition:
            assert names.issuperset(metric.series) == (role in metric.roles), metric.name


def test_every_value_of_every_enum_is_there_before_anything_happens() -> None:
    registry = CollectorRegistry()
    telemetry.start(Role, brands=["acme"], registry=registry)
    samples = list(shown(registry))
    for metric in VOCABULARY.values():
        for label, values in metric.labels.items():
            if isinstance(values, EnumMeta):
                there = {sample.labels[label] for sample in samples if sample.name in metric.series}
                assert there == set(metric.enum_values(label)), f"{metric.name}: {label}"


def test_a_new_process_shows_zero_for_all_it_could_count_and_nothing_of_other_roles() -> None:
    code = (
        "from prometheus_client import CollectorRegistry, generate_latest\n"
        "from playbooks import telemetry\n"
        "registry = CollectorRegistry()\n"
        "telemetry.start([telemetry.Role.WATCH], brands=['acme'], registry=registry)\n"
        "print(generate_latest(registry).decode())"
    )
    page = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    lines = [line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#")]
    not_zero = {name.partition("{")[0] for name, value in lines if float(value)}
    assert not_zero == {"firebreak_build_info", "firebreak_last_commit_seconds"}
    assert {match for name, _ in lines for match in re.findall(r'role="(\w+)"', name)} == {"watch"}
    assert 'firebreak_signals_total{kind="volume",run_kind="live"} 0.0' in page


def test_starting_again_adds_roles_and_keeps_what_is_counted() -> None:
    registry = started(Role.TRIAGE)
    telemetry.CELLS_SENT.inc(5)
    before = telemetry.CELLS_SENT._value.get()
    telemetry.start([Role.TRIAGE, Role.GATE], registry=registry)
    values = {sample.name: sample.value for sample in shown(registry) if not sample.labels}
    assert values["firebreak_cells_sent_total"] == before
    assert "firebreak_gate_decision_seconds_count" in values


def test_a_brand_nobody_configured_never_becomes_a_label() -> None:
    registry = started(Role.WATCH, Role.GATE, brands=("acme-1",))
    for n in range(100):
        telemetry.show_brand(RunKind.LIVE, f"evil-{n}", "x", READING)
    telemetry.show_counts(telemetry.HOLDS_IN_FORCE, {(RunKind.LIVE, f"evil-{n}"): 1 for n in range(100)})
    assert not any(brand.startswith("evil") for brand in brands_shown(registry))
    assert telemetry.HOLDS_IN_FORCE.labels(brand=telemetry.OTHER, run_kind=RunKind.LIVE)._value.get() == 100


def test_platforms_beyond_the_bound_get_no_series_of_their_own() -> None:
    registry = started(Role.WATCH, brands=("acme-2",))
    for n in range(telemetry.MAX_PLATFORMS + 10):
        telemetry.show_brand(RunKind.LIVE, "acme-2", f"platform-{n}", READING)
    platforms = {s.labels["platform"] for s in shown(registry) if s.labels.get("brand") == "acme-2"}
    assert len(platforms) == telemetry.MAX_PLATFORMS + 1
    assert telemetry.ALL in platforms


def test_a_drill_does_not_draw_over_life() -> None:
    started(Role.WATCH, brands=("acme-3",))
    telemetry.show_brand(RunKind.LIVE, "acme-3", None, READING)
    telemetry.show_brand(RunKind.DRILL, "acme-3", None, BrandReading(900, 3, 7, 0.9, 0.2))
    live = telemetry.BRAND_MENTIONS.labels(brand="acme-3", platform=telemetry.ALL, run_kind=RunKind.LIVE)
    assert live._value.get() == 12


def test_what_is_no_longer_counted_goes_back_to_zero() -> None:
    started(Role.RESPOND, brands=("acme-4",))
    gauge = telemetry.INCIDENTS_OPEN.labels(brand="acme-4", run_kind=RunKind.LIVE)
    telemetry.show_counts(telemetry.INCIDENTS_OPEN, {(RunKind.LIVE, "acme-4"): 2})
    assert gauge._value.get() == 2
    telemetry.show_counts(telemetry.INCIDENTS_OPEN, {})
    assert gauge._value.get() == 0


def test_a_brand_that_went_to_another_worker_leaves_no_reading_behind() -> None:
    registry = started(Role.WATCH, brands=("acme-5",))
    telemetry.show_brand(RunKind.LIVE, "acme-5", "x", READING)
    telemetry.hide_brands()
    own = [sample for sample in shown(registry) if sample.labels.get("brand") == "acme-5"]
    assert {sample.labels["platform"] for sample in own} == {"x", telemetry.ALL}
    assert all(sample.value == 0 for sample in own)


def test_a_reading_goes_to_the_gauges_that_its_fields_name() -> None:
    registry = started(Role.WATCH, brands=("acme-6",))
    telemetry.show_brand(RunKind.LIVE, "acme-6", "x", READING)
    own = [s for s in shown(registry) if s.labels.get("brand") == "acme-6" and s.labels["platform"] == "x"]
    assert {s.name: s.value for s in own} == {
        f"firebreak_brand_{field.name}": getattr(READING, field.name) for field in fields(READING)
    }
