"""Spellings that no list has, drawn-out words and hashtags without blanks, brought back to words that lists know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final

from detectors.lexicon import complaints, danish, english, french, french_complaints, function_words
from detectors.text.languages import Language

LETTER: Final = "a-z\u00df-\u00f6\u00f8-\u00ff\u0153"
#: Put before a listed word whose letters were drawn out: it is meant more than the word.
DRAWN_OUT: Final = "very_"

_DRAWN: Final = re.compile(rf"([{LETTER}])\1{{2,}}")
#: A word with more drawn-out letters than this is a scream, and a word longer than this is none.
_MOST_DRAWN: Final = 3
_LONGEST: Final = 24

#: A hashtag of fewer letters is a word, one of more is no hashtag.
_SHORTEST_TAG: Final = 7
_LONGEST_TAG: Final = 40
_SHORTEST_PART: Final = 2
#: A hashtag is cut up whole only where one of its words is a listed one of so many letters.
_LISTED_PART: Final = 4
#: A listed word of so many letters begins a hashtag, or one of the worst of so many ends it, whatever the rest is.
_BEGINS: Final = 6
_WORST_BEGINS: Final = 5
_ENDS: Final = 5
_REST: Final = 3
#: Log-odds of the words that people's verdicts are made of.
_WORST: Final = 1.2
#: Words that are ends of others: "sympathetic", "replying".
_END_OTHERS: Final = frozenset(("pathetic", "lying"))
#: Words that look like two.
_ONE_WORD: Final = frozenset(("therapist", "therapists", "hispanic", "hispanics"))


@cache
def listed(language: Language) -> frozenset[str]:
    """The words that the lists of a language know.

    >>> "awful" in listed(Language.ENGLISH), "horrible" in listed(Language.FRENCH)
    (True, True)
    """
    lists = {
        Language.ENGLISH: (english, complaints),
        Language.FRENCH: (french, french_complaints),
        Language.DANISH: (danish,),
    }
    return frozenset().union(*(words() for words in lists[language]))


def drawn_out(word: str, language: Language) -> str:
    """A word with three or more of a letter as the listed word it is, marked; with two of each letter where it is none.

    >>> [drawn_out(word, Language.ENGLISH) for word in ("baaaad", "goooood", "soooo", "bad")]
    ['very_bad', 'very_good', 'soo', 'bad']
    """
    two_of_each = _DRAWN.sub(r"\1\1", word)
    if two_of_each == word or len(two_of_each) > _LONGEST:
        return two_of_each
    known = listed(language)
    return next((DRAWN_OUT + form for form in _forms(word) if form in known), two_of_each)


def _forms(word: str) -> Iterator[str]:
    """The word with two or one of each drawn-out letter, two first."""
    between = _DRAWN.split(word)
    texts, letters = between[::2], between[1::2]
    if len(letters) <= _MOST_DRAWN:
        for times in product((2, 1), repeat=len(letters)):
            middle = (text + letter * number for text, letter, number in zip(texts, letters, times, strict=False))
            yield "".join(middle) + texts[-1]


def words_of_tag(tag: str) -> str:
    """A hashtag in small letters, without its sign, as words with blanks between them, as far as lists know them.

    It is cut up whole where it is listed words and function words, one of them a listed one of four letters. Otherwise
    a long listed word may begin it, a word of complaint end it. Short words within others are never looked for: "ass"
    is in "class".

    >>> words_of_tag("worstairlineever"), words_of_tag("terribleservice"), words_of_tag("classaction")
    ('worst airlineever', 'terrible service', 'classaction')
    """
    known = listed(Language.ENGLISH)
    if (
        not _SHORTEST_TAG <= len(tag) <= _LONGEST_TAG
        or tag in known | _ONE_WORD
        or not (tag.isascii() and tag.isalpha())
    ):
        return tag
    whole = _whole(tag, known)
    return whole if whole else _ends(tag, known)


def _whole(tag: str, known: frozenset[str]) -> str:
    """The tag as words, the fewest that make it up; empty where none do."""
    words = known | function_words()[Language.ENGLISH]
    best: list[tuple[str, ...] | None] = [()] + [None] * len(tag)
    for end in range(_SHORTEST_PART, len(tag) + 1):
        for start in range(max(0, end - _LONGEST), end - _SHORTEST_PART + 1):
            before, word = best[start], tag[start:end]
            if before is not None and word in words and (best[end] is None or len(before) + 1 < len(best[end] or ())):
                best[end] = (*before, word)
    found = best[-1] or ()
    return " ".join(found) if any(len(word) >= _LISTED_PART and word in known for word in found) else ""


def _ends(tag: str, known: frozenset[str]) -> str:
    """The tag with what begins and ends it cut off, as far as that is sure."""
    begin = next((n for n in range(len(tag) - _REST, _WORST_BEGINS - 1, -1) if _may_begin(tag[:n], known)), 0)
    rest = tag[begin:]
    end = next((n for n in range(_REST, len(rest) - _ENDS + 1) if rest[n:] in _worst() - _END_OTHERS), 0)
    return " ".join(filter(None, (tag[:begin], rest[:end], rest[end:])))


def _may_begin(word: str, known: frozenset[str]) -> bool:
    return word in _worst() or (len(word) >= _BEGINS and word in known)


@cache
def _worst() -> frozenset[str]:
    return frozenset(word for word, odds in complaints().items() if odds >= _WORST)
