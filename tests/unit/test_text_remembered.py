"""What is remembered of words: the same as without a memory, within bounds, whatever people write."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count, islice, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.text.features import features
from detectors.text.model import Scorer, Weights, pack
from detectors.text.remembered import LONGEST, MOST, Remembered
from detectors.text.slots import SLOTS, slots_of
from detectors.text.word_numbers import word_numbers
from detectors.voices.words import word_numbers_of, words_of
from tests.parts.stream_records import on_tape, said, triage

LEARNED = Weights(table=pack((slot, (slot % 7 - 3) / 2) for slot in range(SLOTS)))
SENTENCE = (
    "Never AGAIN @acme, l\u2019Avion was sooooo late!!! #NeverAgain https://x.y/Z don\u2019t \U0001f621 "
    "caf\u00e9\u00e9\u00e9"
)
BLANKS = " \t\n\r\x0b\x1c\x85\u00a0\u2003\u2028\u3000"
#: Nothing that is seen stands between its letters, and for Python it is no blank.
ZERO_WIDTH = "fi\u200bre\u200cbre\u200dak\ufeff"


def strange_words(number: int) -> Iterator[str]:
    """Each once, as long as is remembered, of as many signs as fit in."""
    signs = "\U0001f621\U0001f60d\U0001f44e\u2764"
    return (
        "".join(letters) + signs * ((LONGEST - 8) // len(signs))
        for letters in islice(product("abcdef", repeat=8), number)
    )


def score(text: str) -> float:
    return Scorer(LEARNED).score(features(text))


def test_what_is_asked_again_is_not_made_again() -> None:
    turns = count(1)
    numbers = Remembered(lambda word: next(turns))
    assert [numbers[word] for word in ("late", "again", "late")] == [1, 2, 1]


def test_no_more_is_remembered_than_a_bound_and_no_word_beyond_a_length() -> None:
    lengths = Remembered(len)
    most = 0
    for number in range(2 * MOST + 10):
        assert lengths[f"word{number}"] == len(f"word{number}")
        most = max(most, len(lengths))
    assert most == MOST
    assert (lengths["a" * LONGEST], lengths["a" * (LONGEST + 1)]) == (LONGEST, LONGEST + 1)
    assert ("a" * LONGEST in lengths, "a" * (LONGEST + 1) in lengths) == (True, False)


def test_what_was_met_before_makes_no_difference() -> None:
    read = [(features(SENTENCE), word_numbers_of(SENTENCE, 32), slots_of("late"), score(SENTENCE))]
    read[0][0].append("what a caller does with his list is not remembered")
    for word in strange_words(MOST + 10):
        features(word)
        word_numbers_of(word, 32)
    read.append((features(SENTENCE), word_numbers_of(SENTENCE, 32), slots_of("late"), score(SENTENCE)))
    read.append((features(SENTENCE), word_numbers_of(SENTENCE, 32), slots_of("late"), score(SENTENCE)))
    assert read[0][0][:-1] == read[1][0]
    assert read[0][1:] == read[1][1:]
    assert read[1] == read[2]


@pytest.mark.parametrize("blank", BLANKS)
def test_every_blank_parts_words_and_which_one_makes_no_difference(blank: str) -> None:
    assert features(SENTENCE.replace(" ", blank)) == features(SENTENCE)
    assert word_numbers_of(SENTENCE.replace(" ", blank), 32) == word_numbers_of(SENTENCE, 32)


def test_a_letter_three_times_is_two_in_any_word_of_a_text_and_with_any_accent() -> None:
    assert features("tr\u00e8\u00e8\u00e8s") == ["tr\u00e8\u00e8s"]
    assert features("tr\u00e8\u00e8\u00e8s sooo") == ["tr\u00e8\u00e8s", "soo"]


@given(st.text(max_size=500), st.integers(0, 40))
@example(SENTENCE * 10, 32)
@example("www.acme.example #Fail l\u2019avion O\u03a3 A\u03a3.B \u0130x_y 2,500 a_b https://x" * 9, 40)
@example(ZERO_WIDTH * 60, 32)
@example("a " * 300, 32)
def test_the_numbers_of_a_text_are_those_of_its_first_words(text: str, most: int) -> None:
    assert word_numbers_of(text, most) == word_numbers(words_of(text)[:most])


def test_hostile_words_stay_within_memory() -> None:
    scorer = Scorer(LEARNED)
    tracemalloc.start()
    try:
        for word in strange_words(MOST):
            scorer.score(features(word))
            word_numbers_of(word, 32)
        for number in range(5):
            scorer.score(features("x" * 50_000 + "y" * 50_000 + "xy" * 25_000 + str(number)))
        assert tracemalloc.get_traced_memory()[0] < 40_000_000
    finally:
        tracemalloc.stop()


def test_an_open_cell_holds_no_more_of_angry_posts_than_their_beginnings() -> None:
    made, angry = triage(), [said(number, text=f"awful {number}" + " awful" * 1_600) for number in range(301)]
    made.fold(on_tape(angry[:1]))
    tracemalloc.start()
    try:
        made.fold(on_tape(angry[1:], first=1))
        assert tracemalloc.get_traced_memory()[0] < 1_000_000 < 300 * len(" awful" * 1_600)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 100_000, id="one word"),
        pytest.param("ab" * 50_000 + "!", id="one word and a mark"),
        pytest.param("'" * 100_000, id="apostrophes"),
        pytest.param("a'" * 50_000, id="letters and apostrophes"),
        pytest.param("#aA" * 33_000, id="hashtags without blanks"),
        pytest.param(ZERO_WIDTH * 8_000, id="zero-width characters"),
        pytest.param("http://" * 14_000, id="links without blanks"),
        pytest.param(" ".join(strange_words(5_000)), id="words that nobody wrote before"),
        pytest.param("\u00e9\u00e9\u00e9" * 30_000, id="one letter"),
    ],
)
@pytest.mark.parametrize(
    "read", [features, score, lambda text: word_numbers_of(text, 32)], ids=["features", "score", "numbers"]
)
def test_ten_times_the_text_is_about_ten_times_the_work(read: Callable[[str], object], text: str) -> None:
    assert took(read, text) < 40 * took(read, text[: len(text) // 10]) + 0.02


def took(read: Callable[[str], object], text: str) -> float:
    times = []
    for _ in range(3):
        began = time.process_time()
        read(text)
        times.append(time.process_time() - began)
    return min(times)
