"""Features as places in a table of fixed size: words, pairs of neighbours and the four-letter pieces of words.

Every feature has a place in one table of 65,536 weights, found by hashing (Weinberger et al., "Feature hashing for
large scale multitask learning", 2009), so that the model has a bound whatever people write. Half or double the size
changes the area under the curve by about .001.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import crc32

from detectors.text.features import NEGATED
from detectors.text.remembered import Remembered
from detectors.text.spelling import DRAWN_OUT

SLOTS: Final = 1 << 16
_MASK: Final = SLOTS - 1
_PIECE: Final = 4
#: A word longer than this is no word; what is beyond is not taken to pieces.
_LONGEST: Final = 24
#: A piece is hashed with this sign before it, so that it has another slot than a word of the same letters.
_TILDE: Final = crc32(b"~")
_GOLDEN: Final = 0x9E3779B1


class Slots(NamedTuple):
    """A feature's own slot, those of its pieces (a negated word has the pieces of the word), and a second hash of it:
    the slot of two neighbours is ``one.first ^ next_one.own``, another one than theirs the other way round. A word that
    was drawn out has the slots of the word."""

    own: int
    pieces: tuple[int, ...]
    first: int


def _slots(feature: str) -> Slots:
    feature = feature.replace(DRAWN_OUT, "")
    number = crc32(feature.encode())
    return Slots(number & _MASK, _pieces(feature), number * _GOLDEN >> 11 & _MASK)


def _pieces(feature: str) -> tuple[int, ...]:
    word = f" {feature.removeprefix(NEGATED)[:_LONGEST]} "
    starts = range(max(1, len(word) - _PIECE + 1))
    if word.isascii():
        raw = word.encode()
        return tuple([crc32(raw[at : at + _PIECE], _TILDE) & _MASK for at in starts])
    return tuple([crc32(word[at : at + _PIECE].encode(), _TILDE) & _MASK for at in starts])


#: Where a feature has its weights.
slots_of: Final = Remembered(_slots).__getitem__
