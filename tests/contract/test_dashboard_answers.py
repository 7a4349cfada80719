"""Every query of the dashboard and of the rules, put to a real Prometheus that scraped the whole vocabulary."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts.prometheus import (
    Asked,
    assert_queries_answer,
    dashboard_queries,
    rule_files,
    rule_queries,
    running_prometheus,
)
from tests.parts.require import CHECKOUT, require

pytestmark = pytest.mark.prometheus
SHORT = {"brand": "acme", "platform": "ALL", "run_kind": "live", "__rate_interval": "10s", "__range": "1m"}


@contextmanager
def exposing() -> Iterator[int]:
    """A process that writes every metric; hands in its port, and ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.parts.exposing"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.communicate(timeout=10)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require("prometheus")
    folder: Path = tmp_path_factory.mktemp("prometheus")
    with exposing() as port, running_prometheus(folder, {"firebreak": [f"127.0.0.1:{port}"]}, rule_files()) as url:
        yield url


def test_every_query_of_the_dashboard_and_the_rules_answers(prometheus: str) -> None:
    assert_queries_answer(prometheus, [*dashboard_queries(), *rule_queries()], shown=SHORT)


@pytest.mark.parametrize(
    ("expr", "legend", "fault"),
    [
        ("(sum(firebreak_no_such_metric)) or on() vector(0)", "", "nobody writes firebreak_no_such_metric"),
        ('(sum(firebreak_mentions_total{outcome="eaten"})) or on() vector(0)', "", "nothing without the fallback"),
        ("(sum by (outcome) (firebreak_mentions_total)) or on() vector(0)", "reason", "the legend names reason"),
        ("firebreak_outbox_due > 1e9", "", "no data"),
        ("sum(firebreak_outbox_due", "", "Prometheus refuses"),
        ("0 * firebreak_outbox_due / 0", "", "not a number"),
    ],
)
def test_a_query_that_is_wrong_is_told(prometheus: str, expr: str, legend: str, fault: str) -> None:
    asked = Asked("a panel", expr, frozenset([legend] if legend else []))
    with pytest.raises(AssertionError, match=fault):
        assert_queries_answer(prometheus, [asked], shown=SHORT, within_s=0)


def test_prometheus_own_checker_accepts_the_rules() -> None:
    require("promtool")
    if not rule_files():
        pytest.skip("no rules are deployed yet")
    promtool = shutil.which("promtool")
    assert promtool is not None
    checked = subprocess.run([promtool, "check", "rules", *rule_files()], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stdout + checked.stderr
