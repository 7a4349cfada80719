"""Words as numbers: how a mention's words are kept for finding near-duplicates, without keeping its text.

The numbers travel as bytes, four for each: as JSON they take half the room that digits take, and in memory a fifth.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final
from zlib import crc32

#: Bytes of a number.
NUMBER_BYTES: Final = 4


def word_numbers(words: Iterable[str]) -> bytes:
    """A number of 32 bits for each word, in order; the same on every machine.

    >>> numbers_in(word_numbers(["late", "again", "late"]))
    (1865031573, 2476825596, 1865031573)
    """
    return as_bytes(crc32(word.encode()) for word in words)


def as_bytes(numbers: Iterable[int]) -> bytes:
    """Numbers of 32 bits as bytes, the lowest first.

    >>> as_bytes([1, 256])
    b'\\x01\\x00\\x00\\x00\\x00\\x01\\x00\\x00'
    """
    return b"".join(number.to_bytes(NUMBER_BYTES, "little") for number in numbers)


def numbers_in(words: bytes) -> tuple[int, ...]:
    """The numbers in what `as_bytes` gave; where somebody else wrote it, what is left over at the end is none.

    >>> numbers_in(as_bytes([7, 8]) + b"?")
    (7, 8)
    """
    return struct.unpack_from(f"<{len(words) // NUMBER_BYTES}I", words)
