"""What a text's features are, in which language it is read, and what labels it brings along."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.mention import MAX_TEXT_CHARS
from detectors.text.distant import ANGRY, GLAD, distant_label, unlabelled
from detectors.text.features import features
from detectors.text.languages import Language, language_of
from detectors.text.model import START, Scorer
from detectors.text.word_numbers import numbers_in, word_numbers

SCORER = Scorer(START)
ZALGO = "".join(letter + "\u0300\u0323\u0489" * 20 for letter in "awful")
RUSSIAN = "\u043e\u043f\u044f\u0442\u044c \u043f\u043e\u0437\u0434\u043d\u043e"


# --- features ---------------------------------------------------------------------------------------------------------


def test_the_three_words_after_a_negation_are_marked_and_the_fourth_is_not() -> None:
    assert features("do not go there ever again") == ["do", "not", "not_go", "not_there", "not_ever", "again"]


def test_a_second_negation_starts_the_count_anew() -> None:
    assert features("not one no two or three four") == [
        *("not", "not_one", "no", "not_two", "not_or", "not_three", "four")
    ]


@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
def test_either_apostrophe_makes_the_same_negation(apostrophe: str) -> None:
    assert features(f"I DON{apostrophe}T like it") == ["i", "don't", "not_like", "not_it"]


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


def test_a_hashtag_of_several_words_is_taken_apart_at_its_capitals_and_other_words_are_not() -> None:
    assert features("#NeverAgain AcMe #FAIL") == ["never", "not_again", "not_acme", "not_fail"]


def test_numbers_marks_and_faces_are_features_of_their_own_and_other_signs_are_not() -> None:
    assert features("a 2,500 -- :( ?! !!!!! (x) <3 ;-)") == ["a", "2,500", ":(", "?!", "!!!", "!!", "x", "<3", ";-)"]


def test_marks_and_faces_after_a_negation_stay_what_they_are() -> None:
    assert features("not good! :(") == ["not", "not_good", "!", ":("]


def test_letters_with_accents_are_letters() -> None:
    assert features("caf\u00e9 \u00e6ble \u0153uf") == ["caf\u00e9", "\u00e6ble", "\u0153uf"]


def test_each_language_has_its_own_negations() -> None:
    assert features("pas bon", Language.FRENCH) == ["pas", "not_bon"] != features("pas bon")
    assert features("ikke god", Language.DANISH) == ["ikke", "not_god"]


@given(st.text())
@example("\ud800 lone surrogate")
@example("\u0130stanbul \u212a \ufb01ne \x00")
@example("\U0001f621" * MAX_TEXT_CHARS)
@example("a" * MAX_TEXT_CHARS)
@example("#aA" * (MAX_TEXT_CHARS // 3))
@example("!?" * (MAX_TEXT_CHARS // 2))
@example("http://" * (MAX_TEXT_CHARS // 7))
@example(ZALGO)
def test_any_text_has_features_and_a_score_in_every_language(text: str) -> None:
    for language in Language:
        found = features(text, language)
        assert all(found)
        assert 0.0 <= SCORER.score(found, language) <= 1.0
        assert len(numbers_in(word_numbers(found))) == len(found)


# --- languages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *(
            (tag, Language.ENGLISH)
            for tag in ("en", "EN", "en-GB", "en_US", "und", "", "un", "zxx", "mul", "qme", None)
        ),
        *(("fr", Language.FRENCH), ("fr-CA", Language.FRENCH), ("da", Language.DANISH)),
        *((tag, None) for tag in ("de", "enm", "english", "es-419", "ja", "qu")),
    ],
)
def test_the_language_is_what_the_source_says_and_english_where_it_says_nothing(
    tag: str | None, language: Language | None
) -> None:
    assert language_of(tag, "late again") is language


def test_without_a_word_of_the_source_a_text_of_another_script_is_not_scored() -> None:
    assert language_of(None, RUSSIAN) is None
    assert language_of("und", "\u9045\u308c acme") is Language.ENGLISH, "most letters are Latin"
    assert language_of("en", RUSSIAN) is Language.ENGLISH, "the source knows best"


@pytest.mark.parametrize(
    "text", ["", "\U0001f621\U0001f621", "tr\u00e8s d\u00e9\u00e7u", ZALGO, "\U0001d400\U0001d401", "123 ?!"]
)
def test_emoji_accents_and_fancy_letters_are_no_other_script(text: str) -> None:
    assert language_of(None, text) is Language.ENGLISH


# --- labels that a text brings along ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("my bag is gone \U0001f621", True),
        ("boarding \U0001f60d\U0001f60d", False),
        ("thanks \u2764\ufe0f", False),
        ("well \U0001f621 \U0001f60d", None),
        ("laughing \U0001f602", None),
        ("late :(", True),
        ("early :-)", False),
        ("awful", None),
        ("", None),
    ],
)
def test_an_emoji_labels_a_text_only_where_it_leaves_no_doubt(text: str, label: bool | None) -> None:
    assert distant_label(features(text)) is label


@given(st.lists(st.sampled_from(("late", "not_late", *sorted(ANGRY), *sorted(GLAD)))))
def test_what_is_learned_from_a_label_of_its_own_no_longer_holds_the_label(found: list[str]) -> None:
    assert distant_label(unlabelled(found)) is None
    assert [word for word in found if word.endswith("late")] == unlabelled(found)
