"""When so much of what comes in is rubbish that ops are told, and dead letters are sampled."""

from __future__ import annotations

from detectors.signal import SignalKind
from streams.deciding.dead_share import SYSTEM_BRAND, DeadShare
from tests.parts.stream_records import MIN, T0, S


def share() -> DeadShare:
    return DeadShare(most=0.2, of_at_least=100)


def test_a_share_up_to_what_is_allowed_tells_nobody() -> None:
    made = share()
    assert not made.add(T0, 1000, 200)
    assert not made.sampling


def test_above_it_ops_are_told_once_a_minute() -> None:
    made = share()
    assert [made.add(T0 + at * S, 100, 50) for at in (0, 1, 2, 59)] == [True, False, False, False]
    assert [made.add(T0 + MIN + at * S, 100, 50) for at in (0, 1)] == [True, False]
    assert made.sampling


def test_a_few_records_have_no_share() -> None:
    made = share()
    assert not made.add(T0, 99, 99)
    assert made.add(T0 + S, 1, 1)


def test_sampling_goes_on_into_the_next_minute_and_ends_after_a_good_one() -> None:
    made = share()
    made.add(T0, 100, 50)
    made.add(T0 + MIN, 100, 0)
    assert made.sampling
    made.add(T0 + 2 * MIN, 100, 0)
    assert not made.sampling


def test_a_partition_that_is_behind_does_not_turn_the_clock_back() -> None:
    made = share()
    made.add(T0, 100, 50)
    assert not made.add(T0 - 5 * MIN, 100, 50)


def test_what_ops_are_told_was_seen_and_is_past() -> None:
    made = share()
    made.add(T0 + 10 * S, 60, 5)
    made.add(T0 + 12 * S, 40, 35)
    told = made.signal()
    assert (told.since_ms, told.at_ms, told.evidence.window_s) == (T0, T0 + 12 * S, 12)
    assert (told.observed, told.evidence.mentions, told.evidence.threshold) == (40.0, 100, 0.2)
    assert (told.expected, told.evidence.expected_low, told.evidence.expected_high) == (0.0, 0.0, 0.0)


def test_the_signal_is_the_same_from_every_worker_and_says_how_much() -> None:
    one, other = share(), share()
    one.add(T0 + S, 100, 50)
    other.add(T0 + 40 * S, 200, 190)
    signal = one.signal()
    assert signal.id == other.signal().id
    assert (signal.kind, signal.brand, signal.run, signal.platform) == (
        SignalKind.DEAD_LETTERS,
        SYSTEM_BRAND,
        "",
        None,
    )
    assert (signal.observed, signal.evidence.mentions, signal.since_ms) == (50.0, 100, T0)
    assert signal.score == 2.5
