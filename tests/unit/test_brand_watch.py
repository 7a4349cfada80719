"""A brand's days: what is signalled of them, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import msgspec
import pytest

from detectors.bucket import BUCKET_MS, Digest
from detectors.estimators.seasonal import SeasonalRate
from detectors.kinds.negativity import NegativitySpike
from detectors.kinds.registry import DETECTORS
from detectors.signal import Signal, SignalKind
from detectors.text.word_numbers import as_bytes
from detectors.watch.alarm import CALM_MS
from detectors.watch.brand_watch import LONGEST_QUIET_MS, BrandWatch
from streams.simulation.kinds import burst
from streams.simulation.scenario import Scenario
from streams.simulation.telling import simulate
from tests.parts.brand_days import (
    AFTER_THREE_DAYS,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    buckets,
    cell,
    each_bucket,
    frozen,
    known_brand,
    negativity,
    play,
    said,
    thawed,
    whole_brand,
)

T = AFTER_THREE_DAYS
_numbers = count(1_000_000)


def of_people(posts: int, negativity: float | None) -> Callable[[int], Sequence[Digest]]:
    """So many posts in each bucket, every one by somebody else in words of their own."""
    return lambda at_ms: [said(next(_numbers), at_ms, negativity) for _ in range(posts)]


def after(span_ms: int, posts: Callable[[int], Sequence[Digest]], platform: str = "x") -> list[Signal]:
    """The signals of a known brand to which this happens for so long."""
    return play(known_brand(), each_bucket(T, span_ms, posts, platform))


def ordinary(at_ms: int) -> list[Digest]:
    """Three posts a minute, every fifth of them negative."""
    place = at_ms // BUCKET_MS
    return [said(next(_numbers), at_ms, 0.8 if place % 10 == 0 else 0.1)] if place % 2 == 0 else []


# --- what is a crisis -------------------------------------------------------------------------------------------------


def test_anger_of_many_people_is_signalled_within_minutes_for_the_platform_and_the_brand() -> None:
    signals = negativity(after(10 * MINUTE, of_people(4, 0.95)))
    first = whole_brand(signals)[0]
    assert first.at_ms - T <= 3 * MINUTE
    assert first.severity >= 3
    assert {signal.platform for signal in signals} == {"x", None}


def test_a_simulated_storm_is_signalled_within_minutes_and_nothing_is_before_it() -> None:
    day = Scenario("acme", T, minutes=90, rate_per_min=3.0, seed=9, events=(burst(60, minutes=30),))
    signals = negativity(play(known_brand(), buckets(simulate(day))))
    assert T + HOUR < min(signal.at_ms for signal in signals) <= T + HOUR + 8 * MINUTE


def test_an_ordinary_day_has_no_signal_of_negativity() -> None:
    assert negativity(after(DAY, ordinary)) == []


def test_praise_going_viral_is_volume_and_no_negativity() -> None:
    signals = after(30 * MINUTE, lambda at_ms: [*of_people(9, 0.05)(at_ms), *of_people(1, 0.9)(at_ms)])
    assert {signal.kind for signal in signals} == {SignalKind.VOLUME}


def test_a_change_of_tone_at_the_usual_volume_is_signalled() -> None:
    signals = after(HOUR, lambda at_ms: of_people(1, 0.9)(at_ms) if at_ms // BUCKET_MS % 2 else [])
    assert negativity(signals)[0].severity >= 3
    # Nobody speaks on bluesky meanwhile.
    assert {signal.kind for signal in signals} - {SignalKind.SILENCE} == {SignalKind.NEGATIVITY}


def flood_of_copies(at_ms: int) -> list[Digest]:
    """Twenty accounts, each a new one, post one text."""
    return [said(next(_numbers), at_ms, 0.95, words=as_bytes(range(1, 7))) for _ in range(20)]


def tirade(at_ms: int) -> list[Digest]:
    """One author, ever new words."""
    return [said(next(_numbers), at_ms, 0.95, author=5) for _ in range(20)]


@pytest.mark.parametrize("flood", [flood_of_copies, tirade])
def test_what_one_person_can_do_is_no_crisis(flood: Callable[[int], list[Digest]]) -> None:
    signals = negativity(after(HOUR, lambda at_ms: [*ordinary(at_ms), *flood(at_ms)]))
    assert [signal for signal in signals if signal.severity >= 3] == []


@pytest.mark.parametrize("flood", [flood_of_copies, tirade])
def test_a_flood_does_not_hide_real_complaints(flood: Callable[[int], list[Digest]]) -> None:
    def both(at_ms: int) -> list[Digest]:
        return [*flood(at_ms), *of_people(4, 0.95)(at_ms)]

    watch = known_brand()
    play(watch, each_bucket(T, HOUR, flood))
    signals = whole_brand(negativity(play(watch, each_bucket(T + HOUR, 10 * MINUTE, both))))
    assert signals[0].at_ms - T - HOUR <= 3 * MINUTE
    assert max(signal.severity for signal in signals) >= 3


def test_bystanders_do_not_raise_the_severity_of_nameless_anger() -> None:
    def nameless(at_ms: int) -> list[Digest]:
        return [said(next(_numbers), at_ms, 0.9, author=0) for _ in range(9)]

    def with_bystanders(at_ms: int) -> list[Digest]:
        return [*nameless(at_ms), *of_people(1, 0.1)(at_ms)]

    signals = play(known_brand(), each_bucket(T + 2 * HOUR, HOUR, with_bystanders))
    assert {signal.severity for signal in negativity(signals)} == {2}


def test_a_streams_first_hour_gives_no_signal() -> None:
    assert play(BrandWatch("", "acme"), each_bucket(MONDAY, HOUR, of_people(20, 0.95))) == []


# --- one story, few signals -------------------------------------------------------------------------------------------


def test_a_storm_is_signalled_again_only_when_it_gets_worse() -> None:
    said_so = [signal.severity for signal in whole_brand(negativity(after(HOUR, of_people(4, 0.95))))]
    assert said_so == sorted(set(said_so))
    assert said_so[-1] == 5


def test_after_a_calm_a_new_storm_is_a_new_signal() -> None:
    watch = known_brand()
    first = whole_brand(negativity(play(watch, each_bucket(T, 5 * MINUTE, of_people(2, 0.95)))))
    calm_until = T + 5 * MINUTE + HOUR + CALM_MS + MINUTE
    assert negativity(play(watch, each_bucket(T + 5 * MINUTE, calm_until - T - 5 * MINUTE, ordinary))) == []
    second = whole_brand(negativity(play(watch, each_bucket(calm_until, 5 * MINUTE, of_people(2, 0.95)))))
    assert first[0].severity == second[0].severity == 3
    assert second[0].since_ms > calm_until - HOUR


def test_a_signal_says_why() -> None:
    signal = whole_brand(negativity(after(5 * MINUTE, of_people(4, 0.95))))[0]
    why = signal.evidence
    assert signal.score == pytest.approx(why.tail / why.threshold, abs=0.01)
    assert why.expected_low <= signal.expected <= why.expected_high < signal.observed == why.negative
    assert signal.since_ms == signal.at_ms - 1_000 - why.window_s * 1000
    assert why.negative_share > why.expected_negative_share
    assert why.authors >= why.negative
    assert why.baseline_days == pytest.approx(3.4, abs=0.1)
    assert (signal.detector, signal.detector_version) == ("NegativitySpike", 7)


def test_a_signal_names_the_text_model_that_scored_what_it_is_about() -> None:
    storm = each_bucket(T, 5 * MINUTE, of_people(4, 0.95))
    scored = [(at_ms, [msgspec.structs.replace(cell, text_model=7) for cell in cells]) for at_ms, cells in storm]
    found = negativity(play(known_brand(), scored))
    assert {signal.evidence.text_model for signal in found} == {7}


# --- leading posts ----------------------------------------------------------------------------------------------------


def storm_with(deleted: dict[int, list[str]], platform: str = "x") -> list[Signal]:
    """Five minutes of storm with posts named by bucket and place, in which posts are taken down, by bucket."""
    watch = known_brand()
    signals = []
    for place in range(30):
        at_ms = T + place * BUCKET_MS
        posts = [said(next(_numbers), at_ms, 0.9, post=f"{place}-{each}") for each in range(4)]
        gone = [cell([], platform, deleted[place], at_ms)] if place in deleted else []
        signals += watch.close(at_ms, [cell(posts), *gone])
    return signals


def shown(signals: Sequence[Signal]) -> list[str]:
    return [post.id for post in signals[0].evidence.posts]


def signals_at(signals: Sequence[Signal], at_ms: int) -> list[Signal]:
    return [signal for signal in signals if signal.at_ms == at_ms]


def test_the_leading_posts_are_the_negative_ones_of_the_window() -> None:
    signal = [signal for signal in negativity(storm_with({})) if signal.platform == "x"][-1]
    posts = signal.evidence.posts
    assert [post.negativity for post in posts] == [0.9] * 5
    assert all(signal.at_ms - 1_000 - signal.evidence.window_s * 1000 <= post.at_ms < signal.at_ms for post in posts)
    assert [post.at_ms for post in posts] == sorted(post.at_ms for post in posts)


def test_a_platforms_signal_shows_its_own_posts_and_the_brands_those_of_all() -> None:
    watch = known_brand()
    both = [("x", of_people(4, 0.9)), ("bluesky", of_people(4, 0.95))]
    signals = negativity(
        signal
        for at_ms in range(T, T + 5 * MINUTE, BUCKET_MS)
        for signal in watch.close(at_ms, [cell(posts(at_ms), platform) for platform, posts in both])
    )
    shown_on = {signal.platform: {post.platform for post in signal.evidence.posts} for signal in signals}
    assert shown_on == {"x": {"x"}, "bluesky": {"bluesky"}, None: {"bluesky"}}


def test_a_post_that_was_taken_down_is_not_shown() -> None:
    for signals in (storm_with({0: ["0-1"]}), storm_with({1: ["0-1"]})):
        assert all("0-1" not in [post.id for post in signal.evidence.posts] for signal in signals)
        assert "0-0" in shown(signals)


def test_a_post_taken_down_in_the_very_bucket_of_the_signal_is_not_shown_for_its_platform_either() -> None:
    at_ms = storm_with({})[0].at_ms
    place = (at_ms - 1_000 - T) // BUCKET_MS - 1
    signals = signals_at(storm_with({place: ["0-0"]}), at_ms)
    assert [signal.platform for signal in signals] == ["x", None]
    assert all("0-0" not in [post.id for post in signal.evidence.posts] for signal in signals)


def test_a_deletion_on_one_platform_takes_down_nothing_on_another() -> None:
    assert "0-1" in shown(storm_with({0: ["0-1"]}, platform="bluesky"))


# --- platforms --------------------------------------------------------------------------------------------------------


def test_a_platform_that_comes_late_gets_its_own_series_and_its_own_first_hour() -> None:
    watch = known_brand()
    signals = play(watch, each_bucket(T, 10 * MINUTE, of_people(4, 0.95), platform="mastodon"))
    assert watch.platforms[0] is None
    assert watch.platforms[-1] == "mastodon"
    assert len(watch.platforms) == 4
    assert {signal.platform for signal in signals} == {None}
    assert watch.levels("mastodon")[SignalKind.NEGATIVITY].observed == 1.0
    assert watch.levels("nowhere") == {}


def test_each_platform_is_measured_by_itself() -> None:
    signals = after(10 * MINUTE, of_people(4, 0.95), platform="bluesky")
    assert {signal.platform for signal in signals} == {"bluesky", None}


def test_a_sampled_bucket_stands_for_all_its_mentions() -> None:
    few, many = known_brand(), known_brand()
    for place in range(6):
        at_ms = T + place * BUCKET_MS
        listed = cell(of_people(2, 0.95)(at_ms))
        few.close(at_ms, [listed])
        many.close(at_ms, [msgspec.structs.replace(listed, mentions=20, sampled=True)])
    counted = [watch.levels("x")[SignalKind.VOLUME].observed for watch in (few, many)]
    assert counted[1] - counted[0] == pytest.approx(6 * 18 / 5)


# --- silence ----------------------------------------------------------------------------------------------------------


def test_silence_is_learned_from_for_three_days_and_no_longer() -> None:
    short, long = known_brand(), known_brand()
    short.quiet_until(short.last_spoken_ms + LONGEST_QUIET_MS)
    long.quiet_until(T + DAY)
    long = thawed(frozen(long))
    long.quiet_until(T + 30 * DAY)
    assert frozen(short) == frozen(long)
    assert long.next_ms <= long.last_spoken_ms + LONGEST_QUIET_MS


def test_a_bucket_that_is_not_over_is_not_quiet_yet() -> None:
    watch = known_brand()
    watch.quiet_until(T + BUCKET_MS - 1)
    assert watch.next_ms == T
    watch.quiet_until(T + BUCKET_MS)
    assert watch.next_ms == T + BUCKET_MS


def test_a_brand_that_speaks_again_after_a_month_is_watched_from_there() -> None:
    watch = known_brand()
    watch.close(T + 30 * DAY, [cell(ordinary(T + 30 * DAY))])
    assert watch.next_ms == T + 30 * DAY + BUCKET_MS
    assert watch.levels(None)[SignalKind.VOLUME].observed == pytest.approx(0.2)


# --- snapshots of other times -----------------------------------------------------------------------------------------


def test_a_detector_of_another_version_learns_anew_and_keeps_its_alarm() -> None:
    watch = known_brand()
    play(watch, each_bucket(T, 5 * MINUTE, of_people(4, 0.95)))
    state = watch.snapshot()
    by_kind = {one.kind: one for one in state.series[0].detectors}
    volume_before, before = by_kind[SignalKind.VOLUME], by_kind[SignalKind.NEGATIVITY]
    before.version, before.state = 99, msgspec.Raw(b'{"of": "another time"}')
    after_it = {one.kind: one for one in thawed(msgspec.json.encode(state)).snapshot().series[0].detectors}
    volume, anew = after_it[SignalKind.VOLUME], after_it[SignalKind.NEGATIVITY]
    assert msgspec.json.encode(volume) == msgspec.json.encode(volume_before)
    assert anew.alarm == before.alarm
    assert anew.alarm.severity >= 3
    fresh = NegativitySpike()
    fresh.share(SeasonalRate())
    assert bytes(anew.state) == fresh.snapshot()


def test_a_detector_that_a_snapshot_does_not_know_yet_is_there_after_it() -> None:
    state = known_brand().snapshot()
    for series in state.series:
        series.detectors = series.detectors[:1]
    resumed = thawed(msgspec.json.encode(state))
    assert all(list(resumed.levels(platform)) == list(DETECTORS) for platform in resumed.platforms)
