"""The people heard on one platform in the last hour, so that each counts once and a signal can say how many they are.

Up to a bound everybody is remembered by hash; beyond it, and where cells were too large to list their authors, sketches
count them (see `detectors.voices.sketch`). So the memory is bounded whatever people write.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import msgspec

from detectors.voices.packed import pack, unpack
from detectors.voices.sketch import People

#: An author counts again after so long.
QUIET_MS: Final = 600_000
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
#: So many authors are remembered one by one for the hour; those of the last ten minutes always are,
AUTHORS_MOST: Final = 5_000
#: up to so many.
_RECENT_MOST: Final = 50_000
#: When somebody was heard and how far they reach, in one number, which takes a third of the room that two take.
_REACH_BITS: Final = 32
_REACH_MOST: Final = 2**_REACH_BITS - 1
#: Sketches older than ten minutes are kept for so many minutes together.
_SLOT: Final = 5

Pair = tuple[bytes, bytes]
_Known = dict[int, tuple[int, int]]


class CrowdState(msgspec.Struct):
    """A crowd as plain data, in packed columns: who was heard when, who negatively, and with how many posts."""

    authors: str = ""
    negative: str = ""
    posts: str = ""
    posts_before: str = ""
    sketches: dict[int, Pair] = {}
    turned_ms: int = 0


class Crowd:
    """One platform's people. Authors are hashes.

    >>> crowd = Crowd()
    >>> [crowd.speaks(7, at_ms, negative=True, reach=5) for at_ms in (1, QUIET_MS, QUIET_MS + 1)]
    [True, False, True]
    >>> crowd.authors(0, negative=True), crowd.reach(0)
    (1, 5)
    """

    __slots__ = ("_authors", "_negative", "_posts", "_posts_before", "_sketches", "_turned_ms")

    def __init__(self, state: CrowdState | None = None) -> None:
        state = state or CrowdState()
        #: When each was last a voice, and the greatest reach or following, as one number.
        self._authors = {author: _packed(*last) for author, last in unpack(state.authors, _Known).items()}
        #: When each was last a negative voice.
        self._negative = unpack(state.negative, dict[int, int])
        #: Posts of each, voices or not, in this span of ten minutes and in the one before.
        self._posts = unpack(state.posts, dict[int, int])
        self._posts_before = unpack(state.posts_before, dict[int, int])
        #: By minute: everybody, and the negative ones, of cells that were too large to list them.
        self._sketches = dict(state.sketches)
        self._turned_ms = state.turned_ms

    def posts(self, author: int) -> int:
        """Count an author's post; how many it is, of the last ten to twenty minutes."""
        count = self._posts[author] = self._posts.get(author, 0) + 1
        return count + self._posts_before.get(author, 0)

    def speaks(self, author: int, at_ms: int, negative: bool, reach: int) -> bool:
        """Whether an author is a voice now, which is remembered: once in ten minutes."""
        last = self._authors.get(author)
        if last is not None:
            if at_ms < _heard_ms(last) + QUIET_MS:
                return False
            reach = max(reach, _reach(last))
            # The newest stand last, so that only those to be forgotten are looked at.
            del self._authors[author]
        self._authors[author] = _packed(at_ms, reach)
        if negative:
            self._negative.pop(author, None)
            self._negative[author] = at_ms
        return True

    def unlisted(self, at_ms: int, everybody: bytes, negative: bytes) -> None:
        """A cell was too large to list its authors; these are the sketches of them."""
        self._into_sketch(at_ms // MINUTE_MS, (everybody, negative))

    def turn(self, now_ms: int) -> None:
        """Forget what is older than an hour, once a minute; what nobody asks about any more is summarised."""
        full = max(len(self._authors), len(self._posts)) > _RECENT_MOST
        if now_ms // MINUTE_MS == self._turned_ms // MINUTE_MS and not full:
            return
        if now_ms // QUIET_MS != self._turned_ms // QUIET_MS or full:
            recent = now_ms // QUIET_MS <= self._turned_ms // QUIET_MS + 1
            self._posts_before, self._posts = (self._posts if recent else {}), {}
        self._turned_ms = now_ms
        self._forget_before(now_ms - HOUR_MS)
        if len(self._authors) > AUTHORS_MOST:
            self._summarise(now_ms - (0 if full else QUIET_MS))
        if self._sketches:
            self._merge_before((now_ms - QUIET_MS) // MINUTE_MS)

    # --- what a signal says -------------------------------------------------------------------------------------------

    def authors(self, since_ms: int, negative: bool = False) -> int:
        """Distinct authors heard since then; with `negative` those whose voice was negative."""
        heard = self._negative.items() if negative else self._heard()
        listed = [who for who, at_ms in heard if at_ms >= since_ms]
        sketches = [pair[negative] for minute, pair in self._sketches.items() if (minute + 1) * MINUTE_MS > since_ms]
        if not sketches:
            return len(listed)
        people = People(listed)
        for sketch in sketches:
            people.merge(sketch)
        return people.count()

    def reach(self, since_ms: int) -> int:
        """Reach, or else following, of those heard since then, each once."""
        return sum(_reach(last) for last in self._authors.values() if _heard_ms(last) >= since_ms)

    def posters(self) -> dict[int, int]:
        """Posts of each account in the last ten to twenty minutes, whether it was heard or not."""
        both = dict(self._posts_before)
        for author, count in self._posts.items():
            both[author] = both.get(author, 0) + count
        return both

    def state(self) -> CrowdState:
        """Everything it knows."""
        return CrowdState(
            pack({author: (_heard_ms(last), _reach(last)) for author, last in self._authors.items()}),
            pack(self._negative),
            pack(self._posts),
            pack(self._posts_before),
            dict(self._sketches),
            self._turned_ms,
        )

    # --- memory -------------------------------------------------------------------------------------------------------

    def _heard(self) -> Iterator[tuple[int, int]]:
        return ((author, _heard_ms(last)) for author, last in self._authors.items())

    def _forget_before(self, oldest_ms: int) -> None:
        for author in [*takewhile(lambda who: _heard_ms(self._authors[who]) < oldest_ms, self._authors)]:
            del self._authors[author]
        for author in [*takewhile(lambda who: self._negative[who] < oldest_ms, self._negative)]:
            del self._negative[author]
        oldest = oldest_ms // MINUTE_MS - _SLOT
        self._sketches = {minute: pair for minute, pair in self._sketches.items() if minute >= oldest}

    def _summarise(self, before_ms: int) -> None:
        """Authors heard before then become a number of people."""
        slots: dict[int, tuple[list[int], list[int]]] = {}
        for place, heard in enumerate((self._heard(), self._negative.items())):
            for author, at_ms in heard:
                if at_ms < before_ms:
                    slots.setdefault(_slot(at_ms // MINUTE_MS), ([], []))[place].append(author)
        for slot, (everybody, negative) in slots.items():
            self._into_sketch(slot, (People(everybody).state(), People(negative).state()))
        self._authors = {author: last for author, last in self._authors.items() if _heard_ms(last) >= before_ms}
        self._negative = {author: at_ms for author, at_ms in self._negative.items() if at_ms >= before_ms}

    def _merge_before(self, minute: int) -> None:
        kept, self._sketches = self._sketches, {}
        for at, pair in kept.items():
            self._into_sketch(at if at >= minute else _slot(at), pair)

    def _into_sketch(self, minute: int, pair: Pair) -> None:
        known = self._sketches.get(minute)
        self._sketches[minute] = pair if known is None else (_both(known[0], pair[0]), _both(known[1], pair[1]))


def _slot(minute: int) -> int:
    return minute - minute % _SLOT


def _both(one: bytes, other: bytes) -> bytes:
    people = People()
    people.merge(one)
    people.merge(other)
    return people.state()


def _packed(at_ms: int, reach: int) -> int:
    return at_ms << _REACH_BITS | min(max(reach, 0), _REACH_MOST)


def _heard_ms(packed: int) -> int:
    return packed >> _REACH_BITS


def _reach(packed: int) -> int:
    return packed & _REACH_MOST
