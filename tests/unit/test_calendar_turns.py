"""Calendars as turns: whom an event means, when it is, what is left out, and what a hostile one can do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from playbooks.oncall.asked import Read
from playbooks.oncall.calendar import MOST_FAULTS, read
from playbooks.oncall.naming import Called, named
from tests.parts.calendars import PEOPLE, asked, calendar, event

BERLIN = ";TZID=Europe/Berlin"


def shown(found: Read) -> list[tuple[str, str, tuple[str, ...]]]:
    """The turns, in UTC, to be compared by eye."""
    assert found.bad is None
    return [(_utc(turn.from_ms), _utc(turn.to_ms), turn.people) for turn in found.turns]


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%m-%d %H:%M}"


def test_a_turn_a_week_passes_at_nine_by_the_clock_in_summer_and_in_winter() -> None:
    weekly = "RRULE:FREQ=WEEKLY;INTERVAL=2"
    ada = event("Ada Lovelace", f"{BERLIN}:20261012T090000", f"{BERLIN}:20261019T090000", weekly)
    bo = event("Bo", f"{BERLIN}:20261019T090000", f"{BERLIN}:20261026T090000", weekly)
    assert shown(read(asked(calendar(ada, bo), "2026-10-12T09:00Z", "2026-11-02T07:00Z"))) == [
        ("10-12 07:00", "10-19 07:00", ("ada",)),
        ("10-19 07:00", "10-26 08:00", ("bo",)),
        ("10-26 08:00", "11-02 08:00", ("ada",)),
    ]


def test_a_turn_that_was_moved_and_one_that_was_taken_out_are_so() -> None:
    daily = event(
        "Bo", ":20261012T090000Z", ":20261012T170000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261013T090000Z", uid="1"
    )
    moved = event("Bo", ":20261014T120000Z", ":20261014T130000Z", "RECURRENCE-ID:20261014T090000Z", uid="1")
    found = shown(read(asked(calendar(daily, moved))))
    assert found == [("10-12 09:00", "10-12 17:00", ("bo",)), ("10-14 12:00", "10-14 13:00", ("bo",))]


@pytest.mark.parametrize(
    ("head", "how", "begins"),
    [
        ([], {}, "10-20 00:00"),
        (["X-WR-TIMEZONE:Europe/Berlin"], {}, "10-19 22:00"),
        (["X-WR-TIMEZONE:Europe/Berlin"], {"zone": "America/New_York"}, "10-20 04:00"),
        (["X-WR-TIMEZONE:Mars/Olympus"], {}, "10-20 00:00"),
        ([], {"day_begins": "09:00"}, "10-20 09:00"),
    ],
)
def test_days_begin_where_and_when_the_settings_or_the_calendar_say(
    head: list[str], how: dict[str, str], begins: str
) -> None:
    found = shown(read(asked(calendar(event("Bo", ";VALUE=DATE:20261020", None), head=head), **how)))
    assert [turn[0] for turn in found] == [begins]


def test_days_that_follow_each_other_meet_where_clocks_are_changed() -> None:
    days = [event("Bo", f";VALUE=DATE:202610{day}", None) for day in (24, 25, 26)]
    found = read(asked(calendar(*days), zone="Europe/Berlin", day_begins="02:30"))
    assert [one.to_ms for one in found.turns[:-1]] == [other.from_ms for other in found.turns[1:]]


def test_zones_are_understood_as_the_calendar_writes_them() -> None:
    windows = event(
        "Bo", ";TZID=W. Europe Standard Time:20261020T090000", ";TZID=W. Europe Standard Time:20261020T100000"
    )
    unknown = event("Bo", ";TZID=Nowhere/Land:20261021T090000", ";TZID=Nowhere/Land:20261021T100000")
    own = [
        "BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip
    ours = event("Bo", ";TZID=Ours:20261022T090000", ";TZID=Ours:20261022T100000")
    found = shown(read(asked(calendar(own, windows, unknown, ours), zone="America/New_York")))
    assert [turn[0] for turn in found] == ["10-20 07:00", "10-21 13:00", "10-22 06:00"]


@pytest.mark.parametrize(
    ("title", "attendees", "means"),
    [
        ("Ada Lovelace", [], ("ada",)),
        ("ADA LOVELACE on call", [], ("ada",)),
        ("ada", [], ("ada",)),
        ("On call: ada", [], ("ada",)),
        ("on call (bo)", [], ("bo",)),
        ("ada / Bo", [], ("ada", "bo")),
        ("ada@example.org", [], ("ada",)),
        ("A\u0064a\u00a0 Lovelace", [], ("ada",)),
        ("the ops on call", [], ()),
        ("Bob", [], ()),
        ("anada", [], ()),
        ("", [], ()),
        ("Bo", ["mailto:Ada@Example.org"], ("ada",)),
        ("Bo", ["mailto:somebody@example.org"], ("bo",)),
        ("nobody", ["mailto:ada@example.org.evil.example"], ()),
    ],
)
def test_an_event_means_who_is_invited_or_named(title: str, attendees: list[str], means: tuple[str, ...]) -> None:
    assert named(title, attendees, PEOPLE) == means


def test_two_people_of_one_name_are_both_meant() -> None:
    people = {"one": Called("Kim"), "two": Called("Kim"), "three": Called("Kim Lee")}
    assert named("Kim", [], people) == ("one", "two")
    assert named("Kim Lee", [], people) == ("three",)


def test_who_declined_is_not_on_call_and_who_is_cancelled_neither() -> None:
    invited = [
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:someone@example.org",
    ]
    declined = event("on call", ":20261020T090000Z", ":20261020T100000Z", *invited)
    cancelled = event("Bo", ":20261021T090000Z", ":20261021T100000Z", "STATUS:CANCELLED")
    free = event("Bo", ":20261022T090000Z", ":20261022T100000Z", "TRANSP:TRANSPARENT")
    found = read(asked(calendar(declined, cancelled, free)))
    assert shown(found) == [("10-22 09:00", "10-22 10:00", ("bo",))]
    assert found.faults == ("the event 'on call' on 2026-10-20 names nobody who is under people in the settings",)


def test_events_without_the_text_that_is_asked_for_are_passed_over_without_a_word() -> None:
    found = read(
        asked(
            calendar(
                event("Bo: ON CALL", ":20261020T090000Z", ":20261020T100000Z"),
                event("Bo: dentist", ":20261021T090000Z", ":20261021T100000Z"),
            ),
            only="on call",
        )
    )
    assert (len(found.turns), found.faults) == (1, ())


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (event("Bo", ":20261020T090000Z", None), "'Bo' on 2026-10-20 ends when it begins"),
        (event("Bo", ":tomorrow", ":20261021T080000Z"), "cannot be read"),
        (event("Bo", ":20261020T090000Z", ":20261020T100000Z", "RRULE:FREQ=OFTEN"), "cannot be read"),
    ],
)
def test_an_event_that_makes_no_turn_is_told_and_the_others_count(event: list[str], fault: str) -> None:
    good = ["BEGIN:VEVENT", "UID:g", "SUMMARY:Bo", "DTSTART:20261101T090000Z", "DURATION:PT1H", "END:VEVENT"]
    found = read(asked(calendar(event, good)))
    assert shown(found) == [("11-01 09:00", "11-01 10:00", ("bo",))]
    assert any(fault in each for each in found.faults), found.faults


def test_faults_are_one_line_without_what_a_terminal_obeys_and_not_without_end() -> None:
    hostile = "x\\n\\nroot: all is well\x1b[2J\u202egnp.exe" + "y" * 300
    many = [event(hostile + str(number), f":202610{1 + number % 28:02}T090000Z", ":20261231T080000Z", uid=str(number))
            for number in range(60)]  # fmt: skip
    found = read(asked(calendar(*many)))
    assert 1 <= len(found.faults) <= MOST_FAULTS
    for fault in found.faults:
        assert fault.isprintable()
        assert len(fault) < 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "BEGIN:VCALENDAR",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        "END:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCARD\r\nEND:VCARD\r\n",
        "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 3_000 + "END:VCALENDAR\r\n",
    ],
)
def test_what_is_no_calendar_is_said_to_be_none_or_has_no_turns(text: str) -> None:
    found = read(asked(text))
    assert found.turns == ()


@pytest.mark.parametrize(("ends", "says"), [("2026-10-05T00:00Z", "5000 turns"), ("2026-10-09T00:00Z", "10000 events")])
def test_a_calendar_of_more_turns_than_people_can_take_is_refused(ends: str, says: str) -> None:
    always = event("Bo", ":20261001T000000Z", ":20261001T000100Z", "RRULE:FREQ=MINUTELY")
    found = read(asked(calendar(always), ends=ends))
    assert found.turns == ()
    assert found.bad is not None
    assert says in found.bad
