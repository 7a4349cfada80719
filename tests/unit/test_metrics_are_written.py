"""No metric stands in the vocabulary that nobody writes, and each is written with its own labels."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from playbooks import telemetry
from playbooks.telemetry import VOCABULARY
from tests.parts.require import CHECKOUT

OBJECTS = {name: metric for name, value in vars(telemetry).items() for metric in VOCABULARY.values()
           if metric.instrument is value}  # fmt: skip
DEFINED_IN = {"telemetry.py", "vocabulary.py", "labels.py"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in ("playbooks", "streams"):
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            if path.name not in DEFINED_IN:
                yield str(path.relative_to(CHECKOUT)), ast.parse(path.read_text(encoding="utf-8"))


def used(node: ast.AST) -> str | None:
    """The name in telemetry that a node speaks of: ``telemetry.NAME``, or NAME where it was imported."""
    match node:
        case ast.Attribute(value=ast.Name(id="telemetry"), attr=name) | ast.Name(id=name):
            return name
        case _:
            return None


def names_used() -> set[str]:
    names = {name for _, tree in trees() for node in ast.walk(tree) if (name := used(node))}
    # These two write for others, so whoever calls them writes the metrics that they name.
    source = ast.parse((CHECKOUT / "playbooks" / "telemetry.py").read_text(encoding="utf-8"))
    for function in source.body:
        if isinstance(function, ast.FunctionDef) and function.name in names:
            names |= {name for node in ast.walk(function) if (name := used(node))}
    return names


NAMES_USED = names_used()


@pytest.mark.parametrize("name", OBJECTS)
def test_somebody_writes_the_metric(name: str) -> None:
    assert name in NAMES_USED


def test_every_metric_has_a_name_to_write_it_by() -> None:
    assert {metric.name for metric in OBJECTS.values()} == VOCABULARY.keys()


def test_a_metric_is_written_with_exactly_its_labels() -> None:
    faults = [
        f"{path}:{call.lineno}: {metric.name} has the labels {sorted(metric.labels)}"
        for path, tree in trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (written := _written(call))
        and (metric := OBJECTS.get(written[0]))
        and written[1] not in (None, metric.labels.keys())
    ]
    assert not faults, "\n".join(faults)


def _written(call: ast.Call) -> tuple[str, set[str] | None] | None:
    """The metric's name in telemetry and the labels it is written with, None where only the running program knows."""
    match call.func:
        case ast.Attribute(value=value, attr="labels"):
            names = {keyword.arg for keyword in call.keywords}
            return used(value) or "", None if None in names else {name for name in names if name}
        case ast.Attribute(value=value, attr="inc" | "set" | "observe" | "set_to_current_time"):
            return used(value) or "", set()
        case _:
            return None
