"""Pictures of a backtest: well formed, complete, and harmless whatever a brand is called."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from detectors.finding import Level
from detectors.mention import rfc3339
from detectors.signal import SignalKind
from playbooks.incidents.decisions import IncidentLine
from streams.pictures.axes import TimeAxis, ValueAxis
from streams.pictures.course import Course, Row
from streams.pictures.drawing import incident_picture, overview, write_pictures
from tests.parts.brand_days import AFTER_THREE_DAYS, HOUR, MINUTE, each_bucket, known_brand, negativity, said

T = AFTER_THREE_DAYS
SVG = "{http://www.w3.org/2000/svg}"


def words_in(picture: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def course_of(minutes: int, brand: str = "acme", gap_min: int = 0) -> Course:
    """A course with a row a minute, perhaps with a gap in its middle."""
    course = Course()
    for minute in range(minutes):
        if not minutes // 2 <= minute < minutes // 2 + gap_min:
            level = Level(minute % 7, 3.0, 8.0)
            course.rows[brand, None].append(Row(T + minute * MINUTE, level, Level(0.3, 0.2, 0.4)))
    return course


def storm() -> Course:
    """A storm as it is gathered: its signals, an incident that opens, and gets worse."""
    course, watch = Course(), known_brand()
    opened = 0
    for at_ms, cells in each_bucket(T, 10 * MINUTE, lambda at_ms: [said(at_ms + n, at_ms, 0.95) for n in range(4)]):
        signals = watch.close(at_ms, cells)
        course.watched(watch)
        for signal in negativity(signals):
            course.signalled(signal)
            if signal.platform is None:
                opened += 1
                course.decided(
                    IncidentLine(
                        *(rfc3339(signal.at_ms), "acme", "inc-1", "storm", "1.0.0", SignalKind.NEGATIVITY),
                        *(signal.severity, True, opened == 1),
                    )
                )
    return course


def test_a_storm_is_drawn_with_its_beginning_when_it_was_seen_and_each_page(tmp_path: Path) -> None:
    course = storm()
    [incident] = course.incidents.values()
    written = write_pictures(course, tmp_path / "new" / "folder")
    assert [file.suffix for file in written] == [".svg", ".svg"]
    assert written[0].name.startswith("acme-2026")
    said_there = words_in(written[0].read_text("utf-8"))
    assert f"acme: storm, severity {incident.severity} of 5" in said_there
    assert any(words.startswith("began ") for words in said_there)
    assert any(words.startswith("seen ") for words in said_there)
    assert any(words.startswith("paged ") for words in said_there)
    assert T - HOUR <= incident.since_ms < incident.seen_ms <= incident.paged_ms[0]


def test_a_row_is_taken_once_a_minute_for_each_series() -> None:
    course = storm()
    assert {len(rows) for rows in course.rows.values()} == {10}
    assert set(course.rows) == {("acme", None), ("acme", "x"), ("acme", "bluesky")}


def test_whatever_a_brand_is_called_the_picture_is_well_formed() -> None:
    brand = "a<b>&\"'c"
    assert f"{brand}: the whole time" in words_in(overview(course_of(60, brand), brand))


def test_weeks_are_drawn_with_no_more_points_than_can_be_seen() -> None:
    picture = overview(course_of(21 * 1440), "acme")
    assert len(picture) < 100_000
    lines = [one.get("points", "").split() for one in ElementTree.fromstring(picture).iter(f"{SVG}polyline")]
    assert max(map(len, lines)) <= 1_000


def test_where_nobody_spoke_the_line_is_at_nought_and_the_share_has_a_gap() -> None:
    whole, broken = overview(course_of(240), "acme"), overview(course_of(240, gap_min=60), "acme")
    assert broken.count("<polyline") == whole.count("<polyline") + 1


@pytest.mark.parametrize("hours", [1, 5, 30, 24 * 7, 24 * 60])
def test_a_time_axis_has_a_few_ticks_the_first_of_which_names_the_day(hours: int) -> None:
    ticks = list(TimeAxis(T, T + hours * HOUR, 0.0, 900.0).ticks())
    assert 2 <= len(ticks) <= 14
    assert "Jan" in ticks[0][1]
    assert all(0.0 <= x <= 900.0 for x, _, _ in ticks)


@pytest.mark.parametrize("top", [0.7, 1.0, 9.0, 40.0, 1234.0])
def test_a_value_axis_has_two_to_five_round_ticks(top: float) -> None:
    ticks = list(ValueAxis(top, 0.0, 100.0).ticks())
    assert 2 <= len(ticks) <= 5
    assert max(ticks) <= top


def test_an_incident_that_paged_nobody_says_so() -> None:
    course = storm()
    [incident] = course.incidents.values()
    incident.paged_ms.clear()
    assert any("nobody paged" in words for words in words_in(incident_picture(course, incident)))


def marked(picture: str, ink: str) -> int:
    """How many upright lines there are in this ink."""
    return sum(
        one.get("stroke") == ink and "V" in one.get("d", "")
        for one in ElementTree.fromstring(picture).iter(f"{SVG}path")
    )


def test_every_page_has_its_line_also_where_its_words_find_no_room() -> None:
    course = storm()
    [incident] = course.incidents.values()
    incident.paged_ms[:] = [incident.seen_ms + n * MINUTE for n in range(9)]
    picture = incident_picture(course, incident)
    assert marked(picture, "#cf222e") == 9
    assert sum(words.startswith("paged ") for words in words_in(picture)) < 9
    assert any("paged 9 times, first " in words for words in words_in(picture))


def test_the_picture_of_a_flood_shows_its_copies() -> None:
    course = storm()
    [incident] = course.incidents.values()
    assert "Copies a minute" not in words_in(incident_picture(course, incident))
    incident.kind = SignalKind.FLOOD
    words = words_in(incident_picture(course, incident))
    assert {"Copies a minute", "Voices a minute"} <= set(words)
    assert "Negative share" not in words


def test_where_nobody_is_there_to_be_negative_there_is_no_share_and_not_one_of_nought() -> None:
    course = course_of(240)
    rows = course.rows["acme", None]
    rows[60:180] = [row._replace(share=Level(0.0, 0.2, 0.4, unknown=True)) for row in rows[60:180]]
    lines = [
        len(one.get("points", "").split())
        for one in ElementTree.fromstring(overview(course, "acme")).iter(f"{SVG}polyline")
    ]
    assert lines[-2:] == [60, 60]


def test_the_band_has_a_lower_edge() -> None:
    course = Course()
    for minute in range(60):
        level = Level(5.0, 6.0, 9.0, 3.0)
        course.rows["acme", None].append(Row(T + minute * MINUTE, level, Level(0.3, 0.25, 0.4, 0.1)))
    for band in ElementTree.fromstring(overview(course, "acme")).iter(f"{SVG}polygon"):
        heights = {float(place.split(",")[1]) for place in band.get("points", "").split()}
        assert len(heights) == 2
        assert not heights & {350.0, 500.0}


def test_a_detector_knows_when_there_is_no_share() -> None:
    watch = known_brand()
    assert not watch.levels(None)[SignalKind.NEGATIVITY].unknown
    watch.quiet_until(T + 2 * HOUR)
    level = watch.levels(None)[SignalKind.NEGATIVITY]
    assert (level.unknown, level.low < level.expected < level.high) == (True, True)
    assert watch.levels(None)[SignalKind.VOLUME].low < watch.levels(None)[SignalKind.VOLUME].expected
