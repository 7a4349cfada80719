"""Who was heard in the last hour, by name as long as that can be, then by number; and what came with them."""

from __future__ import annotations

import msgspec
import pytest

from detectors.voices.crowd import AUTHORS_MOST, HOUR_MS, QUIET_MS, Crowd, CrowdState
from detectors.voices.minutes import LINKS_MOST, Minutes, MinutesState, Tally
from detectors.voices.sketch import SKETCH_BYTES, People

MINUTE = 60_000


def many(first: int, number: int) -> range:
    """Authors' numbers, far apart as hashes are."""
    return range(first * 7_919_777_123, (first + number) * 7_919_777_123, 7_919_777_123)


@pytest.mark.parametrize("number", [0, 3, 700, 20_000, 300_000])
def test_sketches_count_people_within_three_parts_of_a_hundred_however_they_are_merged(number: int) -> None:
    everybody = list(many(1, number))
    merged = People()
    for part in range(4):
        assert merged.merge(People(everybody[part::3]).state())
    assert merged.count() == pytest.approx(number, rel=0.03)
    assert len(merged.state()) == (SKETCH_BYTES if number else 0)


def test_what_is_no_sketch_is_not_read() -> None:
    good = People(range(5_000)).state()
    for bad in (
        b"\0" * SKETCH_BYTES,
        good[:-1],
        good + b"\0",
        b"\xff" + good[1:],
        good[:36] + b"\1" + good[37:],
        b"{}",
    ):
        people = People(range(10))
        assert not people.merge(bad)
        assert people.count() == 10


def test_a_sketch_with_other_registers_counts_something_and_harms_nobody() -> None:
    good = People(range(5_000)).state()
    for place in range(8, 36):
        people = People()
        people.merge(good[:place] + b"\xff" + good[place + 1 :])
        assert people.count() >= 0
    people = People()
    assert people.merge(good[:40] + b"\xff" * (SKETCH_BYTES - 40))
    assert people.count() >= 0


def test_people_of_unlisted_cells_are_counted_with_those_that_are_listed() -> None:
    crowd = Crowd()
    for author in many(1, 500):
        crowd.speaks(author, 5, negative=False, reach=0)
    for minute in range(3):
        crowd.unlisted(minute * MINUTE, People(many(1, 4_000)).state(), People(many(1, 1_000)).state())
    assert crowd.authors(0) == pytest.approx(4_000, rel=0.03)
    assert crowd.authors(0, negative=True) == pytest.approx(1_000, rel=0.03)
    assert crowd.authors(4 * MINUTE) == 0


def test_beyond_a_bound_people_become_a_number_and_those_of_late_stay_known() -> None:
    crowd = Crowd()
    everybody = list(many(1, 4 * AUTHORS_MOST))
    for place, author in enumerate(everybody):
        at_ms = place * 50 * MINUTE // len(everybody)
        crowd.turn(at_ms)
        assert crowd.speaks(author, at_ms, negative=place % 4 == 0, reach=1)
    assert crowd.authors(0) == pytest.approx(len(everybody), rel=0.03)
    assert crowd.authors(0, negative=True) == pytest.approx(len(everybody) / 4, rel=0.03)
    assert not crowd.speaks(everybody[-AUTHORS_MOST // 10], 50 * MINUTE, negative=False, reach=0)
    assert len(msgspec.json.encode(crowd.state())) < 900_000


def test_an_hour_is_remembered_and_no_longer() -> None:
    crowd = Crowd()
    crowd.speaks(1, 0, negative=True, reach=9)
    crowd.turn(HOUR_MS)
    assert (crowd.authors(0), crowd.reach(0)) == (1, 9)
    crowd.turn(HOUR_MS + MINUTE)
    assert (crowd.authors(0), crowd.authors(0, negative=True), crowd.reach(0)) == (0, 0, 0)


def test_accounts_that_post_are_known_for_ten_to_twenty_minutes() -> None:
    crowd = Crowd()
    assert [crowd.posts(1), crowd.posts(1), crowd.posts(2)] == [1, 2, 1]
    crowd.turn(QUIET_MS)
    assert crowd.posts(1) == 3
    assert crowd.posters() == {1: 3, 2: 1}
    crowd.turn(2 * QUIET_MS)
    crowd.turn(3 * QUIET_MS)
    assert crowd.posters() == {}


def test_a_crowd_goes_on_from_its_state() -> None:
    one = Crowd()
    for place in range(200):
        at_ms = place * 40_000
        other = Crowd(msgspec.json.decode(msgspec.json.encode(one.state()), type=CrowdState))
        for crowd in (one, other):
            crowd.turn(at_ms)
            crowd.posts(2**64 - 1 - place % 7)
            crowd.speaks(2**64 - 1 - place % 30, at_ms, negative=place % 3 == 0, reach=place)
            if place % 50 == 0:
                crowd.unlisted(at_ms, People(range(place)).state(), b"")
        assert one.state() == other.state()


# --- minute by minute -------------------------------------------------------------------------------------------------


def test_minutes_are_added_up_from_a_moment_on_and_forgotten_after_an_hour() -> None:
    minutes = Minutes()
    for minute in range(90):
        minutes.add(minute * MINUTE, Tally(posts=1.0, late=0.5))
    assert minutes.since(85 * MINUTE) == Tally(posts=5.0, late=2.5)
    assert minutes.since(0).posts == 60.0


def test_links_shared_most_stay_where_there_are_too_many() -> None:
    minutes = Minutes()
    for minute in range(50):
        minutes.add(minute * MINUTE, Tally(), [(f"once.example/{minute}-{place}", 1) for place in range(4)])
        minutes.add(minute * MINUTE, Tally(), [("often.example/x", 2)])
    links = minutes.links(0)
    assert links["often.example/x"] == 100
    assert len(links) <= LINKS_MOST
    assert minutes.links(49 * MINUTE)["often.example/x"] == 2


def test_minutes_go_on_from_their_state() -> None:
    one = Minutes()
    for place in range(150):
        other = Minutes(msgspec.json.decode(msgspec.json.encode(one.state()), type=MinutesState))
        for minutes in (one, other):
            minutes.add(place * 35_000, Tally(posts=place / 3), [(f"a.example/{place % 60}", place)])
        assert one.state() == other.state()
