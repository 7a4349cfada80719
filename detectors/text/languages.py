"""Which language a text is scored in: what its source says; where that is nothing, what its function words say.

A text in Latin script is English unless at least two different words stand in it that hold sentences of one other
language together ("nicht", "pas"), and more than twice as many as English ones. Few words are enough to tell a
language, as Cavnar and Trenkle found, "N-gram-based text categorization", 1994; these are the surest and the cheapest.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Final

from detectors.lexicon import function_words


class Language(StrEnum):
    """A language with a free word list, and so one in which negativity can be scored."""

    ENGLISH = "en"
    FRENCH = "fr"
    DANISH = "da"


_KNOWN: Final[dict[str | None, Language]] = {language.value: language for language in Language}
#: BCP 47's words for "not known", "several" and "no language"; and private ones, which platforms use for bare links.
_SAYS_NOTHING: Final = frozenset(("", "und", "un", "mul", "mis", "zxx"))
_LETTERS: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: What names somebody or leads somewhere says nothing of the language around it.
_NAMES: Final = re.compile(r"https?://\S+|[@#]\w+")
_LEAST: Final = 2
_TIMES_ENGLISH: Final = 2
#: Words beyond this many letters of a text are not looked at for its language.
_BEGINNING: Final = 1_000
_OTHER_SCRIPT: Final = re.compile(r"(?=[^\W\d_])[^\u0000-\u024f\u1e00-\u1eff\uff21-\uff5a\U0001d400-\U0001d7ff]")


def language_of(tag: str | None, text: str) -> Language | None:
    """The language to score `text` in, from the BCP 47 `tag` of its source; None where there is no word list for it.

    Without a tag a text counts as English, unless its function words are another language's or more than half of its
    letters are of another script than Latin's.

    >>> language_of("en-GB", "hm"), language_of(None, "late again"), language_of("de", "zu sp\u00e4t")
    (<Language.ENGLISH: 'en'>, <Language.ENGLISH: 'en'>, None)
    >>> language_of(None, "Das ist nicht gut"), language_of(None, "Ce n'est pas s\u00e9rieux")
    (None, <Language.FRENCH: 'fr'>)
    >>> language_of(None, "\u043e\u043f\u044f\u0442\u044c \u043f\u043e\u0437\u0434\u043d\u043e") is None
    True
    """
    if tag in _KNOWN:
        return _KNOWN[tag]
    primary = "" if tag is None else tag.replace("_", "-").partition("-")[0].lower()
    if primary not in _SAYS_NOTHING and not (len(primary) == 3 and primary[0] == "q"):
        return _KNOWN.get(primary)
    if text.isascii() or 2 * len(_OTHER_SCRIPT.findall(text)) <= len(_LETTERS.findall(text)):
        return _KNOWN.get(_guessed(text))
    return None


def _guessed(text: str) -> str:
    """The tag of the language whose function words a text in Latin script has; English's where that is not clear."""
    beginning = text[:_BEGINNING].lower()
    if _foreign().isdisjoint(beginning.split()):
        return Language.ENGLISH  # most texts, at little cost: of two such words one stands between blanks
    words = set(_WORD.findall(_NAMES.sub(" ", beginning.replace("\u2019", "'"))))
    by_tag = {tag: len(words & known) for tag, known in function_words().items()}
    english = by_tag.pop(Language.ENGLISH)
    # Of languages that share their words, the first: those with a word list stand before their neighbours.
    likeliest = max(by_tag, key=by_tag.__getitem__)
    clear = by_tag[likeliest] >= max(_LEAST, _TIMES_ENGLISH * english + 1)
    return likeliest if clear else Language.ENGLISH


@cache
def _foreign() -> frozenset[str]:
    words = dict(function_words())
    del words[Language.ENGLISH]
    return frozenset().union(*words.values())
