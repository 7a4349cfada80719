"""Recent ids: a function of the ids alone, and at any earlier moment exactly what they were."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.deciding.recent_ids import RecentIds

IDS = st.lists(st.integers(0, 12), max_size=80)
CAPACITY = st.integers(1, 8)


@pytest.fixture(autouse=True, scope="module")
def forgetful() -> Iterator[None]:
    """Memory that is let go of as soon as it may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.deciding.recent_ids._TRIM_AT", 1)
        yield


class Plain:
    """The same by definition: the last so many ids that were no repeats."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.added: list[int] = []

    def add(self, number: int) -> bool:
        if number in self.added[-self.capacity :]:
            return False
        self.added.append(number)
        return True

    def at(self, sequence: int) -> bytes:
        return array("Q", self.added[max(0, sequence - self.capacity) : sequence]).tobytes()


@given(IDS, CAPACITY)
@settings(max_examples=100, deadline=None)
def test_a_repeat_is_one_of_the_last_so_many_ids(ids: list[int], capacity: int) -> None:
    plain, recent = Plain(capacity), RecentIds(capacity)
    assert [recent.add(number) for number in ids] == [plain.add(number) for number in ids]
    assert recent.sequence == len(plain.added)


@given(IDS, CAPACITY, st.lists(st.integers(0, 80)))
@settings(max_examples=200, deadline=None)
def test_the_memory_at_an_earlier_moment_is_what_it_was_whatever_was_forgotten(
    ids: list[int], capacity: int, forget: list[int]
) -> None:
    plain, recent, oldest = Plain(capacity), RecentIds(capacity), 0
    for place, number in enumerate(ids):
        assert recent.add(number) == plain.add(number)
        if place < len(forget):
            oldest = max(oldest, min(forget[place], recent.sequence))
            recent.forget_before(oldest)
        for sequence in range(oldest, recent.sequence + 1):
            assert recent.at(sequence) == plain.at(sequence)


@given(IDS, IDS, CAPACITY)
@settings(max_examples=100, deadline=None)
def test_what_begins_from_an_earlier_moment_goes_on_as_it_did(first: list[int], then: list[int], capacity: int) -> None:
    recent = RecentIds(capacity)
    for number in first:
        recent.add(number)
    moment = recent.sequence
    went_on = [recent.add(number) for number in then]
    again = RecentIds(capacity, recent.at(moment))
    assert [again.add(number) for number in then] == went_on
    assert again.at(again.sequence) == recent.at(recent.sequence)


def test_what_is_remembered_is_bounded_however_far_back_a_restart_may_have_to_go() -> None:
    recent = RecentIds(100)
    for number in range(10_000):
        recent.add(number)
        recent.forget_before(0)
    assert len(recent._known) <= 101
    assert len(recent._log) == 10_000
    recent.forget_before(recent.sequence)
    assert len(recent._log) <= 101
