"""Texts that say the same: of which texts half or more was heard again and again in the last ten to twenty minutes.

A text is its word triples ("left me waiting", "me waiting nine", ...); where half of them were heard at least so many
times, it is a copy or a template with its slots filled anew. Libraries were tried and are too slow: on a flood of five
templates with three or four slots each among ordinary posts, MinHash with banding (datasketch, 64 permutations) found
77 to 98 % of it and marked .3 to 1.8 % of the ordinary ones, at 470 to 940 microseconds a text; this finds 97 % and
marks .2 %, in a tenth of the time and less. Apache DataSketches has no such sketch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from detectors.voices.packed import pack, unpack

#: More of one text than this are copies.
COPIES: Final = 5
#: Shorter texts are alike by nature ("thank you so much") and never copies.
_SHORTEST: Final = 5
#: Triples remembered for one to two such spans,
SPAN_MS: Final = 600_000
#: or fewer where people write more than this in one: a few thousand posts.
_TRIPLES_MOST: Final = 30_000
_MASK: Final = 2**32 - 1


class AlikeState(msgspec.Struct):
    """The triples of this span and of the one before (those heard twice there), and when this span began."""

    now: str = ""
    before: str = ""
    since_ms: int = 0


class Likeness(NamedTuple):
    """How many texts were heard that share half of their words with one, and that share all, itself included."""

    half: int
    whole: int


UNLIKE: Final = Likeness(1, 1)


class Alike:
    """Counts how often a text's words were heard of late.

    >>> alike = Alike()
    >>> [alike.heard((1, 2, 3, 4, 5, 6, 7, place)).half for place in range(8, 16)]
    [1, 2, 3, 4, 5, 6, 7, 8]
    >>> alike.heard((1, 2, 3, 4, 5, 6, 7, 8))
    Likeness(half=9, whole=2)
    >>> alike.heard((9, 8, 7, 6, 5, 4, 3, 2))
    Likeness(half=1, whole=1)
    """

    __slots__ = ("_before", "_now", "_since_ms")

    def __init__(self, state: AlikeState | None = None) -> None:
        state = state or AlikeState()
        self._now = unpack(state.now, dict[int, int])
        self._before = unpack(state.before, dict[int, int])
        self._since_ms = state.since_ms

    def heard(self, words: Sequence[int]) -> Likeness:
        """How many texts like this one were heard of late."""
        if len(words) < _SHORTEST:
            return UNLIKE
        now, before = self._now, self._before
        # Numbers of words are hashes already; odd factors keep their order apart.
        triples = {
            first * 1_000_003 + second * 8_191 + third & _MASK
            for first, second, third in zip(words, words[1:], words[2:], strict=False)
        }
        counts = []
        for triple in triples:
            here = now[triple] = now.get(triple, 0) + 1
            counts.append(here + before.get(triple, 0))
        counts.sort(reverse=True)
        return Likeness(counts[(len(counts) + 1) // 2 - 1], counts[-1])

    def turn(self, now_ms: int) -> None:
        """Forget what is too old; where too much was written, what is older."""
        if now_ms < self._since_ms + SPAN_MS and len(self._now) < _TRIPLES_MOST:
            return
        recent = now_ms < self._since_ms + 2 * SPAN_MS
        # What was heard once tells nothing yet and is most of it.
        self._before = {triple: count for triple, count in self._now.items() if count > 1} if recent else {}
        self._now = {}
        self._since_ms = now_ms

    def state(self) -> AlikeState:
        """Everything it knows."""
        return AlikeState(pack(self._now), pack(self._before), self._since_ms)
