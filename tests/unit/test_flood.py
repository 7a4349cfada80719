"""A flood is seen, weighs little, hides nothing; what looks like one and is none is none."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import msgspec
import pytest

from detectors.bucket import BUCKET_MS, Digest
from detectors.finding import Finding, Observation
from detectors.kinds.flood import THRESHOLD, FloodSpike
from detectors.reason import Reason
from detectors.signal import Signal, SignalKind
from detectors.text.word_numbers import as_bytes
from tests.parts.brand_days import (
    AFTER_THREE_DAYS,
    HOUR,
    MINUTE,
    each_bucket,
    known_brand,
    negativity,
    play,
    said,
    whole_brand,
)

T = AFTER_THREE_DAYS
ACCOUNTS = 40


def course(detector: FloodSpike, buckets: Iterable[tuple[float, float]], from_ms: int = 0) -> list[Finding]:
    """What the detector says of these buckets of copies and voices, one after the other."""
    found = []
    for place, (copies, voices) in enumerate(buckets):
        seen = Observation(from_ms + place * BUCKET_MS, voices, copies=copies, negative_copies=copies)
        found.append(detector.find(seen))
        detector.learn(seen)
    return [one for one in found if one is not None and one.score >= 1.0]


def used_to(copies: Sequence[float], hours: int = 24) -> FloodSpike:
    """A detector that has known these buckets, over and over."""
    detector = FloodSpike()
    course(detector, ((copies[place % len(copies)], 0.5) for place in range(hours * 360)))
    return detector


def test_copies_that_nobody_is_used_to_are_a_flood() -> None:
    assert course(used_to((0.0,)), [(17.0, 0.5)] * 6, 86_400_000)


def test_copies_as_always_are_none() -> None:
    assert course(used_to((0.0, 6.0, 0.0, 2.0)), [(6.0, 0.5), (2.0, 0.5)] * 180, 86_400_000) == []


def test_a_few_copies_are_none_however_quiet_the_brand() -> None:
    assert course(used_to((0.0,)), [(4.0, 0.0)] * 7, 86_400_000) == []


def test_a_crisis_in_which_people_repeat_each_other_is_none() -> None:
    assert course(used_to((0.0,)), [(10.0, 25.0)] * 360, 86_400_000) == []


def test_a_flood_in_the_first_hour_is_not_spoken_of() -> None:
    assert course(FloodSpike(), [(20.0, 0.5)] * 300) == []


def test_a_flood_does_not_become_the_usual_one() -> None:
    detector = used_to((0.0,))
    course(detector, [(17.0, 0.5)] * 180, 86_400_000)
    assert course(detector, [(17.0, 0.5)] * 60, 86_400_000 + 180 * BUCKET_MS)


def test_severity_grows_with_size_and_is_three_only_where_it_is_huge_and_negative() -> None:
    small = course(used_to((0.0,)), [(2.0, 0.5)] * 40, 86_400_000)
    huge = course(used_to((0.0,)), [(30.0, 0.5)] * 90, 86_400_000)
    assert small[0].severity == 1
    assert list(dict.fromkeys(one.severity for one in huge)) == [1, 2, 3]
    glad = used_to((0.0,))
    praise = [glad.find(Observation(86_400_000 + n * BUCKET_MS, copies=2_000.0)) for n in range(3)]
    assert [one.severity for one in praise if one] == [2, 2, 2]


def test_late_copies_count_in_their_own_time() -> None:
    detector = used_to((0.0,))
    now = 86_400_000 - BUCKET_MS
    detector.correct(Observation(now - 2 * HOUR, copies=500.0))
    assert detector.level(now).observed == 0
    detector.correct(Observation(now - MINUTE, copies=50.0))
    assert detector.level(now).observed == 10.0


def test_it_goes_on_from_its_snapshot() -> None:
    chance = random.Random(3)
    one = FloodSpike()
    for place in range(900):
        if place % 100 == 0:
            other = FloodSpike.restore(one.snapshot(), THRESHOLD)
        seen = Observation(place * BUCKET_MS, chance.random(), copies=chance.choice((0.0, 0.0, 3.5, 40.0)))
        assert one.find(seen) == other.find(seen)
        one.learn(seen)
        other.learn(seen)
    assert one.snapshot() == other.snapshot()
    assert one.baseline_days(86_400_000) == 1.0


# --- in a brand's day -------------------------------------------------------------------------------------------------

_chance = random.Random(7)


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """Each test's posts are its own, whichever ran before it."""
    _chance.seed(7)


def flood(from_ms: int, minutes: int = 30, posts: int = 3_000) -> Callable[[int], list[Digest]]:
    """Templated posts by a few young accounts: half of their words are the template's."""
    each = posts * BUCKET_MS / (minutes * MINUTE)

    def now(at_ms: int) -> list[Digest]:
        if not from_ms <= at_ms < from_ms + minutes * MINUTE:
            return []
        number = int(each) + (_chance.random() < each % 1)
        return [_bot(at_ms + _chance.randrange(BUCKET_MS)) for _ in range(number)]

    return now


def _bot(at_ms: int) -> Digest:
    template = _chance.randrange(5) * 100
    words = as_bytes(template + place if place % 5 else _chance.randrange(10_000) for place in range(16))
    account = _chance.randrange(ACCOUNTS) + 1
    return msgspec.structs.replace(
        said(_chance.randrange(10**9, 10**12), at_ms, 0.95, 5 * 10**9 + account, words), account_age_d=3, followers=2
    )


def people(per_min: float, negative: float) -> Callable[[int], list[Digest]]:
    """People each in words of their own, of which this part complains."""

    def now(at_ms: int) -> list[Digest]:
        number = sum(_chance.random() < per_min / 60 for _ in range(10))
        return [
            said(
                _chance.randrange(10**13),
                at_ms + _chance.randrange(BUCKET_MS),
                0.9 if _chance.random() < negative else 0.1,
            )
            for _ in range(number)
        ]

    return now


def during(span_ms: int, *said_by: Callable[[int], list[Digest]]) -> list[Signal]:
    """What a known brand's watch says of all these together."""
    return play(
        known_brand(),
        each_bucket(T, span_ms, lambda at_ms: sorted((d for by in said_by for d in by(at_ms)), key=lambda d: d.at_ms)),
    )


@pytest.mark.parametrize("minutes", [10, 30])
def test_a_flood_alone_is_a_flood_and_no_crisis(minutes: int) -> None:
    signals = during(HOUR, people(3.0, 0.22), flood(T + 10 * MINUTE, minutes))
    floods = whole_brand(one for one in signals if one.kind is SignalKind.FLOOD)
    assert T + 10 * MINUTE < floods[0].at_ms < T + 12 * MINUTE
    assert [one for one in negativity(signals) if one.severity >= 3] == []
    assert {one.kind for one in signals if one.platform is None} <= {SignalKind.FLOOD, SignalKind.NEGATIVITY}


@pytest.mark.parametrize("lead_min", [-10, 0, 10])
@pytest.mark.parametrize("minutes", [10, 30])
def test_a_flood_hides_no_burst_of_real_complaints(minutes: int, lead_min: int) -> None:
    onset = T + 20 * MINUTE
    signals = during(
        50 * MINUTE,
        people(3.0, 0.22),
        flood(onset - lead_min * MINUTE, minutes),
        lambda at_ms: people(21.0, 1.0)(at_ms) if at_ms >= onset else [],
    )
    burst = next(one for one in whole_brand(negativity(signals)) if one.severity >= 3)
    assert onset < burst.at_ms <= onset + 4 * MINUTE


def test_a_flood_tells_what_it_is_made_of() -> None:
    signals = during(40 * MINUTE, people(3.0, 0.22), flood(T, 30))
    seen = whole_brand(one for one in signals if one.kind is SignalKind.FLOOD)[-1].evidence
    assert seen.duplicate_share > 0.8
    assert seen.young_share > 0.9
    assert 0.01 < seen.largest_author_share < 0.1
    assert ACCOUNTS <= seen.authors <= ACCOUNTS + 120
    assert seen.negative_share == 1.0
    assert seen.mentions < 100 < seen.negative
    assert (seen.detector, seen.detector_version) == ("FloodSpike", FloodSpike.version)


def test_reposts_by_people_known_for_long_are_many_damped_voices_and_no_flood() -> None:
    _chance.seed(8)
    numbers = iter(range(10**6))

    def reposts(at_ms: int) -> list[Digest]:
        known = {"account_age_d": 900, "followers": 300}
        posts = [said(next(numbers), at_ms, 0.95, words=as_bytes(range(1, 9))) for _ in range(12)]
        return [msgspec.structs.replace(post, **known) for post in posts]

    signals = during(20 * MINUTE, people(3.0, 0.22), reposts)
    assert {one.kind for one in signals} >= {SignalKind.NEGATIVITY}
    assert SignalKind.FLOOD not in {one.kind for one in signals}
    voices = next(one for one in signals if one.kind is SignalKind.NEGATIVITY).evidence
    assert voices.duplicate_share == 0.0


def entries(per_min: float, negativity: float = 0.1, age_d: int | None = 900) -> Callable[[int], list[Digest]]:
    """Posts of the same words, each by an account of its own, with no following to speak of."""

    def now(at_ms: int) -> list[Digest]:
        number = sum(_chance.random() < per_min / 60 for _ in range(10))
        posts = [said(_chance.randrange(10**13), at_ms, negativity, words=as_bytes(range(1, 9))) for _ in range(number)]
        return [msgspec.structs.replace(post, account_age_d=age_d, followers=2) for post in posts]

    return now


def aged(age_d: int | None) -> Callable[[int], list[Digest]]:
    """The brand's ordinary people, whose accounts are so old."""
    ordinary = people(3.0, 0.22)
    return lambda at_ms: [msgspec.structs.replace(post, account_age_d=age_d) for post in ordinary(at_ms)]


def worst(signals: Iterable[Signal]) -> tuple[int, set[Reason]]:
    """How bad the floods among these are at most, and why."""
    floods = whole_brand(one for one in signals if one.kind is SignalKind.FLOOD)
    return max(one.severity for one in floods), {reason for one in floods for reason in one.evidence.reasons}


def test_many_people_who_say_the_same_are_shown_and_no_flood_that_somebody_made() -> None:
    assert worst(during(40 * MINUTE, aged(900), entries(60.0))) == (1, {Reason.REPEATED_BY_PEOPLE})
    assert worst(during(40 * MINUTE, aged(900), entries(60.0, 0.95))) == (1, {Reason.REPEATED_BY_PEOPLE})


def test_where_ages_are_not_known_glad_copies_are_shown_and_angry_ones_are_told_as_a_flood() -> None:
    assert worst(during(40 * MINUTE, aged(None), entries(60.0, 0.1, None))) == (1, {Reason.AGES_UNKNOWN})
    level, reasons = worst(during(40 * MINUTE, aged(None), entries(60.0, 0.95, None)))
    assert (level >= 2, reasons) == (True, {Reason.AGES_UNKNOWN})


def test_a_flood_after_a_giveaway_is_told_in_full() -> None:
    signals = during(
        90 * MINUTE, aged(900), lambda at_ms: entries(60.0)(at_ms) if at_ms < T + HOUR else [], flood(T + 50 * MINUTE)
    )
    floods = whole_brand(one for one in signals if one.kind is SignalKind.FLOOD)
    assert [one.severity for one in floods if one.at_ms < T + 50 * MINUTE] == [1]
    assert max(one.severity for one in floods) == 3


def test_a_few_accounts_that_do_not_stop_are_a_flood_however_old_they_are() -> None:
    def tireless(at_ms: int) -> list[Digest]:
        return [msgspec.structs.replace(post, author=_chance.randrange(1, 41)) for post in entries(60.0)(at_ms)]

    signals = during(40 * MINUTE, aged(900), tireless)
    last = whole_brand(one for one in signals if one.kind is SignalKind.FLOOD)[-1]
    assert (last.severity >= 2, last.evidence.reasons) == (True, ())
