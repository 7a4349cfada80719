"""Rotas at every minute: covered once where the rota says so, also where clocks change, and hand-overs by the clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playbooks.oncall.quiet import quiet_until_ms
from playbooks.oncall.rota import Rota
from playbooks.oncall.rota_schema import HandOver, Hours, Layer, Override, RotaFile, Weekday
from playbooks.oncall.stretch import Stretch, gaps, laid, within
from playbooks.oncall.zone import local_at, moment_ms, zone_named
from playbooks.settings.people import Person, QuietHours

#: A busy machine is no fault of a rota.
PATIENT = settings(deadline=None)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
#: Hours, half hours, changes at midnight (Cairo, Santiago, Beirut), no changes, and changes of the rule itself.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Antarctica/Troll",
)
PEOPLE = ("ada", "bo", "cy", "dee")

zones = st.sampled_from(ZONES)
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
days = st.lists(st.sampled_from(Weekday), min_size=1, max_size=7, unique=True).map(tuple)
#: Days about which clocks change somewhere, in both directions.
around = st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 4, 24), date(2026, 9, 6),
                          date(2026, 10, 4), date(2026, 10, 25), date(2026, 10, 29), date(2026, 11, 1)])  # fmt: skip
near = st.builds(lambda day, by: day + timedelta(days=by), around, st.integers(-3, 3))
moments = st.builds("{:%Y-%m-%d} {}".format, near, clocks)


@st.composite
def layers(draw: st.DrawFn, hours: bool = True) -> Layer:
    """A layer that began before the days that are looked at."""
    started = draw(st.dates(date(2025, 1, 1), date(2026, 2, 28)))
    return Layer(
        id="layer",
        people=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))),
        starts=f"{started} {draw(clocks)}",
        hand_over=HandOver(
            at=tuple(draw(st.lists(clocks, min_size=1, max_size=3))), days=draw(days), weeks=draw(st.integers(1, 3))
        ),
        hours=tuple(
            draw(st.lists(st.builds(Hours, begins=clocks, ends=clocks, days=days), max_size=2 if hours else 0))
        ),
    )


def _days_about(day: date, zone: str) -> tuple[int, int]:
    first = moment_ms(datetime.combine(day - timedelta(days=2), time()), zone_named(zone))
    return first, first + 5 * DAY_MS


@PATIENT
@given(layers(hours=False), zones, near)
def test_a_layer_without_hours_covers_every_minute_exactly_once(layer: Layer, zone: str, day: date) -> None:
    begin, end = _days_about(day, zone)
    found = Rota(RotaFile(zone=zone, layers=(layer,))).stretches(begin, end)
    assert found[0].from_ms == begin
    assert found[-1].to_ms == end
    assert all(one.to_ms == other.from_ms for one, other in pairwise(found))
    assert all(len(each.people) == 1 and each.from_ms < each.to_ms for each in found)


@PATIENT
@given(layers(hours=False), zones, near)
def test_turns_pass_when_the_clock_shows_the_time_or_is_put_over_it(layer: Layer, zone: str, day: date) -> None:
    begin, end = _days_about(day, zone)
    assume(len(set(layer.people)) > 1)
    for one, other in pairwise(Rota(RotaFile(zone=zone, layers=(layer,))).stretches(begin, end)):
        now, before = (local_at(moment, zone_named(zone)) for moment in (other.from_ms, other.from_ms - 1))
        shown = {time.fromisoformat(at) for at in layer.hand_over.at}
        skipped = now - before > timedelta(milliseconds=1)
        assert one.people != other.people
        assert now.time() in shown or (skipped and any(_between(before, at, now) for at in shown))


def _between(before: datetime, at: time, now: datetime) -> bool:
    return any(before < datetime.combine(each.date(), at) <= now for each in (before, now))


@PATIENT
@given(layers(), st.lists(layers(), max_size=2), zones, near)
def test_a_minute_is_the_topmost_layers_that_has_somebody(
    first: Layer, more: list[Layer], zone: str, day: date
) -> None:
    begin, end = _days_about(day, zone)
    every = (first, *more)
    found = Rota(RotaFile(zone=zone, layers=every)).stretches(begin, end)
    alone = [Rota(RotaFile(zone=zone, layers=(layer,))).stretches(begin, end) for layer in every]
    for minute in range(begin, end, 7 * MINUTE_MS):
        on_top = next((people for layer in reversed(alone) if (people := _at(layer, minute))), ())
        assert _at(found, minute) == on_top


@PATIENT
@given(layers(), zones, near)
def test_hours_are_when_the_clock_says_so(layer: Layer, zone: str, day: date) -> None:
    assume(layer.hours)
    begin, end = _days_about(day, zone)
    found = Rota(RotaFile(zone=zone, layers=(layer,))).stretches(begin, end)
    for minute in range(begin, end, 13 * MINUTE_MS):
        shown = local_at(minute, zone_named(zone))
        if moment_ms(shown, zone_named(zone)) != minute:
            continue  # shown for the second time: what began or ended at it did so at the first
        within_hours = any(_says(hours, shown) for hours in layer.hours)
        assert bool(_at(found, minute)) == within_hours, shown


def _says(hours: Hours, shown: datetime) -> bool:
    begins, ends = time.fromisoformat(hours.begins), time.fromisoformat(hours.ends)
    today, yesterday = (list(Weekday)[(shown - timedelta(days=by)).weekday()] in hours.days for by in (0, 1))
    if begins < ends:
        return today and begins <= shown.time() < ends
    return (today and shown.time() >= begins) or (yesterday and shown.time() < ends)


@PATIENT
@given(layers(), zones, near, st.integers(0, 5 * DAY_MS), st.integers(0, 5 * DAY_MS))
def test_what_is_asked_of_a_part_is_that_part_of_the_whole(
    layer: Layer, zone: str, day: date, one: int, other: int
) -> None:
    begin, end = _days_about(day, zone)
    rota = Rota(RotaFile(zone=zone, layers=(layer,)))
    low, high = begin + min(one, other), begin + max(one, other)
    assert rota.stretches(low, high) == within(rota.stretches(begin, end), low, high)


@PATIENT
@given(layers(hours=False), zones, moments, moments, st.sampled_from([None, *PEOPLE]))
def test_an_override_counts_from_its_begin_to_its_end_and_nowhere_else(
    layer: Layer, zone: str, one: str, other: str, instead_of: str | None
) -> None:
    begins, ends = sorted((one, other))
    override = Override(begins=begins, ends=ends, people=("eve",), instead_of=instead_of)
    plain, changed = (
        Rota(RotaFile(zone=zone, layers=(layer,), overrides=overrides)) for overrides in ((), (override,))
    )
    start, stop = (moment_ms(datetime.fromisoformat(text), zone_named(zone)) for text in (begins, ends))
    assume(stop - start < 20 * DAY_MS)
    before, after = (rota.stretches(start - DAY_MS, stop + DAY_MS) for rota in (plain, changed))
    for minute in range(start - DAY_MS, stop + DAY_MS, 31 * MINUTE_MS):
        usual = _at(before, minute)
        stood_in = start <= minute < stop and (instead_of is None or instead_of in usual)
        assert _at(after, minute) == (("eve",) if stood_in else usual)


@given(
    zones, st.builds(datetime.combine, st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.times()), st.integers(0, 3 * 60)
)
def test_a_later_time_on_the_clock_is_never_an_earlier_moment(zone: str, shown: datetime, minutes: int) -> None:
    place = zone_named(zone)
    assert moment_ms(shown, place) <= moment_ms(shown + timedelta(minutes=minutes), place)


@given(zones, st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_a_moment_is_shown_and_the_first_moment_at_which_it_is_shown_is_meant(zone: str, at_ms: int) -> None:
    place = zone_named(zone)
    found = moment_ms(local_at(at_ms, place), place)
    assert found <= at_ms
    assert local_at(found, place) == local_at(at_ms, place)


@given(zones, clocks, clocks, near, st.integers(0, 2 * DAY_MS))
def test_quiet_hours_end_when_the_clock_shows_their_end(zone: str, begins: str, ends: str, day: date, by: int) -> None:
    place = zone_named(zone)
    person = Person(name="Ada", zone=zone, quiet=QuietHours(begins=begins, ends=ends))
    at_ms = moment_ms(datetime.combine(day, time()), place) + by
    shown = local_at(at_ms, place)
    until = quiet_until_ms(person, at_ms)
    if moment_ms(shown, place) == at_ms:
        assert (until is not None) == _says(Hours(begins=begins, ends=ends), shown)
    if until is not None:
        assert at_ms < until <= at_ms + 26 * HOUR_MS
        assert quiet_until_ms(person, until) is None or begins == ends or _skipped(until, place)


def _skipped(at_ms: int, place: ZoneInfo) -> bool:
    return local_at(at_ms, place) - local_at(at_ms - 1, place) != timedelta(milliseconds=1)


stretches = st.builds(
    lambda begin, length, people: Stretch(begin, begin + length, tuple(sorted(people))),
    st.integers(0, 50),
    st.integers(0, 20),
    st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=2),
)
groups = st.lists(st.lists(stretches, max_size=5), max_size=3)


@given(groups)
def test_at_every_moment_the_topmost_group_that_has_anybody_is_on_call(found: list[list[Stretch]]) -> None:
    together = laid(found)
    for moment in range(75):
        each = [{person for one in group if one.from_ms <= moment < one.to_ms for person in one.people}
                for group in found]  # fmt: skip
        assert set(_at(together, moment)) == next((people for people in each if people), set())
    assert together == sorted(together)
    assert all(one.to_ms < other.from_ms or one.people != other.people for one, other in pairwise(together))


@given(groups, st.integers(0, 40), st.integers(0, 40))
def test_turns_and_gaps_together_are_the_whole_without_overlap(
    found: list[list[Stretch]], begin: int, length: int
) -> None:
    end = begin + length
    together = laid(found)
    every = sorted((*within(together, begin, end), *gaps(together, begin, end)))
    assert sum(each.to_ms - each.from_ms for each in every) == length
    assert all(one.to_ms == other.from_ms for one, other in pairwise(every))


def _at(found: list[Stretch], moment: int) -> tuple[str, ...]:
    there = [each.people for each in found if each.from_ms <= moment < each.to_ms]
    assert len(there) <= 1, "covered twice"
    return there[0] if there else ()
