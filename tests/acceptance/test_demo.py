"""``firebreak demo`` as a new user runs it: what it shows, what people do then, and how it is ended."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from playbooks.labels import Role
from tests.parts.demo import Demo, demo, taken
from tests.parts.prometheus import assert_queries_answer, dashboard_queries, running_prometheus
from tests.parts.require import require

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(400)]

SHOWN = {"brand": "acme", "platform": "ALL", "run_kind": "drill", "__rate_interval": "10s", "__range": "5m"}
#: The demo starts neither of them: it learns nothing new and brings its own mentions.
ABSENT = frozenset({Role.TRAINER, Role.SOURCE})
SCRAPED = ("triage", "watch", "respond", "runner")
TAKEN = (8080, 9101)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo without ``--exit``, on a machine where two of its usual ports are taken, when the hold is in force."""
    require("embedded")
    with taken(*TAKEN), demo(tmp_path_factory.mktemp("demo")) as started:
        started.wait_for("Playing on")
        yield started


def minutes(text: str, row: str) -> float:
    """The time after the first crisis mention in a row of the table of times."""
    found = re.search(rf"│ {row} +│ +(?:(\d+) min )?([\d.]+) s │ +[\d.]+ s │", text)
    assert found, f"no row {row!r} in:\n{text}"
    return int(found[1] or 0) + float(found[2]) / 60


def asked(demo: Demo, another: dict[str, str] | None = None) -> dict[str, Any]:
    """The gate's answer to the question that the demo shows, as a person would copy it, or about `another` post."""
    shown = demo.said.replace("\\\n", " ")
    question = re.search(r"curl -s (\S+)\s+-H '([^']+)'\s+-d '([^']+)'", shown)
    assert question, shown
    name, _, value = question[2].partition(": ")
    body = json.loads(question[3]) | ({"post": another} if another else {})
    request = urllib.request.Request(question[1], json.dumps(body).encode(), {name: value})
    with urllib.request.urlopen(request, timeout=10) as reply:
        answer: dict[str, Any] = json.load(reply)
    return answer


def test_the_whole_chain_is_seen_and_its_times_are_shown(running: Demo) -> None:
    text = running.said
    assert 'To: "Alex (on call)"' in text
    assert "Subject: DRILL: Acme: many people complain at once" in text
    assert re.search(r"Before: \d+ posts were allowed\. Now a scheduler that asks is told: hold\.", text)
    signal_min = minutes(text, "Signal, incident opened")
    for later in ("Page at the mail server", "Executives told", "Hold seen at the gate"):
        assert 0 < signal_min <= minutes(text, later) < 5


def test_progress_is_told_in_plain_lines_where_there_is_no_terminal(running: Demo) -> None:
    assert "\x1b" not in running.told + running.said
    for step in ("Starting", "Ordinary days", "Learning", "The crisis", "Playing on"):
        assert re.search(rf"^{step}: .+ \(\d+ s\)$", running.told, re.MULTILINE), running.told


def test_ports_that_are_taken_are_passed_by(running: Demo) -> None:
    assert running.ports().isdisjoint(TAKEN)


def test_a_second_demo_beside_it_takes_other_ports_and_ends_by_itself(running: Demo, tmp_path: Path) -> None:
    with demo(tmp_path, "--exit") as second:
        assert second.code(within_s=300) == 0, second.all()
        assert second.litter() == []
        assert "Traceback" not in second.told
        assert minutes(second.said, "Signal, incident opened") == pytest.approx(
            minutes(running.said, "Signal, incident opened"), abs=0.5
        )
        assert second.ports().isdisjoint(running.ports())
    assert running.process.poll() is None


@pytest.mark.prometheus
def test_every_query_of_the_dashboard_answers(running: Demo, tmp_path: Path) -> None:
    targets = [running.address(f"Metrics of {name}") for name in SCRAPED]
    targets += [running.address("Gate"), running.address("Console")]
    hosts = [re.sub(r"http://([^/]+)/.*", r"\1", target) for target in targets]
    with running_prometheus(tmp_path, {"firebreak": hosts}) as url:
        assert_queries_answer(url, dashboard_queries(), shown=SHOWN, absent=ABSENT, within_s=60)


def test_event_time_goes_on_while_somebody_looks(running: Demo) -> None:
    def reached() -> float:
        with urllib.request.urlopen(running.address("Metrics of watch"), timeout=10) as reply:
            found = re.search(r'^firebreak_watermark_seconds\{run_kind="drill"\} (\S+)$', reply.read().decode(), re.M)
        return float(found[1]) if found else 0.0

    first, deadline = reached(), time.monotonic() + 30
    while reached() <= first:
        assert time.monotonic() < deadline, "event time stands still"
        time.sleep(0.1)


@pytest.mark.browser
def test_a_person_signs_in_reads_acknowledges_and_releases(running: Demo) -> None:
    require("chromium")
    assert asked(running)["decision"] == "hold"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        _sign_in(page, running.address("Console"))
        page.click("main a[href^='/incidents/']")
        page.click("text=Open the runbook")
        assert "complaint-storm" in page.content()
        page.go_back()
        page.click("text=Acknowledge: I have this")
        page.wait_for_selector("text=Alex (on call)")
        page.fill("textarea", "The cause is mended; I looked at what was held.")
        page.click("text=Release: let posting go on")
        page.wait_for_selector("text=released")
        browser.close()
    assert [reason["code"] for reason in asked(running)["reasons"]] == ["was_held"], "it needs a word of its own"
    assert asked(running, {"id": "post-after", "text": "Thank you for your patience"})["decision"] == "allow"


def _sign_in(page: Page, link: str) -> None:
    page.goto(link)
    page.select_option("select", label="Alex (on call)")
    page.click("main button")
    page.wait_for_selector("h1:has-text('Incidents')")


def test_asked_to_end_again_and_again_it_ends_once_and_leaves_nothing(running: Demo) -> None:
    assert len(running.family()) > 7
    running.ask(signal.SIGTERM)
    running.wait_for("Ending what was started")
    running.ask(signal.SIGINT, signal.SIGTERM, signal.SIGINT)
    assert running.code() == 0
    assert running.litter() == []
    assert "Traceback" not in running.all()
    assert "nothing of the demo is left" in running.told
