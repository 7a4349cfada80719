"""How much each mention counts as a voice of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bucket import BUCKET_MS, Bucket, Digest, bucket_start
from detectors.text.word_numbers import as_bytes
from detectors.voices.alike import COPIES
from detectors.voices.count import TIRADE, Voices, VoicesState, Weighed
from detectors.voices.crowd import QUIET_MS
from detectors.voices.weight import YOUNG_D, is_negative, shares_of_seconds, weight_of_age

SENTENCE = (1, 2, 3, 4, 5)
SECOND = 1_000
_ids = count()


def said(
    author: int, words: tuple[int, ...] = (), at_ms: int = 0, negativity: float | None = 0.9, **more: int
) -> Digest:
    return msgspec.structs.replace(Digest(str(next(_ids)), at_ms, author, as_bytes(words), negativity), **more)


def bucket(digests: Sequence[Digest], start_ms: int, platform: str = "x", **more: object) -> Bucket:
    made = Bucket("", "acme", platform, start_ms, len(digests), 0, 0, 0.0, 0, tuple(digests), False)
    return msgspec.structs.replace(made, **more)


def weighed(voices: Voices, *digests: Digest, at_ms: int = 0) -> Weighed:
    return voices.weigh(bucket(digests, bucket_start(at_ms)))


def heard(voices: Voices, *digests: Digest, at_ms: int = 0) -> float:
    return sum(weight for _, weight in weighed(voices, *digests, at_ms=at_ms).voices)


def people(voices: Voices, since_ms: int = 0, negative: bool = False, platform: str | None = None) -> int:
    return sum(crowd.authors(since_ms, negative) for crowd in voices.crowds(platform))


# --- authors ----------------------------------------------------------------------------------------------------------


def test_an_author_counts_once_in_ten_minutes() -> None:
    voices = Voices()
    assert heard(voices, said(7), said(7), said(8)) == 2
    assert heard(voices, said(7, at_ms=QUIET_MS - 1), at_ms=QUIET_MS - 1) == 0
    assert heard(voices, said(7, at_ms=QUIET_MS), at_ms=QUIET_MS) == 1


def test_a_tirade_does_not_renew_its_own_silence() -> None:
    voices = Voices()
    every_minute = range(0, 3 * QUIET_MS, 60_000)
    assert sum(heard(voices, said(7, at_ms=at), at_ms=at) for at in every_minute) == 3


def test_a_late_post_of_an_author_heard_since_is_no_further_voice() -> None:
    voices = Voices()
    heard(voices, said(7, at_ms=QUIET_MS), at_ms=QUIET_MS)
    assert heard(voices, said(7, at_ms=0), at_ms=QUIET_MS) == 0


def test_people_without_a_name_are_each_heard() -> None:
    assert heard(Voices(), said(0), said(0), said(0)) == 3


def test_from_the_fourth_post_on_an_author_is_a_flood() -> None:
    tally = weighed(Voices(), *(said(7, (n, n + 1, n + 2, n + 3, n + 4)) for n in range(0, 100, 5))).tally
    assert (tally.posts, tally.copies, tally.negative_copies) == (20, 20 - TIRADE + 1, 20 - TIRADE + 1)


# --- copies -----------------------------------------------------------------------------------------------------------


def test_the_sixth_copy_of_a_text_is_no_voice_where_nobody_knows_the_account() -> None:
    found = weighed(Voices(), *(said(author, SENTENCE) for author in range(1, 21)))
    assert (len(found.voices), found.tally.copies) == (COPIES, 20 - COPIES)


def test_a_template_with_its_slots_filled_anew_is_a_copy() -> None:
    filled = (said(author, (1, 2, 3, 4, 5, 6, 1000 + author, 7, 8, 9, 10)) for author in range(1, 21))
    assert heard(Voices(), *filled) == COPIES


def test_a_template_in_the_mouths_of_new_accounts_counts_as_the_square_root_before_it_is_a_copy() -> None:
    filled = [(1, 2, 3, 4, 5, 6, 1000 + author, 7, 8, 9, 10) for author in range(1, 6)]
    grown = weighed(Voices(), *(said(who, words, account_age_d=90) for who, words in enumerate(filled, 1)))
    new = weighed(Voices(), *(said(who, words, account_age_d=89) for who, words in enumerate(filled, 1)))
    assert sum(weight for _, weight in grown.voices) == 5
    assert sum(weight for _, weight in new.voices) == pytest.approx(math.sqrt(5))


def test_the_first_five_of_a_flood_are_known_for_a_mistake_with_the_next_five() -> None:
    voices = Voices()
    found = [weighed(voices, said(author, SENTENCE)).mistaken for author in range(1, 21)]
    assert found == [0.0] * COPIES + [1.0] * COPIES + [0.0] * (20 - 2 * COPIES)
    glad = [weighed(voices, said(author, (6, 7, 8, 9, 10), negativity=0.1)).mistaken for author in range(21, 41)]
    assert sum(glad) == 0.0


def test_texts_that_share_a_phrase_are_no_copies() -> None:
    sharing = (said(author, (1, 2, 3, *range(100 * author, 100 * author + 6))) for author in range(1, 21))
    assert heard(Voices(), *sharing) == 20


def test_four_words_are_never_a_copy() -> None:
    assert heard(Voices(), *(said(author, SENTENCE[:4]) for author in range(1, 21))) == 20


def test_who_posts_a_copy_can_still_speak_for_themselves() -> None:
    voices = Voices()
    heard(voices, *(said(author, SENTENCE) for author in range(1, 21)))
    assert heard(voices, said(20, (5, 6, 7, 8, 9))) == 1


def test_those_who_say_the_same_count_as_the_square_root_of_their_number() -> None:
    found = weighed(Voices(), *(said(who, SENTENCE, followers=300, account_age_d=900) for who in range(1, 201)))
    assert len(found.voices) == 200
    assert sum(weight for _, weight in found.voices) == pytest.approx(math.sqrt(200))
    assert found.tally.copies == 0


def test_people_known_for_long_who_fill_in_the_same_template_are_damped() -> None:
    filled = [(*SENTENCE, 1_000 + who) for who in range(1, 201)]
    found = weighed(
        Voices(), *(said(who, words, followers=300, account_age_d=900) for who, words in enumerate(filled, 1))
    )
    assert sum(weight for _, weight in found.voices) == pytest.approx(COPIES + math.sqrt(200) - math.sqrt(COPIES))


def test_who_is_followed_but_new_is_not_somebody() -> None:
    new = [said(who, SENTENCE, followers=9_000, account_age_d=60) for who in range(1, 21)]
    assert heard(Voices(), *new) == pytest.approx(math.sqrt(COPIES))


@pytest.mark.parametrize(
    ("gap_ms", "renewed"), [(QUIET_MS - BUCKET_MS, 0), (QUIET_MS, 0), (2 * QUIET_MS, math.sqrt(COPIES))]
)
def test_a_text_is_remembered_beyond_ten_minutes_and_forgotten_after_twenty(gap_ms: int, renewed: int) -> None:
    start = 100 * QUIET_MS
    voices = Voices()
    heard(voices, *(said(author, SENTENCE, start) for author in range(1, 21)), at_ms=start)
    later = start + gap_ms
    assert heard(voices, *(said(author, SENTENCE, later) for author in range(51, 71)), at_ms=later) == pytest.approx(
        renewed
    )


def test_a_text_is_known_again_on_another_platform() -> None:
    voices = Voices()
    voices.weigh(bucket([said(author, SENTENCE) for author in range(1, 21)], 0, "x"))
    assert voices.weigh(bucket([said(99, SENTENCE)], 0, "bluesky")).voices == []


# --- conversations ----------------------------------------------------------------------------------------------------


def test_those_who_answer_the_same_post_count_as_the_square_root_of_their_number() -> None:
    voices = Voices()
    assert heard(voices, *(said(who, answers=77) for who in range(1, 10))) == pytest.approx(3)
    assert heard(voices, said(20, answers=78), said(21), said(22)) == 3


def test_a_post_that_is_answered_in_the_same_words_is_damped_once() -> None:
    assert heard(Voices(), *(said(who, SENTENCE, answers=77) for who in range(1, 5))) == pytest.approx(2)


# --- young accounts ---------------------------------------------------------------------------------------------------


def test_young_accounts_weigh_less_and_unknown_ones_are_ordinary() -> None:
    ages = (0, 3, YOUNG_D - 1, YOUNG_D, 4_000, None)
    weights = [weight_of_age(age_d) for age_d in ages]
    assert weights == sorted(weights)
    assert (weights[0], weights[-3:]) == (0.1, [1.0, 1.0, 1.0])
    assert heard(Voices(), said(1, account_age_d=0), said(2), said(3, account_age_d=YOUNG_D)) == pytest.approx(2.1)


def test_young_accounts_that_all_post_in_one_second_weigh_less_again() -> None:
    spread = [said(n + 1, at_ms=n * 100, account_age_d=10) for n in range(100)]
    at_once = [said(n + 1, at_ms=3 * SECOND, account_age_d=10) for n in range(100)]
    apart, together = weighed(Voices(), *spread), weighed(Voices(), *at_once)
    assert sum(w for _, w in together.voices) < 0.4 * sum(w for _, w in apart.voices)
    assert (apart.tally.copies, together.tally.copies > 60) == (0, True)


def test_grown_people_who_all_post_in_one_second_are_heard() -> None:
    assert heard(Voices(), *(said(n + 1, at_ms=3 * SECOND) for n in range(100))) == 100


def test_a_clock_that_knows_only_minutes_is_no_crowd() -> None:
    at_once = [said(n + 1, at_ms=60 * SECOND) for n in range(100)]
    assert shares_of_seconds(at_once, 60 * SECOND) == {}


# --- what is remembered -----------------------------------------------------------------------------------------------


def test_the_brands_own_posts_are_no_voices_and_take_nobodys_place() -> None:
    own = Digest("own", 0, 7, as_bytes(SENTENCE), 0.9, own=True)
    voices = Voices()
    assert weighed(voices, *[own] * 9).voices == []
    assert heard(voices, said(7, SENTENCE)) == 1


def test_people_heard_since_a_moment_are_counted_once_each_on_their_platform() -> None:
    voices = Voices()
    weighed(voices, said(1, at_ms=1_000), said(1, at_ms=2_000), said(2, at_ms=3_000), said(0, at_ms=3_000))
    assert [people(voices, since) for since in (0, 1_000, 1_001, 3_001)] == [2, 2, 1, 0]
    assert (people(voices, platform="x"), people(voices, platform="bluesky")) == (2, 0)


def test_negative_people_are_counted_apart_by_the_post_that_was_their_voice() -> None:
    voices = Voices()
    weighed(voices, said(1), said(2, negativity=0.1), said(2, negativity=0.9), said(3, negativity=None), said(0))
    assert (people(voices), people(voices, negative=True)) == (3, 1)


def test_the_people_of_an_hour_are_known() -> None:
    voices = Voices()
    for minute in range(90):
        weighed(voices, said(minute + 1, at_ms=minute * 60_000), at_ms=minute * 60_000)
    assert people(voices, 30 * 60_000) == 60


def test_a_sampled_bucket_stands_for_all_its_mentions() -> None:
    found = Voices().weigh(bucket([said(1), said(2)], 0, mentions=20, sampled=True))
    assert (found.each, found.tally.posts) == (10.0, 20.0)


def test_marks_are_counted() -> None:
    posts = said(1, account_age_d=3), said(2, account_age_d=300), said(3, negativity=None), said(4, late_ms=9)
    tally = weighed(Voices(), *posts).tally
    assert (tally.posts, tally.aged, tally.young, tally.unscored, tally.late) == (4, 2, 1, 1, 1)


def test_a_brand_of_three_posts_a_minute_is_remembered_in_a_few_kilobytes() -> None:
    voices = Voices()
    for place in range(3 * 180):
        at_ms = place * 20_000
        words = tuple(range(place * 20, place * 20 + 14))
        weighed(voices, said(2**63 + place * 7_919**3, words, at_ms, followers=place), at_ms=at_ms)
    assert len(msgspec.json.encode(voices.state())) < 10_000


def test_memory_is_bounded_whatever_people_write() -> None:
    voices = Voices()
    for place in range(60):
        at_ms = place * 2 * BUCKET_MS
        numbers = range(place * 2_000 + 1, place * 2_000 + 2_001)
        weighed(voices, *(said(n, tuple(range(n * 12, n * 12 + 12)), at_ms) for n in numbers), at_ms=at_ms)
    assert len(msgspec.json.encode(voices.state())) < 3_000_000
    assert people(voices) == pytest.approx(120_000, rel=0.05)


@pytest.mark.parametrize(("negativity", "negative"), [(0.5, True), (0.499, False), (None, False), (0.0, False)])
def test_negative_is_from_the_cut_on_and_never_where_nothing_was_scored(
    negativity: float | None, negative: bool
) -> None:
    assert is_negative(said(1, negativity=negativity)) is negative


@settings(max_examples=60, deadline=None)
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
            broken = Voices(msgspec.json.decode(msgspec.json.encode(broken.state()), type=VoicesState))
        post = said(author, (text, 1, 2, 3, 4, 5), now_ms, account_age_d=author * 9)
        assert weighed(whole, post, at_ms=now_ms) == weighed(broken, post, at_ms=now_ms)
    assert whole.state() == broken.state()
