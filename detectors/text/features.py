"""A text as features, in one pass: its words, marked where a negation stands before them, its signs and its emoji.

No feature reaches over a blank. So a text is cut at its blanks, and what is in a stretch between two is remembered:
most stretches come again, and to look for the patterns below costs as much as all else that triage does with a mention.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import chain
from sys import intern
from typing import Final

from detectors.text.languages import Language
from detectors.text.remembered import Remembered
from detectors.text.spelling import LETTER, drawn_out, words_of_tag

#: Words with inner apostrophes, numbers, marks, faces, and single symbols of the emoji planes. Links and handles match
#: without a group, so that they are passed over and not taken apart.
_TOKEN: Final = re.compile(
    rf"https?://\S+|@\w+|([{LETTER}](?:[{LETTER}']*[{LETTER}])?|\d[\d.,:]*|[!?]{{1,3}}|[:;][-']?[()]|<3"
    r"|[\u2600-\u27bf\U0001f300-\U0001faff])"
)
_DRAWN_OUT: Final = re.compile(rf"([{LETTER}])\1{{2}}")
#: What French runs into the next word: "l'arnaque", "qu'on".
_ELISION: Final = re.compile(r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=.)")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HASHTAG: Final = re.compile(r"#\w+")
#: In a text with more of them nobody reads them; to look for words in each would take a hundred times a text's time.
_MOST_TAGS: Final = 30
_NEGATIONS: Final = {
    Language.ENGLISH: frozenset(
        (
            *("no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without"),
            *("isn't", "aren't", "wasn't", "weren't", "don't", "doesn't", "didn't", "won't", "can't", "ain't"),
            *("couldn't", "shouldn't", "wouldn't", "haven't", "hasn't", "hadn't"),
            *("dont", "doesnt", "didnt", "wont", "cant", "isnt", "wasnt", "couldnt", "wouldnt", "hasnt", "havent"),
        )
    ),
    Language.FRENCH: frozenset(("pas", "jamais", "rien", "aucun", "aucune", "sans")),
    Language.DANISH: frozenset(("ikke", "aldrig", "ingen", "intet", "uden")),
}
_NEGATED_WORDS: Final = 3

#: Put before a word that stands within three words after a negation.
NEGATED: Final = "not_"


def features(text: str, language: Language = Language.ENGLISH) -> list[str]:
    """The features of a text, in order, repeats included.

    Links and handles carry no feeling and are left out; a hash sign is cut off, and a hashtag of several words taken
    apart at its capitals, or else into listed words. A word with three or more of a letter is the listed word with two
    or one of it, marked; where none is listed it has two, so that "sooooo" meets "soo". Capitals make no difference:
    shouting did not tell blame from praise.

    >>> features("@acme Not good!!! soooo slow \U0001f621 https://x.y #NeverAgain :(")
    ['not', 'not_good', '!!!', 'not_soo', 'not_slow', '\U0001f621', 'never', 'not_again', ':(']
    """
    if "#" in text:
        text = _HASHTAG.sub(_words_of if text.count("#") <= _MOST_TAGS else _cut_at_capitals, text)
    found = list(chain.from_iterable(map(_FEATURES_OF[language], text.lower().split())))
    negations = _NEGATIONS[language]
    return found if negations.isdisjoint(found) else _marked(found, negations)


def _in_stretch(language: Language, stretch: str) -> tuple[str, ...]:
    """The features of a stretch without blanks; which of them are negated depends on what stands before it."""
    if stretch.isalpha() and stretch.isascii():
        found = [stretch]
    else:
        found = list(filter(None, _TOKEN.findall(stretch.replace("\u2019", "'"))))
    if _DRAWN_OUT.search(stretch):
        found = [drawn_out(token, language) for token in found]
    if language is Language.FRENCH and "'" in stretch.replace("\u2019", "'"):
        found = [_ELISION.sub("", token, count=1) if _ELISION.match(token) else token for token in found]
    # Interned, "late" and "late." share a string, and a stretch of emoji weighs no more than a word.
    return tuple(map(intern, found))


_FEATURES_OF: Final = {language: Remembered(partial(_in_stretch, language)).__getitem__ for language in Language}
_tag_words: Final = Remembered(words_of_tag).__getitem__


def _cut_at_capitals(hashtag: re.Match[str]) -> str:
    return _CAMEL.sub(" ", hashtag[0])


def _words_of(hashtag: re.Match[str]) -> str:
    apart = _cut_at_capitals(hashtag)
    return apart if " " in apart else _tag_words(apart[1:].lower())


def _marked(found: list[str], negations: frozenset[str]) -> list[str]:
    out: list[str] = []
    negated = 0
    for token in found:
        if token in negations:
            negated = _NEGATED_WORDS
            out.append(token)
        elif negated and "a" <= token[0] <= "\u0153":
            negated -= 1
            out.append(NEGATED + token)
        else:
            out.append(token)
    return out
