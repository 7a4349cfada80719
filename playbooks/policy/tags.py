"""Hashtags in small letters, cut into the words that they are made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

#: A hashtag of fewer letters is a word, one of more is no hashtag.
_SHORTEST: Final = 7
_LONGEST: Final = 40
_SHORTEST_PART: Final = 2
_LONGEST_PART: Final = 16
#: A strong word of fewer letters is in too many others.
SHORTEST_STRONG: Final = 4


def cut(tag: str, words: Collection[str]) -> tuple[str, ...]:
    """The tag as the fewest of `words` that make it up, or as it is where none do.

    >>> cut("goawayfools", {"go", "away", "fools"}), cut("goawayfool", {"go", "away"})
    (('go', 'away', 'fools'), ('goawayfool',))
    """
    if not _SHORTEST <= len(tag) <= _LONGEST or not (tag.isascii() and tag.isalpha()):
        return (tag,)
    best: list[tuple[str, ...] | None] = [()] + [None] * len(tag)
    for end in range(_SHORTEST_PART, len(tag) + 1):
        for start in range(max(0, end - _LONGEST_PART), end - _SHORTEST_PART + 1):
            before, word = best[start], tag[start:end]
            if before is not None and word in words and (best[end] is None or len(before) + 1 < len(best[end] or ())):
                best[end] = (*before, word)
    return best[-1] or (tag,)
