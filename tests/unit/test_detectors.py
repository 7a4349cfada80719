"""Each detector by itself: as a River estimator, as a value with a snapshot, and what it takes for a crisis."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from typing import Any, Protocol, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base

import detectors
from detectors.bucket import BUCKET_MS
from detectors.estimators.window import FINE_S, LONGEST_S, Window
from detectors.finding import SPANS_S, Detector, Finding, Observation
from detectors.kinds.negativity import NegativitySpike
from detectors.kinds.registry import DETECTORS
from detectors.kinds.silence import Silence
from detectors.signal import SignalKind
from tests.parts.rivers_checks import EACH_CHECK, NOT_FOR_US, RIVERS, run_check

HOUR = 360
DAY = 24 * HOUR
KINDS = pytest.mark.parametrize("kind", DETECTORS)
#: Those to which many angry voices are a crisis; silence has tests of its own.
SPIKES = pytest.mark.parametrize("kind", [SignalKind.VOLUME, SignalKind.NEGATIVITY])


class Known(Detector, Protocol):
    """A detector that is a River estimator, too."""

    def score_one(self, x: dict[Any, Any]) -> float: ...

    def learn_one(self, x: dict[Any, Any]) -> None: ...


def observed(place: int, voices: float, negative: float, start_ms: int = 0) -> Observation:
    return Observation(start_ms + place * BUCKET_MS, voices, voices, negative)


def as_features(seen: Observation) -> dict[Any, Any]:
    """All that any of them asks for."""
    said = {"voices": seen.voices, "scored": seen.scored, "negative": seen.negative}
    return {"at_ms": seen.at_ms, **said, "copies": seen.copies, "negative_copies": seen.negative_copies}


def ordinary(place: int) -> Observation:
    """Three voices in half a minute, every fourth of them negative."""
    return observed(place, 1, place % 4 == 0)


def crisis(place: int) -> Observation:
    return observed(place, 12, 10)


def taught(kind: SignalKind, buckets: int = 2 * DAY) -> Known:
    """A detector that has seen so many ordinary buckets, from one lesson for all tests."""
    if (kind, buckets) not in LESSONS:
        detector = DETECTORS[kind].make(DETECTORS[kind].threshold, None)
        for place in range(buckets):
            detector.learn(ordinary(place))
        LESSONS[kind, buckets] = detector.snapshot()
    return again(kind, LESSONS[kind, buckets])


LESSONS: dict[tuple[SignalKind, int], bytes] = {}


def again(kind: SignalKind, snapshot: bytes) -> Known:
    return cast(Known, DETECTORS[kind].restore(snapshot, DETECTORS[kind].threshold, None))


def score(detector: Known, seen: Observation) -> float:
    found = detector.find(seen)
    return found.score if found else 0.0


def scores(detector: Known, course: Iterable[Observation]) -> list[float]:
    """Each bucket judged, then learned."""
    out = []
    for seen in course:
        out.append(score(detector, seen))
        detector.learn(seen)
    return out


# --- the registry -----------------------------------------------------------------------------------------------------


def test_every_detector_is_registered_under_its_own_kind() -> None:
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(detectors.__path__, "detectors.")]
    written = {
        found
        for module in modules
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, base.AnomalyDetector) and found.__module__ == module.__name__
    }
    made = {kind: entry.make(entry.threshold, None) for kind, entry in DETECTORS.items()}
    assert {type(detector).__name__ for detector in made.values()} == {found.__name__ for found in written}
    assert [detector.kind for detector in made.values()] == list(DETECTORS)


@KINDS
def test_a_snapshot_carries_the_version_of_its_detector(kind: SignalKind) -> None:
    detector = taught(kind, HOUR)
    assert msgspec.json.decode(detector.snapshot())["version"] == detector.version >= 1


@KINDS
def test_one_platform_has_to_prove_more_than_the_whole_brand(kind: SignalKind) -> None:
    entry = DETECTORS[kind]
    assert entry.threshold_for("x") > entry.threshold_for(None) == entry.threshold


@SPIKES
def test_the_threshold_is_a_setting_and_no_part_of_a_snapshot(kind: SignalKind) -> None:
    known = taught(kind)
    scores(known, map(crisis, range(2 * DAY, 2 * DAY + 3)))
    strict = DETECTORS[kind].restore(known.snapshot(), DETECTORS[kind].threshold * 1.5, None)
    found, usual = strict.find(crisis(2 * DAY + 3)), known.find(crisis(2 * DAY + 3))
    assert found is not None
    assert usual is not None
    assert found.tail == usual.tail
    assert found.score < usual.score


# --- as River estimators ----------------------------------------------------------------------------------------------


def test_each_check_left_out_is_one_of_rivers() -> None:
    assert NOT_FOR_US.keys() <= RIVERS.keys()


@KINDS
@EACH_CHECK
def test_rivers_own_check(kind: SignalKind, name: str) -> None:
    seen = [*map(ordinary, range(2 * HOUR)), *map(crisis, range(2 * HOUR, 2 * HOUR + 30))]
    detector = DETECTORS[kind].make(DETECTORS[kind].threshold, None)
    run_check(name, detector, [(as_features(one), one.voices > 1) for one in seen])


@KINDS
def test_as_an_estimator_it_learns_and_scores_what_it_does_as_a_detector(kind: SignalKind) -> None:
    one, other = taught(kind, HOUR), taught(kind, HOUR)
    for place in range(HOUR, HOUR + 120):
        seen = crisis(place) if place % 40 == 0 else ordinary(place)
        found = one.find(seen)
        assert other.score_one(as_features(seen)) == (found.score if found else 0.0)
        one.learn(seen)
        other.learn_one(as_features(seen))
    assert one.snapshot() == other.snapshot()


@SPIKES
def test_a_crisis_is_ranked_above_every_ordinary_bucket(kind: SignalKind) -> None:
    detector = taught(kind)
    calm = scores(detector, map(ordinary, range(2 * DAY, 2 * DAY + HOUR)))
    angry = scores(detector, map(crisis, range(2 * DAY + HOUR, 2 * DAY + HOUR + 30)))
    assert min(angry[1:]) > max(calm)


# --- scoring and learning ---------------------------------------------------------------------------------------------


@KINDS
def test_finding_never_learns(kind: SignalKind) -> None:
    detector = taught(kind)
    before = detector.snapshot()
    course = [crisis(2 * DAY), ordinary(2 * DAY + 31), crisis(3 * DAY)]
    assert [detector.find(seen) for seen in course] == [detector.find(seen) for seen in course]
    assert detector.snapshot() == before


@KINDS
@settings(max_examples=25, deadline=None)
@given(course=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 7)), min_size=1, max_size=120), data=st.data())
def test_a_detector_restored_anywhere_goes_on_to_the_last_bit(
    kind: SignalKind, course: list[tuple[int, int]], data: st.DataObject
) -> None:
    stop = data.draw(st.integers(0, len(course)))
    whole, broken = taught(kind, HOUR + 7), taught(kind, HOUR + 7)
    for place, (voices, part) in enumerate(course):
        if place == stop:
            broken = again(kind, broken.snapshot())
        # Weighted counts, as a sampled bucket has them, are no whole numbers.
        seen = observed(HOUR + 7 + place, voices * 1.1, voices * 1.1 * part / 7)
        assert whole.find(seen) == broken.find(seen)
        whole.learn(seen)
        broken.learn(seen)
    assert whole.snapshot() == broken.snapshot()
    assert whole.level(seen.at_ms) == broken.level(seen.at_ms)


@KINDS
@pytest.mark.parametrize("buckets", [1, 7, 23])
def test_a_rest_taken_at_once_is_the_same_to_the_last_bit(kind: SignalKind, buckets: int) -> None:
    at_once, each = taught(kind, HOUR + 7), taught(kind, HOUR + 7)
    for place in range(HOUR + 7, HOUR + 7 + buckets):
        each.learn(observed(place, 0, 0))
    at_once.rest(observed(HOUR + 7, 0, 0), buckets)
    assert at_once.snapshot() == each.snapshot()


@pytest.mark.parametrize("late_ms", [0, 60_000, 900_000])
def test_a_silence_is_never_found_while_there_is_patience(late_ms: int) -> None:
    detector = cast(Silence, taught(SignalKind.SILENCE))
    patient_ms, looked = 0, 0
    for place in range(2 * DAY, 2 * DAY + HOUR):
        seen = Observation(place * BUCKET_MS, late_ms=late_ms)
        patient_ms = max(patient_ms, detector.patient_until(seen))
        if detector.listen(seen) is not None:
            break
        looked += patient_ms < seen.at_ms + BUCKET_MS
    else:
        pytest.fail("there was no silence")
    assert patient_ms < seen.at_ms + BUCKET_MS
    assert looked < 15


@KINDS
def test_nothing_is_found_in_the_first_hour_of_a_stream(kind: SignalKind) -> None:
    detector = DETECTORS[kind].make(DETECTORS[kind].threshold, None)
    start_ms = 1_767_571_200_000
    for place in range(HOUR):
        seen = observed(place, 50, 45, start_ms)
        assert detector.find(seen) is None
        detector.learn(seen)


@SPIKES
def test_an_hour_of_crisis_does_not_become_the_usual(kind: SignalKind) -> None:
    detector = taught(kind)
    course = scores(detector, map(crisis, range(2 * DAY, 2 * DAY + HOUR)))
    assert min(course[30:]) >= 1.5


def test_the_anger_of_a_long_crisis_is_still_out_of_the_ordinary_after_eight_hours() -> None:
    course = scores(taught(SignalKind.NEGATIVITY), map(crisis, range(2 * DAY, 2 * DAY + 8 * HOUR)))
    assert min(course[30:]) >= 1.0


@SPIKES
def test_a_crisis_does_not_hide_the_next_one(kind: SignalKind) -> None:
    detector = taught(kind)
    first = scores(detector, map(crisis, range(2 * DAY, 2 * DAY + HOUR)))
    scores(detector, map(ordinary, range(2 * DAY + HOUR, 3 * DAY)))
    second = scores(detector, map(crisis, range(3 * DAY, 3 * DAY + HOUR)))
    # A stream as regular as clockwork learns from its first crisis that it can be otherwise.
    assert max(second) > (0.15 if kind is SignalKind.VOLUME else 0.6) * max(first)
    assert second[15] >= 1.0


@SPIKES
def test_a_lasting_change_becomes_the_usual_within_days(kind: SignalKind) -> None:
    detector = taught(kind)
    course = scores(detector, map(crisis, range(2 * DAY, 5 * DAY)))
    assert max(course[2 * DAY :]) < 1.0 < max(course)


@SPIKES
def test_a_striking_finding_says_what_was_expected_and_the_band_around_it(kind: SignalKind) -> None:
    found = taught(kind).find(observed(2 * DAY, 60, 50))
    assert found is not None
    assert found.low <= found.expected <= found.high < found.observed
    assert found.tail >= found.threshold
    assert found.span_s in dict(SPANS_S)


@KINDS
def test_how_long_a_series_is_known(kind: SignalKind) -> None:
    assert taught(kind).baseline_days(2 * DAY * BUCKET_MS) == 2.0
    assert DETECTORS[kind].make(1.0, None).baseline_days(5) == 0.0


# --- what is a crisis -------------------------------------------------------------------------------------------------


def test_more_voices_are_a_spike_of_volume_whatever_they_feel() -> None:
    detector = taught(SignalKind.VOLUME)
    course = scores(detector, (observed(place, 12, 0) for place in range(2 * DAY, 2 * DAY + 12)))
    assert course[0] < 1.0 < course[-1]


def test_fewer_voices_are_no_spike() -> None:
    assert taught(SignalKind.VOLUME).find(observed(2 * DAY, 0, 0)) is None


def test_praise_going_viral_is_no_spike_of_negativity() -> None:
    detector = taught(SignalKind.NEGATIVITY)
    praise = (observed(place, 40, 10 if place % 2 else 4) for place in range(2 * DAY, 2 * DAY + HOUR))
    assert max(scores(detector, praise)) < 1.0


def test_three_grumblers_at_night_are_no_spike_of_negativity() -> None:
    detector = NegativitySpike()
    for place in range(2 * DAY):
        detector.learn(observed(place, place % 6 == 0, place % 24 == 0))
    assert max(scores(detector, (observed(place, 1, 1) for place in range(2 * DAY, 2 * DAY + 3)))) < 1.0


def test_a_change_of_tone_at_the_usual_volume_is_a_spike_of_negativity_only() -> None:
    course = [observed(place, 1, place % 8 > 0) for place in range(2 * DAY, 2 * DAY + 90)]
    assert max(scores(taught(SignalKind.NEGATIVITY), course)) >= 1.0
    assert max(scores(taught(SignalKind.VOLUME), course)) < 1.0


def test_the_usual_share_is_learned_and_a_crisis_moves_it_little() -> None:
    detector = taught(SignalKind.NEGATIVITY)
    assert isinstance(detector, NegativitySpike)
    before = detector.usual_share
    assert before == pytest.approx(0.25, abs=0.01)
    scores(detector, (observed(place, 1, 1) for place in range(2 * DAY, 2 * DAY + HOUR)))
    assert before < detector.usual_share < 0.31


def test_voices_in_an_unknown_language_count_for_the_volume_alone() -> None:
    foreign = [Observation(place * BUCKET_MS, 12.0, 0.0, 0.0) for place in range(2 * DAY, 2 * DAY + 30)]
    assert scores(taught(SignalKind.NEGATIVITY), foreign) == [0.0] * 30
    assert max(scores(taught(SignalKind.VOLUME), foreign)) >= 1.0


def test_the_level_for_a_graph_is_a_minute_of_voices_and_a_share_of_negative_ones() -> None:
    at_ms = 2 * DAY * BUCKET_MS
    volume, share = taught(SignalKind.VOLUME).level(at_ms), taught(SignalKind.NEGATIVITY).level(at_ms)
    assert (volume.observed, round(volume.expected, 1)) == (6.0, 6.0)
    assert volume.high > volume.expected
    assert share.observed == pytest.approx(0.25, abs=0.02)
    assert share.expected < share.high < 1.0


def test_a_score_of_one_is_just_enough() -> None:
    assert Finding(9.0, 9.0, 60, 5, 1, voices=5).score == 1.0


# --- the window -------------------------------------------------------------------------------------------------------


def summed(values: list[int], span_s: int) -> int:
    """What a window has to say: whole buckets up to five minutes, beyond that from a full minute on."""
    steps = span_s // 10 if span_s <= FINE_S else span_s // 60 * 6 + len(values) % 6
    return sum(values[len(values) - min(steps, len(values)) :])


@given(st.lists(st.sampled_from((0, 0, 0, 1, 99)), max_size=900), st.integers(0, LONGEST_S // 10))
def test_a_window_sums_any_span_up_to_an_hour(values: list[int], steps: int) -> None:
    window = Window(2)
    for place, value in enumerate(values):
        window.add((value, 2 * value) if value else None, flow=place // 30)
    flowed = [place // 30 for place in range(len(values))]
    expected = [summed(values, steps * 10), 2 * summed(values, steps * 10), summed(flowed, steps * 10)]
    assert window.last(steps * 10) == expected
    assert Window(2, window.state()).last(steps * 10) == expected


@given(st.lists(st.integers(0, 99), min_size=200, max_size=400), st.integers(0, LONGEST_S // 10))
def test_a_windows_totals_begin_anew_where_they_grow_too_large_to_be_exact(values: list[int], steps: int) -> None:
    window = Window(1)
    for value in (*[20_000] * 402, *[0] * 360, *values):
        window.add((value,) if value else None, flow=1_000.5)
    got, flowed = window.last(steps * 10)
    whole = [*[0] * 360, *values]
    assert got == summed(whole, steps * 10)
    assert flowed == 1_000.5 * summed([1] * len(whole), steps * 10)


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=500),
    st.lists(st.tuples(st.integers(0, LONGEST_S // 10 - 1), st.integers(1, 50)), max_size=9),
)
def test_what_came_late_is_counted_where_it_belongs(values: list[int], late: list[tuple[int, int]]) -> None:
    window = Window(1)
    for value in values:
        window.add((value,))
    for back, value in late:
        window.correct(back, (value,))
        if back < len(values):
            values[-1 - back] += value
    for span_s in (0, 10, 60, 300, 310, 900, LONGEST_S):
        assert window.last(span_s) == [summed(values, span_s), 0.0]


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 3), st.integers(0, 2)), max_size=30))
def test_a_rest_taken_at_once_is_the_same_as_bucket_by_bucket(course: list[tuple[int, int, int]]) -> None:
    at_once, each = Window(1), Window(1)
    for buckets, value, flow in course:
        at_once.rest(buckets, flow / 7)
        for _ in range(buckets):
            each.add(None, flow / 7)
        for window in (at_once, each):
            window.add((value,) if value else None, flow / 7)
    assert at_once.state() == each.state()
