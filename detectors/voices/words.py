"""A text as its words, for telling near-duplicates and for saying what a crisis is about.

Links and handles are no words: a template's links differ, and no handle is to be shown. Words of any script count, so
that a flood in any language is seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from detectors.text.remembered import Remembered
from detectors.text.word_numbers import NUMBER_BYTES, word_numbers

#: A text's beginning is enough to know it again; the rest costs time, whatever people write.
LOOKED_AT: Final = 400
#: A term for people is no longer than this.
LONGEST_TERM: Final = 30
_SHORTEST_TERM: Final = 3
#: Links and handles match without the group, so that they are passed over and not taken apart.
_WORD: Final = re.compile(r"https?://\S*|www\.\S*|@[\w.\-]*|(#?[^\W_][\w'’]*)")
#: A term is letters, digits, `_` and apostrophes: no control or bidi mark, no markup, nothing that anything reads.
_TERM: Final = re.compile(r"#?[^\W_][\w'’]*\Z")

_STOP_TEXT: Final = (
    "about after again all also although always and another any anyone anything are aren't around because been before "
    "being best better but can can't cannot come could couldn't did didn't does doesn't doing don't done down each "
    "else even ever every everyone everything few first for from get gets getting give goes going gone good got gotta "
    "great had has hasn't have haven't having her here hers him his how i'd i'll i'm i've into isn't it's its itself "
    "just keep know last later least less let let's like little look lot made make makes making many may maybe might "
    "more most much must need never new nice nobody not nothing now off often once one only other our ours out over "
    "own people please put quite rather really right said same say says see seem seen she should shouldn't since some "
    "someone something still such sure take tell than thank thanks that that's the their them then there there's these "
    "they they're thing things think this those though through time today told tomorrow too took tried try trying two "
    "under until use used using very want wants was wasn't way we'll we're we've well went were weren't what what's "
    "when where which while who why will with without won't would wouldn't yes yesterday yet you you'll you're you've "
    "your yours amp via etc lol omg"
)
_STOP_WORDS: Final = frozenset(_STOP_TEXT.split())


def words_of(text: str) -> list[str]:
    """The words of a text's beginning, in order and in lower case, hashtags with their sign.

    >>> words_of("@acme NEVER again, see https://x.y/z #AcmeFail")
    ['never', 'again', 'see', '#acmefail']
    """
    return [word for word in _WORD.findall(text[:LOOKED_AT].lower()) if word]


def word_numbers_of(text: str, most: int) -> bytes:
    """The numbers of the first `most` of `words_of` a text, in order.

    No word reaches over a blank, so what is in a stretch between two is remembered, as it is for the text's features.

    >>> word_numbers_of("late AGAIN, late", 2) == word_numbers(["late", "again"])
    True
    """
    return b"".join(map(_numbers_of, text[:LOOKED_AT].lower().split()))[: most * NUMBER_BYTES]


def _numbers_in(stretch: str) -> bytes:
    return word_numbers((stretch,) if stretch.isalpha() else words_of(stretch))


_numbers_of: Final = Remembered(_numbers_in).__getitem__


def telling(words: Iterable[str], most: int) -> list[str]:
    """Of a text's words the few that say what it is about: hashtags first, then the longest; each once.

    >>> telling(["why", "is", "the", "checkout", "website", "down", "#fail", "website"], 3)
    ['#fail', 'checkout', 'website']
    """
    known = dict.fromkeys(word for word in words if _SHORTEST_TERM <= len(word) <= LONGEST_TERM and _fit(word))
    ranked = sorted(known, key=lambda word: (not word.startswith("#"), -len(word)))
    return [*ranked[:most]]


def is_term(word: str) -> bool:
    """Whether a word may be shown: what others write into our topics is held to the same as what triage makes.

    >>> is_term("#fail"), is_term("<b>"), is_term("a" * 31), is_term("the")
    (True, False, False, False)
    """
    return _SHORTEST_TERM <= len(word) <= LONGEST_TERM and _TERM.match(word) is not None and _fit(word)


def _fit(word: str) -> bool:
    return word not in _STOP_WORDS and not word.isdigit() and unicodedata.is_normalized("NFC", word)
