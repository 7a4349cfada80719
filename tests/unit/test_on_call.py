"""Who is in a role at a moment, when nobody is and why; who has its rights; what waits for quiet hours to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.run import LIVE
from playbooks.effects.message import AddressOf
from playbooks.labels import Channel
from playbooks.oncall.people import (
    DAY_MS,
    Contact,
    Later,
    Missed,
    Nobody,
    Unreachable,
    heard_now,
    members,
    on_duty,
    reach,
    rights,
    role_gaps,
)
from playbooks.oncall.quiet import quiet_until_ms
from playbooks.oncall.rota_file import parse_rota
from playbooks.oncall.rota_schema import moment_of
from playbooks.oncall.rotas import NO_ROTAS, Known, Rotas, RotaTrouble, Trouble, Turns
from playbooks.oncall.stretch import Stretch, gaps, within
from playbooks.oncall.zone import zone_named
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import OfRota, Person, QuietHours

BERLIN = zone_named("Europe/Berlin")
HOUR_MS = 3_600_000
SETTINGS = PlaybookSettings(
    people={key: Person(name=key.title(), email=f"{key}@example.org") for key in ("ada", "bo", "cy")},
    roles={
        "on-call": OfRota(rota="comms"),
        "both": ("cy", OfRota(rota="comms")),
        "two": (OfRota(rota="comms"), OfRota(rota="other")),
        "fixed": ("cy",),
        "empty": (),
    },
)
OFFICE = Known(
    parse_rota(
        """
zone: Europe/Berlin
layers:
  - id: office
    people: [ada, bo]
    starts: 2026-10-19 00:00
    hand_over: {at: ["00:00"]}
    hours: [{from: "09:00", to: "17:00", days: [monday, tuesday, wednesday, thursday, friday]}]
""",
        Path("rota.yaml"),
        SETTINGS.people,
    )
)
ROTAS = Rotas({"comms": OFFICE})
ROADS: dict[Channel, AddressOf] = {Channel.EMAIL: lambda person: person.email}


def at(text: str) -> int:
    """A moment by the clocks of Berlin."""
    return moment_of(text, BERLIN)


MONDAY = at("2026-10-19 10:00")
NIGHT = at("2026-10-19 22:00")


def who(role: str, at_ms: int, rotas: Rotas = ROTAS) -> list[str] | Nobody:
    """The keys of those in a role, or why nobody is."""
    found = members(role, SETTINGS, rotas, at_ms)
    return found if isinstance(found, Nobody) else list(found)


def test_a_role_has_whoever_is_on_call_and_whoever_is_always_in_it() -> None:
    assert (who("on-call", MONDAY), who("on-call", MONDAY + DAY_MS)) == (["ada"], ["bo"])
    assert (who("both", MONDAY), who("both", NIGHT), who("fixed", MONDAY)) == (["cy", "ada"], ["cy"], ["cy"])


def test_who_stands_in_may_be_stood_in_for() -> None:
    rota = parse_rota(
        """
zone: Europe/Berlin
layers: [{id: always, people: [ada], starts: 2026-10-19 00:00, hand_over: {at: ["00:00"]}}]
overrides:
  - {from: 2026-10-20 00:00, to: 2026-10-22 00:00, people: [bo], instead_of: ada, why: holidays}
  - {from: 2026-10-21 00:00, to: 2026-10-22 00:00, people: [cy], instead_of: bo, why: ill}
""",
        Path("rota.yaml"),
        SETTINGS.people,
    )
    rotas = Rotas({"comms": Known(rota)})
    days = [at(f"2026-10-{day} 12:00") for day in (19, 20, 21, 22)]
    assert [who("on-call", day, rotas) for day in days] == [["ada"], ["bo"], ["cy"], ["ada"]]


def test_no_time_at_all_has_no_turns_and_no_gaps() -> None:
    turns = [Stretch(0, 9, ("ada",))]
    assert (within(turns, 4, 4), gaps(turns, 4, 4), gaps([], 4, 4)) == ([], [], [])


def test_a_turn_ends_to_the_millisecond() -> None:
    end = at("2026-10-19 17:00")
    assert (who("on-call", end - 1), who("on-call", end)) == (
        ["ada"],
        Nobody(Unreachable.NOBODY_ON_CALL, at("2026-10-20 09:00")),
    )


def test_why_nobody_is_there_is_said_and_when_somebody_comes() -> None:
    assert who("on-call", NIGHT) == Nobody(Unreachable.NOBODY_ON_CALL, at("2026-10-20 09:00"))
    friday, monday = at("2026-10-23 18:00"), at("2026-10-26 09:00")
    assert who("on-call", friday) == Nobody(Unreachable.NOBODY_ON_CALL, monday)
    assert monday - friday == (3 * 24 - 9 + 1) * HOUR_MS, "a night between has an hour more"
    assert who("on-call", MONDAY, NO_ROTAS) == Nobody(Unreachable.ROTA_NOT_READ)
    assert who("empty", MONDAY) == Nobody(Unreachable.EMPTY_ROLE)
    assert who("gone", MONDAY) == Nobody(Unreachable.NO_SUCH_ROLE)


def test_a_calendar_that_is_too_old_is_not_gone_by_and_the_other_rota_is() -> None:
    old = Known(Turns((Stretch(0, MONDAY + 99 * DAY_MS, ("bo",)),)), counts_until_ms=MONDAY)
    rotas = Rotas({"comms": old})
    assert who("on-call", MONDAY - 1, rotas) == ["bo"]
    assert who("on-call", MONDAY, rotas) == Nobody(Unreachable.ROTA_TOO_OLD)
    assert who("two", MONDAY, Rotas({"comms": old, "other": OFFICE})) == ["ada"]
    assert who("two", NIGHT, Rotas({"comms": old, "other": OFFICE})) == Nobody(
        Unreachable.ROTA_TOO_OLD, at("2026-10-20 09:00")
    )


def test_who_has_left_the_settings_is_not_on_call() -> None:
    rotas = Rotas({"comms": Known(Turns((Stretch(0, 9, ("ada", "zoe")), Stretch(9, 12, ("zoe",)))))})
    assert who("on-call", 0, rotas) == ["ada"]
    assert who("on-call", 9, rotas) == Nobody(Unreachable.NOBODY_ON_CALL)
    assert on_duty("on-call", SETTINGS, rotas, 0, 12) == [Stretch(0, 9, ("ada",))]
    assert role_gaps("on-call", SETTINGS, rotas, 0, 12) == [Stretch(9, 12)]


def test_nobody_on_call_is_missed_as_a_whole_with_the_moment_from_which_somebody_is() -> None:
    missed = Missed("", Unreachable.NOBODY_ON_CALL, at("2026-10-20 09:00"))
    assert reach(LIVE, "on-call", SETTINGS, ROADS, ROTAS, NIGHT).missed == (missed,)
    found = reach(LIVE, "on-call", SETTINGS, ROADS, ROTAS, MONDAY).to_send
    assert found == (Contact("ada", "Ada", Channel.EMAIL, "ada@example.org"),)


def test_gaps_are_all_the_time_in_which_a_page_would_reach_nobody() -> None:
    found = role_gaps("on-call", SETTINGS, ROTAS, at("2026-10-19 00:00"), at("2026-10-26 00:00"))
    assert sum(gap.to_ms - gap.from_ms for gap in found) == (7 * 24 + 1 - 5 * 8) * HOUR_MS
    assert found[0] == Stretch(at("2026-10-19 00:00"), at("2026-10-19 09:00"))
    assert found[-1] == Stretch(at("2026-10-23 17:00"), at("2026-10-26 00:00"))
    assert role_gaps("both", SETTINGS, ROTAS, MONDAY, MONDAY + 14 * DAY_MS) == []
    for role, rotas in (("gone", ROTAS), ("empty", ROTAS), ("on-call", NO_ROTAS)):
        assert role_gaps(role, SETTINGS, rotas, 0, 9) == [Stretch(0, 9)]


def test_rights_do_not_wait_for_ones_turn() -> None:
    assert rights(SETTINGS, ROTAS, NIGHT) == {
        "on-call": ("ada", "bo"),
        "both": ("cy", "ada", "bo"),
        "two": ("ada", "bo"),
        "fixed": ("cy",),
        "empty": (),
    }


def test_rights_by_a_calendar_are_of_those_whose_turn_is_near_and_who_are_in_the_settings() -> None:
    turns = (Stretch(0, 9, ("ada",)), Stretch(9, 10, ("zoe",)), Stretch(29 * DAY_MS, 30 * DAY_MS, ("bo",)))
    rotas = Rotas({"comms": Known(Turns(turns), counts_until_ms=0)})
    assert rights(SETTINGS, rotas, 14 * DAY_MS)["on-call"] == ("ada",)
    assert rights(SETTINGS, rotas, 15 * DAY_MS + 10)["on-call"] == ("bo",)


QUIET = QuietHours(begins="22:00", ends="07:00")
NIGHT_OWLS = PlaybookSettings(
    people={
        "ada": Person(name="Ada", zone="Europe/Berlin", quiet=QUIET),
        "bo": Person(name="Bo", zone="America/New_York", quiet=QUIET),
        "cy": Person(name="Cy"),
    }
)


def _points(*points: tuple[str, Channel]) -> list[Contact]:
    return [Contact(person, person.title(), channel, "somewhere") for person, channel in points]


def test_a_notice_at_night_goes_by_mail_or_waits_for_the_morning_where_the_person_is() -> None:
    ada, bo, cy = _points(("ada", Channel.SMS), ("bo", Channel.SMS), ("cy", Channel.SMS))
    assert heard_now([ada, bo, cy], NIGHT_OWLS, NIGHT) == ((bo, cy), (Later(ada, at("2026-10-20 07:00")),))
    mail = Contact("ada", "Ada", Channel.EMAIL, "ada@example.org")
    assert heard_now([ada, mail], NIGHT_OWLS, NIGHT) == ((mail,), ())
    assert heard_now([ada, mail], NIGHT_OWLS, MONDAY) == ((ada, mail), ())


def test_a_notice_that_silences_a_pager_does_not_wait() -> None:
    pager, text = _points(("ada", Channel.PAGERDUTY), ("ada", Channel.SMS))
    now, later = heard_now([pager, text], NIGHT_OWLS, NIGHT, silent={Channel.PAGERDUTY})
    assert (now, [each.contact for each in later]) == ((pager,), [text])


@pytest.mark.parametrize(
    ("night", "until"),
    [
        ("2026-03-28 23:00", "2026-03-29 07:00"),
        ("2026-03-29 03:30", "2026-03-29 07:00"),
        ("2026-10-25 02:30", "2026-10-25 07:00"),
        ("2026-10-25T02:30+01:00", "2026-10-25 07:00"),
        ("2026-10-24 22:00", "2026-10-25 07:00"),
        ("2026-10-24 21:59", None),
        ("2026-10-25 07:00", None),
    ],
)
def test_quiet_hours_hold_in_the_nights_in_which_clocks_change(night: str, until: str | None) -> None:
    ada = NIGHT_OWLS.people["ada"]
    assert quiet_until_ms(ada, at(night)) == (at(until) if until else None)


def test_quiet_hours_within_a_day_end_on_that_day() -> None:
    person = Person(name="Ada", zone="Europe/Berlin", quiet=QuietHours(begins="12:00", ends="13:30"))
    assert quiet_until_ms(person, at("2026-10-19 12:00")) == at("2026-10-19 13:30")
    assert quiet_until_ms(person, at("2026-10-19 11:59")) is None


def test_every_trouble_has_its_words_and_prints_on_one_line() -> None:
    assert len({why.in_words for why in RotaTrouble}) == len(RotaTrouble)
    said = str(Trouble("comms", RotaTrouble.REFUSED, "HTTP 404"))
    assert said == "rota 'comms': its calendar's server refuses it: HTTP 404"
