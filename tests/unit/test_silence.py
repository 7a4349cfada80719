"""Silence: what goes quiet where that is unlikely, who is told of it, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import msgspec
import pytest

from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, Cell
from detectors.finding import Observation
from detectors.kinds.silence import KNOWN_DAYS, THRESHOLD, Silence, quiet_tail
from detectors.rules import NO_RULES, WatchRules
from detectors.signal import Signal, SignalKind
from detectors.watch.brand_watch import BrandWatch
from playbooks.armings.arming import Arming, how_far
from playbooks.content.catalog import load_library
from playbooks.incidents.decisions import ActionLine
from playbooks.incidents.plan import decide
from playbooks.incidents.rehearse import Rehearsal
from playbooks.labels import ActionKind, SignalDecision
from streams.deciding.closing import PartitionWatch
from streams.wire import BucketRecord, Marker
from tests.parts.brand_days import (
    AFTER_THREE_DAYS,
    DAY,
    HOUR,
    MINUTE,
    cell,
    frozen,
    known_brand,
    said,
    thawed,
)

T = AFTER_THREE_DAYS


def two_a_minute(at_ms: int) -> int:
    return at_ms // BUCKET_MS % 3 == 0


def two_an_hour_at_night(at_ms: int) -> int:
    night = at_ms % DAY < 6 * HOUR
    return at_ms // BUCKET_MS % 180 == 0 if night else two_a_minute(at_ms)


@cache
def _lesson(usual: Callable[[int], int], until_ms: int) -> bytes:
    detector = Silence()
    for at_ms in range(0, until_ms, BUCKET_MS):
        detector.learn(Observation(at_ms, usual(at_ms)))
    return detector.snapshot()


def taught(
    usual: Callable[[int], int] = two_a_minute, until_ms: int = 3 * DAY, threshold: float = THRESHOLD
) -> Silence:
    """A detector that has heard this from the beginning of time until then."""
    return Silence.restore(_lesson(usual, until_ms), threshold)


def minutes_until_told(detector: Silence, from_ms: int, late_ms: int = 0, longest_ms: int = DAY) -> float | None:
    """How long nothing has to come before it is said."""
    for at_ms in range(from_ms, from_ms + longest_ms, BUCKET_MS):
        if detector.listen(Observation(at_ms, late_ms=late_ms)):
            return (at_ms + BUCKET_MS - from_ms) / MINUTE
    return None


# --- when it is said --------------------------------------------------------------------------------------------------


def test_the_tail_is_poissons_without_overdispersion_and_smaller_with_it() -> None:
    assert quiet_tail(16.12, 0.0) == pytest.approx(7.0, abs=0.01)
    assert quiet_tail(16.12, 1e-8) == pytest.approx(7.0, abs=0.01)
    assert quiet_tail(20.0, 0.1) < quiet_tail(20.0, 0.02) < quiet_tail(20.0, 0.0)


def test_two_a_minute_are_missed_within_minutes_and_the_whole_brand_sooner() -> None:
    known = taught(until_ms=14 * DAY).snapshot()
    platform = minutes_until_told(Silence.restore(known, THRESHOLD + 1.0), 14 * DAY)
    whole = minutes_until_told(Silence.restore(known), 14 * DAY)
    assert whole is not None
    assert platform is not None
    assert 8 <= whole < platform <= 15


def test_at_night_it_takes_hours() -> None:
    told = minutes_until_told(taught(two_an_hour_at_night), 3 * DAY)
    assert told is not None
    assert told > 4 * 60


def test_a_gap_of_less_than_five_minutes_is_no_silence_however_busy_it_was() -> None:
    told = minutes_until_told(taught(lambda at_ms: 80), 3 * DAY)
    assert told == 5.0


def test_before_a_day_is_known_nothing_is_said() -> None:
    young = taught(until_ms=int(0.6 * DAY))
    assert minutes_until_told(young, int(0.6 * DAY), longest_ms=int(0.4 * DAY) - BUCKET_MS) is None
    assert KNOWN_DAYS == 1.0


def test_what_never_spoke_is_not_silent() -> None:
    detector = Silence()
    assert minutes_until_told(detector, 0, longest_ms=2 * DAY) is None


def test_it_is_said_once_and_again_only_after_something_came() -> None:
    detector = taught()
    said_at = [at for at in range(3 * DAY, 3 * DAY + 6 * HOUR, BUCKET_MS) if detector.listen(Observation(at))]
    assert len(said_at) == 1
    assert detector.silent
    detector.listen(Observation(3 * DAY + 6 * HOUR, 1.0))
    assert not detector.silent
    assert minutes_until_told(detector, 3 * DAY + 6 * HOUR + BUCKET_MS) is not None


@pytest.mark.parametrize("sign", [Observation(0, 1.0), Observation(0, copies=1.0), Observation(0, arrived=1.0)])
def test_whatever_arrives_ends_it(sign: Observation) -> None:
    detector = taught()
    assert minutes_until_told(detector, 3 * DAY) is not None
    at_ms = 3 * DAY + HOUR
    assert detector.listen(msgspec.structs.replace(sign, at_ms=at_ms)) is None
    assert (detector.silent, detector.arrived_ms) == (False, at_ms + BUCKET_MS)
    assert detector.level(at_ms).observed == 0.0


def test_a_source_that_may_be_late_is_not_missed_before() -> None:
    at_once, after = minutes_until_told(taught(), 3 * DAY), minutes_until_told(taught(), 3 * DAY, late_ms=15 * MINUTE)
    assert at_once is not None
    assert after is not None
    assert at_once + 15 <= after <= at_once + 20


def test_an_outage_does_not_become_the_usual() -> None:
    whole, broken = taught(), taught()
    for at_ms in range(3 * DAY, 3 * DAY + 8 * HOUR, BUCKET_MS):
        whole.learn(Observation(at_ms, two_a_minute(at_ms)))
        broken.learn(Observation(at_ms))
    at_ms = 3 * DAY + 8 * HOUR
    assert broken.rate.expect(at_ms) == pytest.approx(whole.rate.expect(at_ms), rel=0.05)


def test_a_backlog_that_comes_after_an_outage_is_not_counted_twice() -> None:
    whole, broken = taught(), taught()
    for at_ms in range(3 * DAY, 3 * DAY + HOUR, BUCKET_MS):
        whole.learn(Observation(at_ms, two_a_minute(at_ms)))
        broken.learn(Observation(at_ms))
    for at_ms in range(3 * DAY, 3 * DAY + HOUR, BUCKET_MS):
        broken.correct(Observation(at_ms, two_a_minute(at_ms)))
    for at_ms in range(3 * DAY + HOUR, 3 * DAY + 3 * HOUR, BUCKET_MS):
        whole.learn(Observation(at_ms, two_a_minute(at_ms)))
        broken.learn(Observation(at_ms, two_a_minute(at_ms)))
    assert broken.rate.expect(at_ms) == pytest.approx(whole.rate.expect(at_ms), rel=0.02)


@pytest.mark.parametrize("stop_min", [0, 5, 11, 20])
def test_stopped_in_the_middle_of_a_silence_it_goes_on_as_if_it_were_not(stop_min: int) -> None:
    whole, broken = taught(), taught()
    for place in range(30 * 6):
        if place == stop_min * 6:
            broken = Silence.restore(broken.snapshot())
        seen = Observation(3 * DAY + place * BUCKET_MS)
        assert whole.listen(seen) == broken.listen(seen)
    assert whole.snapshot() == broken.snapshot()


def test_a_campaign_that_brings_nobody_is_no_sooner_a_silence() -> None:
    planned = taught()
    at_ms = next(
        at for at in range(3 * DAY, 4 * DAY, BUCKET_MS) if planned.listen(Observation(at, planned=5.0)) is not None
    )
    assert (at_ms + BUCKET_MS - 3 * DAY) / MINUTE == minutes_until_told(taught(), 3 * DAY)


# --- of a brand -------------------------------------------------------------------------------------------------------


def known(rules: WatchRules = NO_RULES) -> BrandWatch:
    """A brand after three days on x and bluesky, nothing of it silent."""
    watch = BrandWatch("", "acme", known_brand().snapshot(), rules)
    watch.close(T, [one_post(T, "x"), one_post(T, "bluesky")])
    return watch


def one_post(at_ms: int, platform: str = "x", sources: dict[str, int] | None = None) -> Cell:
    """A post by somebody new."""
    made = cell([said(at_ms // BUCKET_MS, at_ms, 0.1)], platform)
    return msgspec.structs.replace(made, sources=sources or {})


def silences(signals: Iterable[Signal]) -> list[Signal]:
    return [signal for signal in signals if signal.kind is SignalKind.SILENCE]


def while_speaking(watch: BrandWatch, span_ms: int, *cells: Callable[[int], Cell]) -> list[Signal]:
    """Each half minute these cells come, from the bucket after the known brand's last."""
    return [
        signal
        for at_ms in range(T + BUCKET_MS, T + span_ms, 6 * BUCKET_MS)
        for signal in watch.close(at_ms, [make(at_ms) for make in cells])
    ]


def test_a_platform_that_goes_quiet_while_another_speaks_is_a_signal_of_its_own_and_once() -> None:
    found = silences(while_speaking(known(), 2 * HOUR, one_post))
    [only] = found
    assert (only.platform, only.severity, only.observed) == ("bluesky", 3, 0)
    assert only.since_ms == T + BUCKET_MS
    assert only.evidence.window_s == (only.at_ms - GRACE_MS - only.since_ms) // 1000
    assert only.expected >= 16
    assert only.evidence.tail >= only.evidence.threshold == THRESHOLD + 1.0


def test_a_brand_of_which_nobody_is_heard_any_more_is_told_of_as_a_whole_before_its_platforms() -> None:
    found = silences(known().quiet_until(T + 5 * HOUR))
    assert found[0].platform is None
    assert sorted(str(signal.platform) for signal in found) == ["None", "bluesky", "x"]
    assert [signal.at_ms for signal in found] == sorted(signal.at_ms for signal in found)


def test_silence_found_in_portions_and_after_restarts_is_the_same_as_at_once() -> None:
    at_once, broken = known(), known()
    in_portions: list[Signal] = []
    for until_ms in range(T, T + 5 * HOUR, 7 * MINUTE):
        in_portions += broken.quiet_until(until_ms)
        broken = thawed(frozen(broken))
    in_portions += broken.quiet_until(T + 5 * HOUR)
    assert in_portions == at_once.quiet_until(T + 5 * HOUR)
    assert frozen(broken) == frozen(at_once)


def test_what_was_found_in_the_quiet_before_a_bucket_comes_with_that_bucket() -> None:
    at_once, later = known(), known()
    found = at_once.quiet_until(T + 5 * HOUR)
    end_ms = T + 5 * HOUR
    assert later.close(end_ms, [one_post(end_ms)]) == found + at_once.close(end_ms, [one_post(end_ms)])


def test_a_deletion_and_the_brands_own_post_are_signs_of_life() -> None:
    def deletion(at_ms: int) -> Cell:
        return cell([], "bluesky", ["gone"], at_ms)

    def own(at_ms: int) -> Cell:
        return Cell("", 0, "acme", "bluesky", at_ms, own=1)

    for sign in (deletion, own):
        assert silences(while_speaking(known(), 2 * HOUR, one_post, sign)) == []


# --- sources ----------------------------------------------------------------------------------------------------------


@cache
def _two_sources() -> bytes:
    """Two days in which two sources bring x, and one of them bluesky too."""
    watch = BrandWatch("", "acme")
    for at_ms in range(T - 2 * DAY, T, 6 * BUCKET_MS):
        both = one_post(at_ms, "x", {"crawler": 1, "search": 1})
        watch.close(at_ms, [both, one_post(at_ms, "bluesky", {"crawler": 1})])
    return frozen(watch)


def two_sources(rules: WatchRules = NO_RULES) -> BrandWatch:
    return BrandWatch("", "acme", thawed(_two_sources()).snapshot(), rules)


def test_a_source_that_shares_its_platform_is_missed_although_the_platform_speaks() -> None:
    def search_only(at_ms: int) -> Cell:
        return one_post(at_ms, "x", {"search": 1})

    found = silences(while_speaking(two_sources(), 5 * HOUR, search_only))
    assert {(signal.platform, signal.evidence.source) for signal in found} == {("bluesky", None), (None, "crawler")}
    assert len({signal.id for signal in found}) == 2


def test_a_source_that_is_one_and_the_same_as_its_platform_is_not_told_of_twice() -> None:
    watch = known()
    for at_ms in range(T + BUCKET_MS, T + 10 * MINUTE, 3 * BUCKET_MS):
        watch.close(at_ms, [one_post(at_ms, "x", {"one": 1}), one_post(at_ms, "bluesky", {"two": 1})])
    assert all(signal.evidence.source is None for signal in silences(watch.quiet_until(T + 5 * HOUR)))


def test_a_platform_may_be_as_late_as_the_slowest_of_its_sources() -> None:
    late = WatchRules(late_ms={"crawler": 45 * MINUTE})
    soon, later = (
        {
            (signal.platform, signal.evidence.source): signal.at_ms
            for signal in silences(watch.quiet_until(T + 10 * HOUR))
        }
        for watch in (two_sources(), two_sources(late))
    )
    assert later.keys() == soon.keys()
    moved = {place: at_ms - soon[place] for place, at_ms in later.items()}
    assert min(moved.values()) == moved[None, "search"] == 0
    assert all(by_ms >= 44 * MINUTE for place, by_ms in moved.items() if place != (None, "search"))


def taken(watch: PartitionWatch, records: Iterable[BucketRecord]) -> list[Signal]:
    """What a watch finds in these records."""
    return [signal for place, record in enumerate(records) for signal in watch.take(place, record).signals]


# --- time -------------------------------------------------------------------------------------------------------------


def test_while_time_stands_still_and_at_a_replays_end_nothing_is_silent() -> None:
    run = "replay-1"
    records: list[BucketRecord] = []
    for at_ms in range(T - 2 * DAY, T, 6 * BUCKET_MS):
        records += [Cell(run, 0, "acme", "x", at_ms, 1, digests=[said(at_ms // BUCKET_MS, at_ms, 0.1)])]
        if at_ms % HOUR == 0:
            records += [Marker(run, part, at_ms + GRACE_MS) for part in (0, 1)]
    last = T + BUCKET_MS + GRACE_MS
    for ends in (
        [Marker(run, 0, last), Marker(run, 1, last), Marker(run, 0, END_OF_RUN_MS), Marker(run, 1, END_OF_RUN_MS)],
        [Marker(run, 1, last), Marker(run, 1, END_OF_RUN_MS), Marker(run, 0, last), Marker(run, 0, END_OF_RUN_MS)],
    ):
        watch = PartitionWatch(2)
        assert silences(taken(watch, [*records, *ends])) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_was_silent_before_a_runs_end_is_so_in_whatever_order_the_partitions_end(order: tuple[int, int]) -> None:
    run = "replay-1"
    records: list[BucketRecord] = [
        Cell(run, 0, "acme", "x", at_ms, 1, digests=[said(at_ms // BUCKET_MS, at_ms, 0.1)])
        for at_ms in range(T - 2 * DAY, T, 6 * BUCKET_MS)
    ]
    reached = {0: T + 3 * HOUR + GRACE_MS, 1: T + 4 * HOUR + GRACE_MS}
    for part in order:
        records += [Marker(run, part, reached[part]), Marker(run, part, END_OF_RUN_MS)]
    watch = PartitionWatch(2)
    found = silences(taken(watch, records))
    assert len(found) == 2
    assert all(signal.at_ms <= T + 3 * HOUR + GRACE_MS for signal in found)


# --- who is told ------------------------------------------------------------------------------------------------------


def test_ops_are_paged_once_for_one_silence_and_communications_never() -> None:
    found = silences(known().quiet_until(T + 5 * HOUR))
    assert len(found) == 3
    rehearsal = Rehearsal(load_library())
    decided = [line for signal in found for line in rehearsal.take(signal)] + list(rehearsal.finish())
    paged = [(line.action, line.target) for line in decided if isinstance(line, ActionLine)]
    assert paged == [(ActionKind.PAGE, "ops"), (ActionKind.ANNOTATE, "acme")]
    assert rehearsal.tally.pages == rehearsal.tally.incidents == 1


@pytest.mark.parametrize("arming", [Arming.OBSERVE, Arming.PAGE, Arming.PAGE_AND_HOLD])
def test_however_far_it_may_go_about_the_brand_ops_are_paged_and_nothing_is_held(arming: Arming) -> None:
    [signal, *_] = silences(known().quiet_until(T + 5 * HOUR))
    decided = decide(signal, load_library(), {}, how_far(signal, arming, in_settings=True), T)
    [plan] = decided.plans
    assert decided.decision is SignalDecision.OPENED
    assert (plan.pages, plan.hold) == (True, None)


def test_a_brand_that_nobody_configured_pages_nobody_by_falling_silent() -> None:
    [signal, *_] = silences(known().quiet_until(T + 5 * HOUR))
    assert how_far(signal, Arming.OBSERVE, in_settings=False) is Arming.OBSERVE
