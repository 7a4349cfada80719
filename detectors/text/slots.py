"""Features as places in a table of fixed size: words, pairs of neighbours and the four-letter pieces of words.

Every feature has a place in one table of 65,536 weights, found by hashing (Weinberger et al., "Feature hashing for
large scale multitask learning", 2009), so that the model has a bound whatever people write. Half or double the size
changes the area under the curve by about .001.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import crc32

from detectors.text.features import NEGATED

SLOTS: Final = 1 << 16
_MASK: Final = SLOTS - 1
_PIECE: Final = 4
#: A word longer than this is no word; what is beyond is not taken to pieces.
_LONGEST: Final = 24
_MOST_REMEMBERED: Final = 20_000
_GOLDEN: Final = 0x9E3779B1


class Slots(NamedTuple):
    """A feature's own slot, those of its pieces (a negated word has the pieces of the word), and a second hash of it:
    the slot of two neighbours is ``one.first ^ next_one.own``, another one than theirs the other way round."""

    own: int
    pieces: tuple[int, ...]
    first: int


class _Remembered(dict[str, Slots]):
    """Most words come again; bounded, whatever people write."""

    def __missing__(self, feature: str) -> Slots:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        number = crc32(feature.encode())
        made = self[feature] = Slots(number & _MASK, _pieces(feature), number * _GOLDEN >> 11 & _MASK)
        return made


#: Where a feature has its weights.
slots_of: Final = _Remembered().__getitem__


def _pieces(feature: str) -> tuple[int, ...]:
    word = f" {feature.removeprefix(NEGATED)[:_LONGEST]} "
    return tuple(crc32(b"~" + word[at : at + _PIECE].encode()) & _MASK for at in range(max(1, len(word) - _PIECE + 1)))
