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
    """A feature's number, its own slot, and those of its pieces; a negated word has the pieces of the word."""

    number: int
    own: int
    pieces: tuple[int, ...]


class _Remembered(dict[str, Slots]):
    """Most words come again; bounded, whatever people write."""

    def __missing__(self, feature: str) -> Slots:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        number = crc32(feature.encode())
        made = self[feature] = Slots(number, number & _MASK, _pieces(feature))
        return made


#: Where a feature has its weights.
slots_of: Final = _Remembered().__getitem__


def pair_slot(first: int, second: int) -> int:
    """The slot of two neighbours, from their numbers; the order makes a difference.

    >>> pair_slot(1, 2) != pair_slot(2, 1)
    True
    """
    return ((first * _GOLDEN >> 11) ^ second) & _MASK


def _pieces(feature: str) -> tuple[int, ...]:
    word = f" {feature.removeprefix(NEGATED)[:_LONGEST]} "
    return tuple(crc32(b"~" + word[at : at + _PIECE].encode()) & _MASK for at in range(max(1, len(word) - _PIECE + 1)))
