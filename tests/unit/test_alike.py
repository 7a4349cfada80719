"""Texts that say the same, and what is remembered of them."""

from __future__ import annotations

import random

import msgspec

from detectors.text.word_numbers import numbers_in, word_numbers
from detectors.voices.alike import COPIES, SPAN_MS, Alike, AlikeState
from detectors.voices.words import words_of

TEMPLATES = (
    "{brand} left me waiting {number} hours in {town} and nobody said sorry never again",
    "do not buy from {brand} they cheated my {who} in {town} out of {number} dollars",
    "just saw what {brand} did to {who} in {town} this is a scandal boycott now",
    "my {who} was hurt by a {brand} product in {town} and they refuse to pay {number} dollars shame",
)


def flood(posts: int, seed: int) -> list[tuple[int, ...]]:
    """Templates with their slots filled anew for each post."""
    chance = random.Random(seed)
    return [
        numbers_in(
            word_numbers(
                words_of(
                    chance.choice(TEMPLATES).format(
                        brand="acme",
                        number=chance.randint(2, 10_000),
                        town=f"town{chance.randrange(200)}",
                        who=f"friend{chance.randrange(16)}",
                    )
                )
            )
        )
        for _ in range(posts)
    ]


def people(posts: int, seed: int) -> list[tuple[int, ...]]:
    """Texts of a few hundred words in which the frequent ones are frequent, as in any language."""
    chance = random.Random(seed)
    words, weights = range(10_000, 13_000), [1 / place for place in range(1, 3_001)]
    return [tuple(chance.choices(words, weights, k=chance.randint(6, 24))) for _ in range(posts)]


def test_templates_with_other_words_in_their_slots_are_copies_after_the_first_few() -> None:
    alike = Alike()
    times = [alike.heard(words).half for words in flood(3_000, seed=1)]
    assert sum(one > COPIES for one in times[100:]) > 0.95 * len(times[100:])


def test_ordinary_texts_beside_a_flood_are_no_copies() -> None:
    alike = Alike()
    mixed = [(words, True) for words in flood(1_000, seed=2)] + [(words, False) for words in people(2_000, seed=3)]
    random.Random(4).shuffle(mixed)
    marked = [flooded for words, flooded in mixed if alike.heard(words).half > COPIES]
    assert sum(marked) > 900
    assert len(marked) - sum(marked) < 0.01 * 2_000


def test_a_word_said_again_and_again_in_one_text_is_one_text() -> None:
    assert [Alike().heard((7,) * 30).half for _ in range(3)] == [1, 1, 1]


def test_the_hundredth_of_a_text_is_known_as_such() -> None:
    alike = Alike()
    assert [alike.heard((1, 2, 3, 4, 5, 6)) for _ in range(100)][-1] == (100, 100)


def test_texts_are_remembered_for_ten_to_twenty_minutes() -> None:
    alike = Alike()
    alike.turn(0)
    for _ in range(20):
        alike.heard((1, 2, 3, 4, 5, 6))
    alike.turn(SPAN_MS)
    assert alike.heard((1, 2, 3, 4, 5, 6)) == (21, 21)
    alike.turn(4 * SPAN_MS)
    assert alike.heard((1, 2, 3, 4, 5, 6)) == (1, 1)


def test_what_floods_the_memory_shortens_it_and_hides_no_flood() -> None:
    alike = Alike()
    filler = iter(range(10**6))
    times = []
    for place, words in enumerate(flood(2_000, seed=5)):
        alike.turn(place * 100)
        times.append(alike.heard(words).half)
        for _ in range(10):
            alike.heard(tuple(next(filler) for _ in range(32)))
    assert sum(one > COPIES for one in times[-1_000:]) > 700
    assert len(msgspec.json.encode(alike.state())) < 400_000


def test_its_state_goes_on_where_it_was() -> None:
    one = Alike()
    texts = flood(60, seed=6)
    for place, words in enumerate(texts):
        other = Alike(msgspec.json.decode(msgspec.json.encode(one.state()), type=AlikeState))
        for each in (one, other):
            each.turn(place * 30_000)
        assert one.heard(words) == other.heard(words)
        assert one.state() == other.state()
