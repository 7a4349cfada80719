"""The lists that outgoing posts are read for, and what people hide words behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.labels import Verdict
from playbooks.policy.finding import PolicyReason, worst
from playbooks.policy.reading import plain
from playbooks.policy.tone import ToneModel, read
from playbooks.policy.words import ALONE, REFUSED, Kind, _of_library, _rows, word_list
from playbooks.settings.brands import PostLanguage

MODEL = ToneModel()


def reasons(text: str, model: ToneModel = MODEL) -> set[PolicyReason]:
    return {finding.reason for finding in model.findings(model.read(text))}


def verdict(text: str) -> Verdict:
    return worst(MODEL.findings(MODEL.read(text)))


@pytest.mark.parametrize(
    ("text", "reason", "said"),
    [
        ("Shut up, you stupid moron", PolicyReason.HARASSMENT, Verdict.HOLD),
        ("What the fuck, our sale is on", PolicyReason.OBSCENITY, Verdict.HOLD),
        ("Those faggots again", PolicyReason.SLUR, Verdict.REJECT),
        ("Kill yourself", PolicyReason.THREAT, Verdict.REJECT),
        ("He should be shot for it", PolicyReason.THREAT, Verdict.HOLD),
        ("Send them back, all of them", PolicyReason.HATE, Verdict.HOLD),
        ("#SendThemBack", PolicyReason.HATE, Verdict.HOLD),
        ("#sendthemback", PolicyReason.HATE, Verdict.HOLD),
        ("I want to die when I see these prices", PolicyReason.SELF_HARM, Verdict.HOLD),
        ("I hate this lame, rude, ugly weather", PolicyReason.HARASSMENT, Verdict.HOLD),
        ("So lame and so rude", PolicyReason.TONE, Verdict.HOLD),
    ],
)
def test_what_nobody_says_in_a_brands_name_is_told_by_its_kind(text: str, reason: PolicyReason, said: Verdict) -> None:
    assert reason in reasons(text)
    assert verdict(text) is said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Good morning! Our new boats are here \U0001f6a3",
        "Killer deals all week",
        "Meet our Maine Coon and read Moby Dick with us",
        "She graduated summa cum laude",
        "The worst storm in years: we rebook everybody for free",
        "We take your complaints about delays seriously and are sorry",
        "Scunthorpe, Essex, Penistone: we fly there",
        "He is a classic analyst of cocktails and shiitake",
        "War on prices",
        "A55 is closed, take the A5",
        "2 * 3 = 6, and 100% of it is f*n",
        "Email us: a@ss.example",
    ],
)
def test_ordinary_posts_go(text: str) -> None:
    assert reasons(text) == set()


@pytest.mark.parametrize(
    "hidden",
    [
        *("f**k", "fu*k", "sh!t", "$hit", "5h1t", "b!tch", "a$$hole", "fuuuuck", "f u c k", "f.u.c.k", "F-U-C-K"),
        *("F\u200bUCK", "fu\u0441k", "\uff46\uff55\uff43\uff4b", "f\u0301uck", "s\u04bbit", "#fuck", "FUCKING"),
        *("\U0001f595", "(f*ck!)"),
    ],
)
def test_a_disguise_hides_nothing(hidden: str) -> None:
    assert reasons(f"well {hidden} this") == {PolicyReason.OBSCENITY}


@pytest.mark.parametrize(
    "kept",
    ["****", "f***", "2day", "l8r", "b4", "C3PO", "gr8!", "x*y", "@shit_talk", "i a m h e r e", "l a m e, r u d e"],
)
def test_what_hides_no_listed_word_stays_as_it_is(kept: str) -> None:
    assert reasons(f"well {kept} this") == set()


def test_russian_is_not_taken_for_disguised_english() -> None:
    assert plain("\u0441\u043e\u043c\u043e \u0440\u0430\u043a") == "\u0441\u043e\u043c\u043e \u0440\u0430\u043a"


def test_a_word_refused_by_itself_is_refused_whatever_praise_stands_beside_it() -> None:
    praise = "lovely wonderful best great beautiful happy " * 5
    assert verdict(praise + "faggots") is Verdict.REJECT


def test_praise_makes_one_weak_word_go_and_not_a_strong_one() -> None:
    assert reasons("fool, a lovely, wonderful, great, happy, beautiful one") == set()
    assert reasons("shit, a lovely, wonderful, great, happy, beautiful one") == {PolicyReason.OBSCENITY}


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_its_odds_are_bounded(text: str) -> None:
    reading = read(text)
    assert -0.8 <= reading.odds <= 8.0
    MODEL.findings(reading)


def test_a_post_that_says_the_same_thing_again_and_again_says_nothing_new() -> None:
    assert read("fuck shit cunt " * 50).odds == 8.0


@given(st.lists(st.sampled_from(["fool", "shit", "rude", "great", "boat", "go", "home", "deport"]), max_size=12))
def test_no_word_is_counted_twice(words: list[str]) -> None:
    assert sum(len(hit.words.split()) for hit in word_list().hits(words)) <= len(words)


# --- the lists --------------------------------------------------------------------------------------------------------


def test_every_line_of_the_english_list_is_a_kind_and_a_strength_in_whole_steps() -> None:
    for kind, strength, words in _rows("english.tsv"):
        assert kind in set(Kind)
        assert float(strength) in (0.0, 1.0, 2.0, 3.0, ALONE, REFUSED)
        assert words == words.lower()


def test_no_word_stands_in_two_lines_of_the_english_list() -> None:
    words = [word for _, _, listed in _rows("english.tsv") for word in listed.split()]
    assert {word for word in words if words.count(word) > 1} == set()


@pytest.mark.parametrize("language", [one for one in PostLanguage if one is not PostLanguage.ENGLISH])
def test_other_languages_are_read_by_the_librarys_lists_without_ordinary_words(language: PostLanguage) -> None:
    listed = set(_of_library(language))
    ordinary = {word for tag, words in _rows("ordinary.tsv") if tag == language for word in words.split()}
    assert len(listed) >= 10
    assert ordinary.isdisjoint(listed)


@pytest.mark.parametrize(
    ("language", "foul", "fair"),
    [
        (PostLanguage.GERMAN, "Du Arschloch", "Tomaten sind poppen und Rosette"),
        (PostLanguage.FRENCH, "quel connard", "la veuve avec un chatte bite"),
        (PostLanguage.SPANISH, "hijo de puta", "el trio con un martillo"),
        (PostLanguage.ITALIAN, "vaffanculo", "venire a tirare il pesce e i carciofo"),
        (PostLanguage.DUTCH, "wat een klootzak", "zuigen en pijpen op het paal"),
        (PostLanguage.PORTUGUESE, "filho da puta", "comer na torneira com cerveja"),
        (PostLanguage.SWEDISH, "vilken fitta", "en fan av brutta sås"),
        (PostLanguage.DANISH, "din luder", "pis"),
    ],
)
def test_a_brand_is_read_in_its_own_language(language: PostLanguage, foul: str, fair: str) -> None:
    model = ToneModel(languages=(language,))
    assert reasons(foul, model) == {PolicyReason.OBSCENITY}
    assert reasons(foul) == set(), "nobody else is"
    assert reasons(fair, model) == set()


def test_every_ordinary_word_is_in_the_librarys_list() -> None:
    from glin_profanity.data.dictionary import dictionary

    for tag, words in _rows("ordinary.tsv"):
        there = {"_".join(word.lower().replace("-", " ").split())
                 for word in dictionary.get_words(PostLanguage(tag).name.lower())}  # fmt: skip
        assert set(words.split()) - there == set(), tag


@pytest.mark.parametrize(
    "hidden",
    [
        *("\u1e1f\u00fc\u00e7k", "\u0192uck", "fvck", "\U0001f175\U0001f184\U0001f172\U0001f17a", "f--k"),
        *("\U0001f135\U0001f144\U0001f132\U0001f13a", "f\u0336u\u0336c\u0336k"),
    ],
)
def test_marks_squares_and_dashes_hide_nothing(hidden: str) -> None:
    assert reasons(f"well {hidden} this") == {PolicyReason.OBSCENITY}


def test_digits_hide_no_slur_and_no_swearing_of_another_language() -> None:
    assert verdict("those ni99ers") is Verdict.REJECT
    german = ToneModel(languages=(PostLanguage.ENGLISH, PostLanguage.GERMAN))
    assert reasons("So ein Sch3i\u00dfe", german) == {PolicyReason.OBSCENITY}


@pytest.mark.parametrize("languages", [(PostLanguage.GERMAN,), tuple(PostLanguage)])
def test_a_slur_stays_one_whatever_other_languages_lists_call_it(languages: tuple[PostLanguage, ...]) -> None:
    model = ToneModel(languages=languages)
    found = model.findings(model.read("those nigger again"))
    assert [(one.reason, one.verdict) for one in found] == [(PolicyReason.SLUR, Verdict.REJECT)]


@pytest.mark.parametrize("tag", ["killalljews", "youfuckingidiots", "gasthejews", "fuckyouall"])
def test_hashtags_in_small_letters_are_cut_into_words(tag: str) -> None:
    assert reasons(f"Good morning #{tag}")


@pytest.mark.parametrize(
    "tag",
    [
        *("assassinscreed", "classaction", "therapist", "cocktailhour", "dickensfestival", "spicyfood", "analysethis"),
        *("cockpitview", "penistone", "blacklivesmatter", "womenintech", "essexandsussex", "homophones", "negroni"),
        *("titsupply", "cumulus", "scunthorpe", "passengersfirst", "shiitake", "hoedown", "raperoad", "killerdeals"),
    ],
)
def test_hashtags_in_which_such_letters_only_stand_go(tag: str) -> None:
    assert reasons(f"Good morning #{tag}") == set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I hope you get raped", PolicyReason.THREAT),
        ("all gays must burn", PolicyReason.THREAT),
        ("Black people are monkeys", PolicyReason.HATE),
        ("We should get rid of all immigrants", PolicyReason.HATE),
    ],
)
def test_what_is_wished_to_groups_of_people_is_told(text: str, reason: PolicyReason) -> None:
    assert reason in reasons(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Black people are our customers, too", "Women are welcome", "We got rid of all fees", "All gays are welcome"),
        *("Immigrants must be heard", "Men and women in our crew", "Get rid of the old seats", "f--or", "well--known"),
    ],
)
def test_to_speak_of_groups_of_people_is_no_hate(text: str) -> None:
    assert reasons(text) == set()
