"""What is scored before anything is learned, that scorer and River model give one number, and what is published."""

from __future__ import annotations

import tracemalloc
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.lexicon import complaints, danish, english, french
from detectors.text.features import features
from detectors.text.languages import Language
from detectors.text.learner import NegativityModel
from detectors.text.model import NEGATIVE_CUT, START, Scorer, Weights, pack, unpack
from detectors.text.slots import SLOTS, slots_of
from detectors.text.start import start_weights
from streams.simulation import phrases
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import BadRecord, ModelVersion, decode_model, encode_model

MODEL = NegativityModel()
SCORER = Scorer(START)
#: The scorer says three decimals.
CLOSE = 0.000501
SAYINGS = (*phrases.NEUTRAL, *phrases.POSITIVE, *phrases.NEGATIVE, *phrases.CRISIS)
SOME_WORDS = (
    "not",
    "never",
    "awful",
    "great",
    "AWFUL",
    "gooood",
    "\u00e4wful",
    "\U0001f621",
    "@acme",
    "caf\u00e9",
    "",
    "?!",
)


def taught() -> NegativityModel:
    model = NegativityModel()
    model.learn_all([("gate lice at the gr\u00e9at gate", True), ("awful good fun, that ride", False)] * 20)
    return model


TAUGHT = taught()
PUBLISHED = msgspec.json.decode(msgspec.json.encode(TAUGHT.export()), type=Weights)
TAKEN_UP = NegativityModel(PUBLISHED)
SCORED = Scorer(PUBLISHED)


def score(text: str, scorer: Scorer = SCORER, language: Language = Language.ENGLISH) -> float:
    return scorer.score(features(text, language), language)


# --- the start --------------------------------------------------------------------------------------------------------


def test_a_text_without_a_known_word_has_the_score_of_none() -> None:
    assert score("zyx wvu") == score("") < NEGATIVE_CUT


def test_a_negation_turns_praise_and_takes_the_edge_off_blame() -> None:
    assert score("they are not great") > score("they are great")
    assert score("they are not awful") < score("they are awful")


@pytest.mark.parametrize(
    "complaint",
    [
        "been on hold for two hours",
        "still waiting for my refund",
        "third call, nobody answers",
        "you cancelled and never told me",
        "it is broken again and your staff do nothing",
    ],
)
def test_a_complaint_without_an_angry_word_is_seen(complaint: str) -> None:
    assert score(complaint) >= NEGATIVE_CUT


@pytest.mark.parametrize(
    ("drawn", "plain"),
    [("baaad", "bad"), ("awfulllll", "awful"), ("hateeeee this", "hate this"), ("BAAAAD!!!", "BAD!!!")],
)
def test_a_word_that_is_drawn_out_says_more_than_the_word(drawn: str, plain: str) -> None:
    assert score(drawn) > score(plain) >= NEGATIVE_CUT


def test_drawn_out_praise_and_drawn_out_denials_are_what_the_words_are() -> None:
    assert score("goooood") < score("good") < score("zyx")
    assert score("not goooood") > score("not good") >= score("zyx")


@pytest.mark.parametrize(
    "text",
    [
        "#terribleservice",
        "#worstairlineever",
        "#acmesucks",
        *"\U0001f644\U0001f612\U0001f61e\U0001f622\U0001f926",
    ],
)
def test_hashtags_without_capitals_and_the_usual_faces_are_negative(text: str) -> None:
    assert score(text) >= NEGATIVE_CUT


def test_blame_that_is_denied_twice_is_no_blame() -> None:
    assert score("not bad at all, I do not hate it") < NEGATIVE_CUT


@pytest.mark.parametrize("blame", ["service horrible", "mensonge d\u00e9go\u00fbtant", "c'est nul", "quelle arnaque"])
def test_what_french_people_complain_with_is_negative(blame: str) -> None:
    assert score(blame, language=Language.FRENCH) >= NEGATIVE_CUT


def test_angry_sayings_are_negative_and_kind_ones_are_not() -> None:
    angry = [score(saying) >= NEGATIVE_CUT for saying in (*phrases.NEGATIVE, *phrases.CRISIS)]
    kind = [score(saying) >= NEGATIVE_CUT for saying in phrases.POSITIVE]
    assert sum(angry) / len(angry) >= 0.8
    assert sum(kind) / len(kind) <= 0.15


def test_a_word_of_complaint_that_a_list_of_feelings_knows_keeps_the_larger_of_both() -> None:
    weights = start_weights()
    assert all(weights[word] >= odds for word, odds in complaints().items() if odds > 0.0)
    assert weights["terrible"] > complaints()["terrible"] > 0.0
    assert weights["refund"] == complaints()["refund"]


def test_saying_it_again_and_again_is_bounded() -> None:
    assert score("awful " * 30) == score("awful " * 3000) < 1.0
    assert score("great " * 30) == score("great " * 3000) >= 0.0


@pytest.mark.parametrize(
    ("language", "blame", "praise"),
    [
        (Language.FRENCH, "une honte, pas content", "merci, c'est merveilleux"),
        (Language.DANISH, "elendig og forf\u00e6rdelig", "fantastisk, tak"),
    ],
)
def test_french_and_danish_are_scored_by_their_own_lists(language: Language, blame: str, praise: str) -> None:
    assert score(blame, language=language) > score("zyx", language=language) > score(praise, language=language)


def test_what_was_learned_in_english_makes_no_difference_in_another_language() -> None:
    assert score("gate lice", SCORED) > score("gate lice")
    weights = msgspec.structs.replace(PUBLISHED, bias=START.bias, start=START.start)
    assert score("gate lice", Scorer(weights), Language.FRENCH) == score("gate lice", language=Language.FRENCH)


def test_every_word_of_the_lists_can_be_met_in_a_text() -> None:
    for words in (english(), french(), danish()):
        met = sum(features(word) == [word] for word in words)
        assert met / len(words) > 0.97, "a hyphen or an abbreviation with signs, here and there"
    for word in complaints():
        assert features(word) == [word]


# --- one number -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saying", SAYINGS)
def test_the_scorer_gives_the_number_of_the_river_model(saying: str) -> None:
    assert score(saying) == pytest.approx(MODEL.probability(saying), abs=CLOSE)
    assert score(saying, SCORED) == pytest.approx(TAKEN_UP.probability(saying), abs=CLOSE)


@settings(max_examples=200)
@given(
    st.text()
    | st.lists(st.sampled_from((*SOME_WORDS, "gate", "lice", "ride", *sorted(english()))), max_size=30).map(" ".join)
)
@example("gr\u00e9at \u00e4wful")
@example("awful " * 200)
@example("great " * 200)
def test_the_scorer_gives_the_number_of_the_river_model_for_any_text(text: str) -> None:
    assert score(text) == pytest.approx(MODEL.probability(text), abs=CLOSE)
    assert score(text, SCORED) == pytest.approx(TAKEN_UP.probability(text), abs=CLOSE)
    # Half floats are coarser than what learned them.
    assert score(text, SCORED) == pytest.approx(TAUGHT.probability(text), abs=0.005)


def test_a_scorer_gives_the_same_number_however_many_words_it_has_met() -> None:
    scorer = Scorer(PUBLISHED)
    before = score("awful gate lice everywhere", scorer)
    for number in range(25_000):
        scorer.score([f"word{number}"])
    assert score("awful gate lice everywhere", scorer) == before


def test_the_order_of_two_words_makes_a_difference_once_it_was_learned() -> None:
    model = NegativityModel()
    model.learn_all([("dog bites man", False), ("man bites dog", True)] * 10)
    scorer = Scorer(model.export())
    assert score("man bites dog", scorer) > score("dog bites man", scorer)


# --- what is published ------------------------------------------------------------------------------------------------


def test_a_model_that_learned_nothing_publishes_nothing() -> None:
    assert NegativityModel().export() == START


def test_a_published_model_is_published_the_same_again() -> None:
    assert TAKEN_UP.export() == PUBLISHED


def test_what_is_published_has_a_bound_however_much_was_learned() -> None:
    noise = np.random.default_rng(1).standard_normal(SLOTS)
    full = pack(enumerate(noise))
    record = encode_model(ModelVersion(1, 0, Weights(table=full, steps=full)))
    assert len(record) < 400_000 < LARGEST_RECORD_BYTES
    assert decode_model(record).weights.table == full


@given(st.dictionaries(st.integers(0, SLOTS - 1), st.floats(-100, 100, width=16).filter(bool), max_size=50))
def test_a_table_comes_back_as_it_was(table: dict[int, float]) -> None:
    assert dict(unpack(pack(table.items()))) == table


def test_what_is_too_large_for_a_table_is_the_largest_there_is() -> None:
    assert dict(unpack(pack([(3, 1e9), (4, -1e9)]))) == {3: 60_000.0, 4: -60_000.0}


@pytest.mark.parametrize(
    "record",
    [
        b'{"version":1,"from_ms":0,"weights":{"bias":0.1,"moved":{"late":0.2}}}',
        b'{"version":1,"from_ms":0,"weights":{"table":"AAAA"}}',
        b'{"version":1,"from_ms":0,"weights":{"table":"eJwDAAAAAAE="}}',
        b'{"version":1,"from_ms":0,"weights":{"bias":1e999}}',
    ],
)
def test_weights_that_are_none_are_a_bad_record(record: bytes) -> None:
    with pytest.raises(BadRecord):
        decode_model(record)


def test_a_table_that_unpacks_to_more_than_a_table_is_refused_before_it_is_there() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="bytes"):
            unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_feature_has_the_same_slots_on_every_machine() -> None:
    assert slots_of("late") == (8085, (56074, 26938, 18035), 33288)
    assert slots_of("not_late") == (34472, (56074, 26938, 18035), 18864), "the same pieces"
    assert slots_of("caf\u00e9s") == (9546, (60799, 30906, 13327, 25093), 17816)
