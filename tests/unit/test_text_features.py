"""What a text's features are, in which language it is read, and what labels it brings along."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.lexicon import function_words
from detectors.mention import MAX_TEXT_CHARS
from detectors.text.distant import ANGRY, GLAD, distant_label, unlabelled
from detectors.text.features import features
from detectors.text.languages import Language, language_of
from detectors.text.model import START, Scorer
from detectors.text.word_numbers import numbers_in, word_numbers

SCORER = Scorer(START)
for each in Language:
    SCORER.score(features("", each), each)  # the word lists are read once, and that is no test's time
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
    assert features("sooooo zzyyyx") == features("sooo zzyyyyyx") == ["soo", "zzyyx"]
    assert features("good class baad") == ["good", "class", "baad"]


def test_a_drawn_out_word_is_the_listed_word_with_two_or_one_of_each_letter() -> None:
    assert features("goooood BAAAAD!!! awfulllll hateeeee baaaddd") == [
        *("very_good", "very_bad", "!!!", "very_awful", "very_hate", "very_bad")
    ]
    assert features("nullllle", Language.FRENCH) == ["very_nulle"] != features("nullllle")
    assert features("not baaad") == ["not", "not_very_bad"]
    assert features("aaabbbcccddd " + "aab" * 5000 + "aaa")[0] == "aabbccdd", "a scream, and no end of it"


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("terribleservice", ["terrible", "service"]),
        ("worstairlineever", ["worst", "airlineever"]),
        ("acmesucks", ["acme", "sucks"]),
        ("shameonyou", ["shame", "on", "you"]),
        ("nothappy", ["not", "not_happy"]),
        *(
            (word, [word])
            for word in ("fail", "class", "classaction", "sunglasses", "mistress", "therapist", "hispanic")
        ),
        *((word, [word]) for word in ("assassin", "chocolate", "sympathetic", "passenger", "assessment", "skills")),
    ],
)
def test_a_hashtag_in_small_letters_is_taken_apart_into_listed_words(tag: str, words: list[str]) -> None:
    assert features(f"#{tag}") == features(f"#{tag.upper()}") == words
    assert features(tag) == [tag], "what is no hashtag is no several words"


def test_in_a_text_of_nothing_but_hashtags_no_words_are_looked_for() -> None:
    assert features("#notcool " * 30) == ["not", "not_cool"] * 30
    assert features("#notcool " * 31) == ["notcool"] * 31


def test_what_french_runs_into_the_next_word_is_cut_off() -> None:
    assert features("l'arnaque qu\u2019on dit", Language.FRENCH) == ["arnaque", "on", "dit"]
    assert features("l'arnaque") == ["l'arnaque"]


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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Das ist eine Frechheit, nie wieder", None),
        ("El servicio es horrible y nadie contesta", None),
        ("Jag \u00e4r inte n\u00f6jd", None),
        ("Il servizio \u00e8 pessimo e non rispondono", None),
        ("NICHT GUT, sehr schlecht!", None),
        ("C\u2019est une honte, je ne reviendrai pas", Language.FRENCH),
        ("D\u00e5rlig service, jeg er ikke tilfreds", Language.DANISH),
        ("late again, das ist it", Language.ENGLISH),
        ("that was the le mans of all les flights", Language.ENGLISH),
        ("que sera", Language.ENGLISH),
        ("#que @los https://acme.example/les/des late", Language.ENGLISH),
        ("das das das", Language.ENGLISH),
        ("awful \u00e4\u00e4h", Language.ENGLISH),
    ],
)
def test_where_the_source_says_nothing_function_words_say_it(text: str, language: Language | None) -> None:
    assert language_of(None, text) is language_of("und", text) is language
    assert language_of("en", text) is Language.ENGLISH, "the source knows best"


def test_no_function_word_of_another_language_is_an_english_one() -> None:
    words = function_words()
    for tag, others in words.items():
        assert tag == "en" or (len(others) >= 10 and others.isdisjoint(words["en"])), tag


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
