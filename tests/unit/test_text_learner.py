"""How the text model learns: from what people say, at a pace that suits their labels, and from what texts say."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.text.features import features
from detectors.text.learner import Labelled, NegativityModel, area_under_curve, vector
from detectors.text.model import NEGATIVE_CUT, START, Scorer
from streams.simulation import phrases

SAYINGS = (*phrases.NEUTRAL, *phrases.POSITIVE, *phrases.NEGATIVE, *phrases.CRISIS)
FILLER = [f"{one}{other}" for one in "bcdfghjklm" for other in ("ando", "emi", "ilto", "ova", "urx")]


def made_up_posts(count: int, seed: int = 1, wrong: float = 0.0) -> list[Labelled]:
    """Posts in words of no language: those with one of five words in them are negative, but for a share of them."""
    chance = random.Random(seed)
    posts = []
    for _ in range(count):
        negative = chance.random() < 0.5
        words = [*chance.sample(FILLER[5:], 8), *([chance.choice(FILLER[:5])] if negative else [])]
        chance.shuffle(words)
        posts.append((" ".join(words), negative != (chance.random() < wrong)))
    return posts


def area(model: NegativityModel, posts: list[Labelled]) -> float:
    scorer = Scorer(model.export())
    return area_under_curve([(scorer.score(features(text)), negative) for text, negative in posts])


def after(posts: list[Labelled]) -> NegativityModel:
    model = NegativityModel()
    model.learn_all(posts)
    return model


# --- learning ---------------------------------------------------------------------------------------------------------


def test_learning_moves_the_score_the_way_of_the_label() -> None:
    model = after([("gate lice at the gate", True), ("that ride", False)])
    assert model.probability("gate lice") > NegativityModel().probability("gate lice")
    assert model.probability("that ride") < NegativityModel().probability("that ride")


def test_words_that_are_written_alike_learn_from_each_other() -> None:
    model = after([("flibbertigibbets", True)])
    assert model.probability("flibbertigibbet") > NegativityModel().probability("flibbertigibbet")


@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ("ok great", False),
        ("awful", True),
        ("the door", False),
        ("late again", True),
        ("the flight is late and you are not there to help me with my bags", True),
    ],
)
def test_one_correction_moves_what_is_like_it_and_next_to_nothing_else(text: str, negative: bool) -> None:
    others = [
        f"{one} {other}" for one in SAYINGS for other in ("", "the flight", "is it ok", "great", "bad", "i am there")
    ]
    before, taught = (Scorer(model.export()) for model in (NegativityModel(), after([(text, negative)])))
    shares = [sum(how.score(features(post)) >= NEGATIVE_CUT for post in others) for how in (before, taught)]
    own = [how.score(features(text)) for how in (before, taught)]
    assert own[1] - own[0] >= 0.015 if negative else own[0] - own[1] >= 0.015
    assert abs(shares[1] - shares[0]) <= 0.005 * len(others)
    assert (shares[1] >= shares[0]) if negative else (shares[1] <= shares[0])
    for face in ("\U0001f621", "\U0001f60d"):
        assert taught.score([face]) == pytest.approx(before.score([face]), abs=0.005)


def test_hundreds_of_single_corrections_teach_what_one_lesson_of_them_does() -> None:
    model = NegativityModel()
    for post in made_up_posts(600):
        model.learn_all([post])
    assert area(model, made_up_posts(300, seed=2)) > 0.95


def test_thousands_of_labels_teach_how_often_posts_are_negative_also_one_by_one() -> None:
    at_once, one_by_one = after([(word, True) for word in FILLER * 8]), NegativityModel()
    for word in FILLER * 20:
        one_by_one.learn_all([(word, True)])
    assert at_once.export().bias > START.bias + 0.1
    assert one_by_one.export().bias > START.bias + 0.05


def test_scoring_learns_nothing() -> None:
    model = after([("gate lice", True)])
    before = model.export()
    assert model.probability("gate lice everywhere") == model.probability("gate lice everywhere")
    assert model.export() == before


def test_a_vocabulary_that_no_list_knows_is_learned_from_a_few_hundred_posts() -> None:
    assert area(NegativityModel(), made_up_posts(300, seed=2)) == pytest.approx(0.5, abs=0.1)
    assert area(after(made_up_posts(400)), made_up_posts(300, seed=2)) > 0.95


def test_labels_of_which_three_in_ten_are_wrong_still_teach() -> None:
    assert area(after(made_up_posts(1500, wrong=0.3)), made_up_posts(300, seed=2)) > 0.8


def test_labels_that_are_noise_do_not_undo_what_the_lists_know() -> None:
    chance = random.Random(3)
    known = [(" ".join([*chance.sample(FILLER, 8), word]), word == "awful") for word in ("awful", "great") * 150]
    noise = [(text, chance.random() < 0.5) for text, _ in known]
    assert area(after(noise), known) > 0.9


def test_the_same_posts_give_the_same_model() -> None:
    posts = made_up_posts(300)
    assert after(posts).export() == after(posts).export()


def test_learning_in_two_lessons_with_a_new_start_between_them_is_learning_in_two_lessons() -> None:
    one, other = made_up_posts(100), made_up_posts(100, seed=2)
    straight = after(one)
    straight.learn_all(other)
    again = NegativityModel(after(one).export())
    again.learn_all(other)
    for text, _ in made_up_posts(50, seed=3):
        # What is published is rounded to half floats.
        assert again.probability(text) == pytest.approx(straight.probability(text), abs=0.005)


def test_nothing_to_learn_changes_nothing() -> None:
    assert after([]).export() == START


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.booleans()), max_size=12))
def test_any_text_can_be_learned(posts: list[Labelled]) -> None:
    model = after(posts)
    assert all(0.0 <= model.probability(text) <= 1.0 for text, _ in posts)
    assert NegativityModel(model.export()).export() == model.export()


def test_how_much_is_done_only_grows_and_ends_at_all() -> None:
    told: list[float] = []
    NegativityModel().learn_all(made_up_posts(400), told.append)
    assert told == sorted(told)
    assert told[0] < 0.5
    assert told[-1] == 1.0


def test_long_texts_and_short_ones_have_features_of_one_length() -> None:
    for text in ("gate", "gate lice everywhere, at every gate, all day " * 20):
        squares = sum(value * value for slot, value in vector(features(text)).items() if slot != "start")
        assert squares >= 1.99


# --- hints ------------------------------------------------------------------------------------------------------------


def test_a_hint_teaches_the_words_beside_the_emoji_a_little() -> None:
    model = NegativityModel()
    for _ in range(20):
        model.learn_hint("gate lice \U0001f621", True)
        model.learn_hint("lounge snacks \U0001f60d", False)
    assert model.probability("gate lice") > NegativityModel().probability("gate lice")
    assert model.probability("lounge snacks") < NegativityModel().probability("lounge snacks")
    assert model.probability("gate lice") < after([("gate lice", True)] * 20).probability("gate lice")


def test_a_hint_teaches_neither_its_own_emoji_nor_how_often_texts_are_negative() -> None:
    model = NegativityModel()
    for number in range(50):
        model.learn_hint(f"{FILLER[number % 50]} \U0001f621", True)
    weights = model.export()
    assert (weights.bias, weights.start) == (START.bias, START.start)
    assert model.probability("\U0001f621") == NegativityModel().probability("\U0001f621")


# --- the area under the curve -----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 5).map(float), st.booleans()), max_size=30))
def test_the_area_under_the_curve_is_the_share_of_pairs_that_are_told_apart(scored: list[tuple[float, bool]]) -> None:
    negatives = [score for score, negative in scored if negative]
    others = [score for score, negative in scored if not negative]
    pairs = [(one > other) + 0.5 * (one == other) for one in negatives for other in others]
    assert area_under_curve(scored) == pytest.approx(sum(pairs) / len(pairs) if pairs else 0.5)
