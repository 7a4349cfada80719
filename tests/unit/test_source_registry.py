"""Every source is in the registry, has settings, a metric label and a row in the documents."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from playbooks.labels import SourceName
from streams.app import process_named
from streams.settings import SourceSettings
from streams.sources import SOURCES

DOCUMENT = Path(__file__).parents[2] / "docs" / "sources.md"


def test_each_source_has_a_metric_label_and_each_label_a_source() -> None:
    assert set(SOURCES) == {name.value for name in SourceName}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_a_coroutine_of_settings_and_a_stop(name: str) -> None:
    run = process_named(SOURCES[name])
    assert inspect.iscoroutinefunction(run)
    assert list(inspect.signature(run).parameters) == ["settings", "stop"]


def test_each_source_has_settings_and_a_health_port_of_its_own() -> None:
    sections = [getattr(SourceSettings(), name) for name in SOURCES]
    assert len({section.metrics_port for section in sections}) == len(SOURCES)


def test_each_source_has_a_row_in_the_documents() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list(SOURCES)
