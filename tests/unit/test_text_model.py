"""What a text's features are, and that scoring and learning give one number."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.lexicon import english
from detectors.text import learner
from detectors.text.distant import distant_label
from detectors.text.features import features
from detectors.text.learner import NegativityModel
from detectors.text.model import NEGATIVE_CUT, START, Scorer, Weights
from detectors.text.word_numbers import word_numbers
from streams.simulation import phrases

MODEL = NegativityModel()
SCORER = Scorer(START)
#: The scorer says three decimals.
CLOSE = 0.000501
SAYINGS = (*phrases.NEUTRAL, *phrases.POSITIVE, *phrases.NEGATIVE, *phrases.CRISIS)
SOME_WORDS = ("not", "never", "awful", "great", "AWFUL", "gooood", "\u00e4wful", "\U0001f621", "@acme", "caf\u00e9", "")


def score(text: str, scorer: Scorer = SCORER) -> float:
    return scorer.score(features(text))


# --- features ---------------------------------------------------------------------------------------------------------


def test_the_three_words_after_a_negation_are_marked_and_the_fourth_is_not() -> None:
    assert features("do not go there ever again") == ["do", "not", "not_go", "not_there", "not_ever", "again"]


def test_a_second_negation_starts_the_count_anew() -> None:
    assert features("not one no two or three four") == [
        *("not", "not_one", "no", "not_two", "not_or", "not_three", "four")
    ]


@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
def test_either_apostrophe_makes_the_same_negation(apostrophe: str) -> None:
    assert features(f"I DON{apostrophe}T like it") == ["don't", "not_like", "not_it"]


def test_an_emoji_after_a_negation_stays_itself_and_uses_up_no_word() -> None:
    assert features("not \U0001f621 one two three four") == [
        *("not", "\U0001f621", "not_one", "not_two", "not_three", "four")
    ]


def test_an_elongated_word_meets_its_shorter_spellings() -> None:
    assert features("sooooo baaad") == features("sooo baad") == ["soo", "baad"]
    assert features("good class") == ["good", "class"]


def test_links_and_handles_are_passed_over_whole() -> None:
    assert features("@awful_co see https://awful.example/terrible?x=1 and http://bad.example @worst") == ["see", "and"]


def test_a_hashtag_is_its_word_and_emoji_are_kept_in_their_place() -> None:
    assert features("#Fail \U0001f621 late \u2764\ufe0f") == ["fail", "\U0001f621", "late", "\u2764"]


def test_numbers_single_letters_and_signs_are_no_features() -> None:
    assert features("a 1 22 ?! -- I u") == []


@given(st.text())
@example("\ud800 lone surrogate")
@example("\u0130stanbul \u212a \ufb01ne \x00")
def test_any_text_has_features_and_a_score(text: str) -> None:
    found = features(text)
    assert all(found)
    assert 0.0 <= SCORER.score(found) <= 1.0
    assert len(word_numbers(found)) == len(found)


# --- one number -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saying", SAYINGS)
def test_the_scorer_gives_the_number_of_the_river_model(saying: str) -> None:
    assert score(saying) == pytest.approx(MODEL.probability(saying), abs=CLOSE)


@settings(max_examples=300)
@given(st.text() | st.lists(st.sampled_from((*SOME_WORDS, *sorted(english()))), max_size=30).map(" ".join))
@example("gr\u00e9at \u00e4wful")
@example("awful " * 200)
@example("great " * 200)
def test_the_scorer_gives_the_number_of_the_river_model_for_any_text(text: str) -> None:
    assert score(text) == pytest.approx(MODEL.probability(text), abs=CLOSE)


def test_a_text_without_a_known_word_has_the_score_of_none() -> None:
    assert score("zyx wvu") == score("") < NEGATIVE_CUT


def test_a_negation_turns_praise_and_blame() -> None:
    assert score("they are not great") > score("they are great")
    assert score("they are not awful") < score("they are awful")


def test_angry_sayings_are_negative_and_kind_ones_are_not() -> None:
    angry = [score(saying) >= NEGATIVE_CUT for saying in (*phrases.NEGATIVE, *phrases.CRISIS)]
    kind = [score(saying) >= NEGATIVE_CUT for saying in phrases.POSITIVE]
    assert sum(angry) / len(angry) >= 0.8
    assert not any(kind)


# --- learning ---------------------------------------------------------------------------------------------------------


def taught() -> NegativityModel:
    model = NegativityModel()
    for _ in range(20):
        model.learn("gate lice at the gr\u00e9at gate", True)
        model.learn("awful good fun, that ride", False)
    return model


TAUGHT = taught()
PUBLISHED = msgspec.json.decode(msgspec.json.encode(TAUGHT.export()), type=Weights)
TAKEN_UP = NegativityModel(PUBLISHED)
SCORED = Scorer(PUBLISHED)


def test_learning_moves_the_score_the_way_of_the_label() -> None:
    model = taught()
    assert model.probability("gate lice") > MODEL.probability("gate lice")
    assert model.probability("that ride") < MODEL.probability("that ride")


def test_scoring_learns_nothing() -> None:
    model = taught()
    before = msgspec.json.encode(model.export())
    assert model.probability("gate lice everywhere") == model.probability("gate lice everywhere")
    assert msgspec.json.encode(model.export()) == before


@settings(max_examples=100)
@given(st.lists(st.sampled_from(("gate", "lice", "ride", "gr\u00e9at", *SOME_WORDS)), max_size=8).map(" ".join))
def test_what_was_learned_survives_publishing_within_rounding(text: str) -> None:
    # A feature may be off by what is not published, and by the rounding of what is.
    assert TAKEN_UP.probability(text) == pytest.approx(TAUGHT.probability(text), abs=0.05)
    assert score(text, SCORED) == pytest.approx(TAKEN_UP.probability(text), abs=CLOSE)


def test_a_model_that_learned_nothing_publishes_nothing() -> None:
    assert NegativityModel().export() == START


def test_a_published_model_is_published_the_same_again() -> None:
    once = TAUGHT.export()
    assert NegativityModel(once).export() == once


def test_a_published_model_keeps_the_weights_that_moved_most(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = TAUGHT.export().moved
    monkeypatch.setattr(learner, "_MOST_WEIGHTS", 3)
    kept = TAUGHT.export().moved
    assert len(kept) == 3 < len(everything)
    assert min(map(abs, kept.values())) >= max(abs(everything[word]) for word in everything.keys() - kept.keys())


# --- labels that a text brings along ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("my bag is gone \U0001f621", True),
        ("boarding \U0001f60d\U0001f60d", False),
        ("thanks \u2764\ufe0f", False),
        ("well \U0001f621 \U0001f60d", None),
        ("laughing \U0001f602", None),
        ("awful", None),
        ("", None),
    ],
)
def test_an_emoji_labels_a_text_only_where_it_leaves_no_doubt(text: str, label: bool | None) -> None:
    assert distant_label(features(text)) is label
