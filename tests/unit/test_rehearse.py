"""The planner without a store: the lines that a backtest writes."""

from __future__ import annotations

import json

from playbooks.content.catalog import load_library
from playbooks.content.trigger import EvidenceField
from playbooks.incidents.decisions import IncidentLine, Line, SummaryLine, encode, signal_line
from playbooks.incidents.rehearse import Rehearsal
from tests.parts.signals import HOUR_MS, MINUTE_MS, MORNING_MS, a_signal, plain_library

OUTRAGE = {
    EvidenceField.AUTHORS: 400.0,
    EvidenceField.NEGATIVE: 300.0,
    EvidenceField.NEGATIVE_SHARE: 0.7,
    EvidenceField.TIMES_USUAL: 20.0,
    EvidenceField.REACH: 200_000.0,
}


def shown(lines: list[Line]) -> list[tuple[str, str]]:
    """Time of day and type (with the step, where there is one) of each line."""
    rows = [json.loads(encode(line)) for line in lines]
    return [(row["at"][11:16], " ".join((row["type"], row.get("step", ""))).strip()) for row in rows]


def test_a_signal_gives_an_incident_line_and_its_actions_as_they_fall_due() -> None:
    rehearsal = Rehearsal(plain_library())
    assert shown([*rehearsal.take(a_signal())]) == [
        ("09:00", "incident"),
        ("09:00", "action hold"),
        ("09:00", "action page"),
        ("09:00", "action tell-posting-team"),
        ("09:00", "action mark"),
    ]
    assert shown([*rehearsal.finish()]) == [("09:15", "action tell-executives")]
    assert rehearsal.finish() == []


def test_delayed_actions_come_before_what_happens_later() -> None:
    rehearsal = Rehearsal(plain_library())
    rehearsal.take(a_signal())
    later = rehearsal.take(a_signal("sig-2", at_ms=MORNING_MS + 20 * MINUTE_MS, severity=4))
    assert shown([*later]) == [
        ("09:15", "action tell-executives"),
        ("09:20", "incident"),
        ("09:20", "action page"),
        ("09:20", "action mark"),
    ]


def test_an_incident_line_has_what_the_format_promises() -> None:
    line = Rehearsal(load_library()).take(a_signal(platform=None))[0]
    assert json.loads(encode(line)) == {
        "type": "incident",
        "at": "2026-01-05T09:00:00.000Z",
        "brand": "acme",
        "incident": "inc-d995c07b263b60ae",
        "playbook": "complaint-storm",
        "version": "2.0.0",
        "kind": "negativity",
        "severity": 3,
        "pages": True,
        "holds": True,
    }


def test_an_action_line_has_what_the_format_promises() -> None:
    line = Rehearsal(load_library()).take(a_signal())[2]
    assert json.loads(encode(line)) == {
        "type": "action",
        "at": "2026-01-05T09:00:00.000Z",
        "incident": "inc-d995c07b263b60ae",
        "action": "page",
        "target": "on-call",
        "step": "page-on-call",
    }


def test_a_signal_line_has_what_the_format_promises() -> None:
    row = json.loads(encode(signal_line(a_signal(platform=None))))
    assert list(row) == [
        "type", "at", "brand", "platform", "kind", "severity", "score", "observed", "expected", "since", "evidence",
    ]  # fmt: skip
    assert (row["platform"], row["since"]) == (None, "2026-01-05T08:45:00.000Z")


def test_the_summary_line_has_what_the_format_promises() -> None:
    row = json.loads(encode(SummaryLine(mentions=5, seconds=0.5, signals=1, incidents=1, pages=1)))
    assert list(row) == ["type", "mentions", "seconds", "signals", "incidents", "pages"]


def test_more_of_the_same_gives_no_line() -> None:
    rehearsal = Rehearsal(load_library())
    rehearsal.take(a_signal())
    assert rehearsal.take(a_signal("sig-2")) == []
    assert (rehearsal.tally.signals, rehearsal.tally.incidents, rehearsal.tally.pages) == (2, 1, 1)


def test_a_repeat_gives_no_line_and_counts_for_nothing() -> None:
    rehearsal = Rehearsal(load_library())
    rehearsal.take(a_signal(severity=3))
    rehearsal.take(a_signal("sig-2", severity=5))
    assert rehearsal.take(a_signal("sig-2", severity=5)) == []
    assert (rehearsal.tally.signals, rehearsal.tally.pages) == (2, 2)


def test_another_crisis_after_quiet_hours_is_another_incident() -> None:
    rehearsal = Rehearsal(load_library())
    rehearsal.take(a_signal())
    lines = rehearsal.take(a_signal("sig-2", at_ms=MORNING_MS + 24 * HOUR_MS))
    assert isinstance(lines[0], IncidentLine)
    assert lines[0].pages
    assert rehearsal.tally.incidents == 2


def test_every_brand_is_armed_to_page_and_hold() -> None:
    line = Rehearsal(load_library()).take(a_signal(brand="nobody-configured"))[0]
    assert isinstance(line, IncidentLine)
    assert (line.pages, line.holds) == (True, True)


def test_brands_do_not_meet() -> None:
    rehearsal = Rehearsal(load_library())
    rehearsal.take(a_signal())
    rehearsal.take(a_signal("sig-2", brand="other"))
    assert rehearsal.tally.incidents == 2


def test_a_page_because_of_a_graver_playbook_says_which_one() -> None:
    rehearsal = Rehearsal(load_library())
    [opened, worse] = [
        rehearsal.take(a_signal("sig-1", severity=5, platform=None))[0],
        rehearsal.take(a_signal("sig-2", at_ms=MORNING_MS + MINUTE_MS, severity=5, platform=None, evidence=OUTRAGE))[0],
    ]
    assert isinstance(opened, IncidentLine)
    assert isinstance(worse, IncidentLine)
    assert (opened.incident, opened.playbook, opened.severity, opened.outranked_by) == (
        worse.incident,
        "complaint-storm",
        5,
        "",
    )
    assert (worse.pages, worse.severity, json.loads(encode(worse))["outranked_by"]) == (True, 5, "viral-outrage")
