"""What holds for every test: marks that follow from the fixtures used, and a last word on what was left out."""

from __future__ import annotations

from collections import Counter

import pytest

from streams.brokers.broker import free_port

MARKED = {
    "apache_broker": pytest.mark.kafka,
    "empty_apache_broker": pytest.mark.kafka,
    "embedded_broker": pytest.mark.broker,
    "empty_embedded_broker": pytest.mark.broker,
}


@pytest.fixture
def port() -> int:
    """A loopback port that nothing listens on now."""
    return free_port()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in MARKED:
                item.add_marker(MARKED[name])
    # Files with slow tests first: where files are shared out, nobody is left alone with a long one at the end.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what this machine could not run and why, or that nothing was left out."""
    left_out = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    terminalreporter.section("left out on this machine")
    for reason, tests in sorted(left_out.items()):
        terminalreporter.write_line(f"{tests} {'test' if tests == 1 else 'tests'}: {reason}")
    if not left_out:
        terminalreporter.write_line("nothing")


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)
