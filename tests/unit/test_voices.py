"""Which mentions are voices of their own."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bucket import Digest
from detectors.voices import COPIES, QUIET_MS, Voices, VoicesState, is_negative

SENTENCE = (1, 2, 3, 4)
_ids = count()


def said(author: int, words: tuple[int, ...] = (), at_ms: int = 0, negativity: float | None = 0.9) -> Digest:
    return Digest(str(next(_ids)), at_ms, author, words, negativity)


def heard(voices: Voices, *digests: Digest, now_ms: int = 0) -> int:
    return len(voices.independent(digests, now_ms))


def test_an_author_counts_once_in_ten_minutes() -> None:
    voices = Voices()
    assert heard(voices, said(7), said(7), said(8)) == 2
    assert heard(voices, said(7, at_ms=QUIET_MS - 1), now_ms=QUIET_MS - 1) == 0
    assert heard(voices, said(7, at_ms=QUIET_MS), now_ms=QUIET_MS) == 1


def test_a_tirade_does_not_renew_its_own_silence() -> None:
    voices = Voices()
    every_minute = range(0, 3 * QUIET_MS, 60_000)
    assert sum(heard(voices, said(7, at_ms=at), now_ms=at) for at in every_minute) == 3


def test_a_late_post_of_an_author_heard_since_is_no_further_voice() -> None:
    voices = Voices()
    heard(voices, said(7, at_ms=QUIET_MS), now_ms=QUIET_MS)
    assert heard(voices, said(7, at_ms=0), now_ms=QUIET_MS) == 0


def test_people_without_a_name_are_each_heard() -> None:
    assert heard(Voices(), said(0), said(0), said(0)) == 3


def test_the_sixth_copy_of_a_text_is_no_voice_whoever_posts_it() -> None:
    assert heard(Voices(), *(said(author, SENTENCE) for author in range(1, 21))) == COPIES


def test_words_in_another_order_are_a_copy() -> None:
    copies = (said(author, SENTENCE if author % 2 else SENTENCE[::-1]) for author in range(1, 21))
    assert heard(Voices(), *copies) == COPIES


def test_three_words_are_never_a_copy() -> None:
    assert heard(Voices(), *(said(author, SENTENCE[:3]) for author in range(1, 21))) == 20


def test_who_posts_a_copy_can_still_speak_for_themselves() -> None:
    voices = Voices()
    heard(voices, *(said(author, SENTENCE) for author in range(1, 21)))
    assert heard(voices, said(20, (5, 6, 7, 8))) == 1


@pytest.mark.parametrize(("gap_ms", "renewed"), [(QUIET_MS - 1, 0), (QUIET_MS, 0), (2 * QUIET_MS, COPIES)])
def test_a_text_is_remembered_beyond_ten_minutes_and_forgotten_after_twenty(gap_ms: int, renewed: int) -> None:
    start = 100 * QUIET_MS
    voices = Voices()
    heard(voices, *(said(author, SENTENCE, start) for author in range(1, 21)), now_ms=start)
    later = start + gap_ms
    assert heard(voices, *(said(author, SENTENCE, later) for author in range(51, 71)), now_ms=later) == renewed


def test_the_brands_own_posts_are_no_voices_and_take_nobodys_place() -> None:
    own = Digest("own", 0, 7, SENTENCE, 0.9, own=True)
    voices = Voices()
    assert voices.independent([own] * 9, 0) == []
    assert heard(voices, said(7, SENTENCE)) == 1


def test_authors_heard_since_a_moment_are_counted_once_each() -> None:
    voices = Voices()
    heard(voices, said(1, at_ms=1_000), said(1, at_ms=2_000), said(2, at_ms=3_000), said(0, at_ms=3_000), now_ms=0)
    assert [voices.authors_since(since) for since in (0, 1_000, 1_001, 3_001)] == [2, 2, 1, 0]


def test_negative_authors_are_counted_apart_by_the_post_that_was_their_voice() -> None:
    voices = Voices()
    heard(voices, said(1), said(2, negativity=0.1), said(2, negativity=0.9), said(3, negativity=None), said(0))
    assert (voices.authors_since(0), voices.authors_since(0, negative=True)) == (3, 1)


def test_memory_holds_no_more_than_twenty_minutes() -> None:
    voices = Voices()
    for minute in range(300):
        at_ms = minute * 60_000
        heard(voices, said(minute + 1, (minute, 1, 2, 3), at_ms), now_ms=at_ms)
    assert len(voices.state.negative_authors) == len(voices.state.authors) <= 30
    assert len(voices.state.texts) + len(voices.state.older_texts) <= 20


@pytest.mark.parametrize(("negativity", "negative"), [(0.5, True), (0.499, False), (None, False), (0.0, False)])
def test_negative_is_from_the_cut_on_and_never_where_nothing_was_scored(
    negativity: float | None, negative: bool
) -> None:
    assert is_negative(said(1, negativity=negativity)) is negative


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 900_000)), min_size=1, max_size=60),
    st.data(),
)
def test_voices_made_from_their_state_anywhere_decide_as_if_they_had_never_stopped(
    posts: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    stop = data.draw(st.integers(0, len(posts)))
    whole, broken = Voices(), Voices()
    now_ms = 0
    for place, (author, text, gap_ms) in enumerate(posts):
        now_ms += gap_ms
        if place == stop:
            broken = Voices(msgspec.json.decode(msgspec.json.encode(broken.state), type=VoicesState))
        post = [said(author, (text, 1, 2, 3), now_ms)]
        assert whole.independent(post, now_ms) == broken.independent(post, now_ms)
    assert whole.state == broken.state
