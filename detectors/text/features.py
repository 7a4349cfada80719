"""A text as features: its words, marked where a negation stands before them, and its emoji, in one pass."""

from __future__ import annotations

import re
from typing import Final

#: Words with inner apostrophes, or a single symbol of the emoji planes. Links and handles match without a group, so
#: that they are passed over and not taken apart.
_TOKEN: Final = re.compile(r"https?://\S+|@\w+|([a-z][a-z']*[a-z]|[\u2600-\u27bf\U0001f300-\U0001faff])")
_ELONGATED: Final = re.compile(r"([a-z])\1{2,}")
_ANY_ELONGATED: Final = re.compile(r"([a-z])\1\1")  # found in the same texts, in half the time
_NEGATIONS: Final = frozenset(
    (
        *("no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without"),
        *("isn't", "aren't", "wasn't", "weren't", "don't", "doesn't", "didn't", "won't", "can't", "ain't"),
        *("couldn't", "shouldn't", "wouldn't", "haven't", "hasn't", "hadn't"),
        *("dont", "doesnt", "didnt", "wont", "cant", "isnt", "wasnt"),
    )
)
_NEGATED_WORDS: Final = 3

#: Put before a word that stands within three words after a negation.
NEGATED: Final = "not_"


def features(text: str) -> list[str]:
    """The features of a text, in order, repeats included.

    Links and handles carry no feeling and are left out; a hash sign is cut off; three or more of a letter become two,
    so that "sooooo" meets "soo".

    >>> features("@acme Not good!!! soooo slow \U0001f621 https://x.y #fail")
    ['not', 'not_good', 'not_soo', 'not_slow', '\U0001f621', 'fail']
    """
    plain = text.lower().replace("\u2019", "'")
    if _ANY_ELONGATED.search(plain):
        plain = _ELONGATED.sub(r"\1\1", plain)
    found: list[str] = list(filter(None, _TOKEN.findall(plain)))
    if _NEGATIONS.isdisjoint(found):
        return found
    out: list[str] = []
    negated = 0
    for token in found:
        if token in _NEGATIONS:
            negated = _NEGATED_WORDS
            out.append(token)
        elif negated and token.isascii():
            negated -= 1
            out.append(NEGATED + token)
        else:
            out.append(token)
    return out
