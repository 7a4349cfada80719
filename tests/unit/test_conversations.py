"""What is remembered of the posts that people answer."""

from __future__ import annotations

import msgspec
import pytest

from detectors.voices.conversations import MOST, SPAN_MS, Conversations, ConversationsState


def test_each_post_has_answers_of_its_own() -> None:
    conversations = Conversations()
    assert [conversations.heard(post) for post in (1, 2, 1, 1, 2)] == [1, 1, 2, 3, 2]


@pytest.mark.parametrize(("gap_ms", "then"), [(SPAN_MS - 1, 3), (SPAN_MS, 3), (2 * SPAN_MS, 1)])
def test_answers_are_remembered_for_one_to_two_hours(gap_ms: int, then: int) -> None:
    conversations = Conversations()
    conversations.turn(100 * SPAN_MS)
    conversations.heard(1)
    conversations.heard(1)
    conversations.turn(100 * SPAN_MS + gap_ms)
    assert conversations.heard(1) == then


def test_however_many_posts_are_answered_the_memory_is_bounded() -> None:
    conversations = Conversations()
    for post in range(10 * MOST):
        if post % 100 == 0:
            conversations.turn(post)
        conversations.heard(post)
    assert len(msgspec.json.encode(conversations.state())) < 40 * MOST


def test_its_state_goes_on_where_it_was() -> None:
    one = Conversations()
    for place in range(200):
        other = Conversations(msgspec.json.decode(msgspec.json.encode(one.state()), type=ConversationsState))
        for each in (one, other):
            each.turn(place * SPAN_MS // 7)
        assert one.heard(place % 5) == other.heard(place % 5)
