"""A brand's watch is a plain value: stopped anywhere, or told of silence in portions, it says and knows the same."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bucket import BUCKET_MS, Cell
from detectors.signal import Signal, SignalKind
from detectors.text.word_numbers import as_bytes
from detectors.watch.brand_watch import BrandWatch
from tests.parts.brand_days import AFTER_THREE_DAYS, cell, frozen, known_brand, said, thawed

PLATFORMS = ("x", "bluesky", "mastodon")


@dataclass(frozen=True)
class Step:
    """A bucket: how many quiet ones before it, and what is said on each platform."""

    quiet: int
    voices: tuple[int, ...]
    negativity: float | None
    authors: int
    same_words: bool
    deleted: tuple[int, ...]


STEPS = st.lists(
    st.builds(
        Step,
        quiet=st.sampled_from((0, 0, 0, 1, 7, 400)),
        voices=st.tuples(*[st.sampled_from((0, 1, 3, 12))] * len(PLATFORMS)).filter(any),
        negativity=st.sampled_from((0.95, 0.9, 0.9, 0.1, None)),
        authors=st.sampled_from((0, 3, 1_000)),
        same_words=st.booleans(),
        deleted=st.lists(st.integers(0, 60), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=25,
)


def course(steps: list[Step]) -> list[tuple[int, list[Cell]]]:
    """The buckets of these steps, from where a known brand is."""
    made = []
    at_ms = AFTER_THREE_DAYS
    number = 0
    for step in steps:
        at_ms += step.quiet * BUCKET_MS
        cells = []
        for platform, voices in zip(PLATFORMS, step.voices, strict=True):
            digests = []
            for _ in range(voices):
                number += 1
                author = number % step.authors + 1 if step.authors else 0
                words = as_bytes((1, 2, 3, 4)) if step.same_words else None
                digests.append(said(number, at_ms, step.negativity, author, words))
            if digests:
                cells.append(cell(digests, platform, [f"p{gone}" for gone in step.deleted]))
        made.append((at_ms, cells))
        at_ms += BUCKET_MS
    return made


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, data=st.data())
def test_a_watch_stopped_and_restored_anywhere_says_and_knows_what_an_unbroken_one_does(
    steps: list[Step], data: st.DataObject
) -> None:
    stops = data.draw(st.sets(st.integers(0, len(steps))))
    whole, broken = known_brand(), known_brand()
    for place, (start_ms, cells) in enumerate(course(steps)):
        if place in stops:
            broken = thawed(frozen(broken))
        assert whole.close(start_ms, cells) == broken.close(start_ms, cells)
        assert frozen(whole) == frozen(broken)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, data=st.data())
def test_the_order_in_which_a_buckets_cells_came_makes_no_difference(steps: list[Step], data: st.DataObject) -> None:
    one, other = known_brand(), known_brand()
    for start_ms, cells in course(steps):
        assert one.close(start_ms, cells) == other.close(start_ms, data.draw(st.permutations(cells)))
    assert frozen(one) == frozen(other)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.integers(0, 1_500_000), max_size=12), rest=st.integers(0, 3_000_000))
def test_silence_taken_in_portions_is_the_same_as_at_once(steps: list[int], rest: int) -> None:
    at_once, in_portions = known_brand(), known_brand()
    end_ms = AFTER_THREE_DAYS
    for step in steps:
        end_ms += step
        in_portions.quiet_until(end_ms)
    at_once.quiet_until(end_ms)
    assert frozen(at_once) == frozen(in_portions)
    start_ms = (end_ms + rest) // BUCKET_MS * BUCKET_MS
    post = [cell([said(1, start_ms)])]
    assert at_once.close(start_ms, post) == in_portions.close(start_ms, post)
    assert frozen(at_once) == frozen(in_portions)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_looking_at_levels_and_taking_snapshots_changes_nothing(steps: list[Step]) -> None:
    left_alone, looked_at = known_brand(), known_brand()
    for start_ms, cells in course(steps):
        before = frozen(looked_at)
        for platform in looked_at.platforms:
            looked_at.levels(platform)
        assert frozen(looked_at) == before
        assert left_alone.close(start_ms, cells) == looked_at.close(start_ms, cells)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_signals_have_ids_of_their_own_and_rise_while_there_is_no_calm(steps: list[Step]) -> None:
    watch = known_brand()
    signals = [signal for start_ms, cells in course(steps) for signal in watch.close(start_ms, cells)]
    assert len({signal.id for signal in signals}) == len(signals)
    last: dict[tuple[str | None, SignalKind], Signal] = {}
    for signal in signals:
        series = signal.platform, signal.kind
        assert 1 <= signal.severity <= 5
        assert signal.score >= 1.0
        assert signal.since_ms <= signal.at_ms
        # A silence is over as soon as somebody speaks, and the next is a new one.
        alarm = signal.kind is not SignalKind.SILENCE
        if alarm and series in last and signal.at_ms - last[series].at_ms < 45 * 60_000:
            assert signal.severity > last[series].severity
        last[series] = signal


@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_a_stream_that_begins_with_a_crisis_says_nothing_in_its_first_hour(steps: list[Step]) -> None:
    watch = BrandWatch("", "acme")
    first_ms = None
    for start_ms, cells in course(steps):
        first_ms = start_ms if first_ms is None else first_ms
        if start_ms - first_ms < 3_600_000:
            assert watch.close(start_ms, cells) == []
