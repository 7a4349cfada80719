"""Words as numbers: how a mention's words are kept for finding near-duplicates, without keeping its text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from zlib import crc32

_MOST: Final = 20_000
_LONGEST: Final = 24


class _Remembered(dict[str, int]):
    """The number of a word, remembered because most words come again; bounded, whatever people write."""

    def __missing__(self, word: str) -> int:
        number = crc32(word.encode())
        if len(word) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[word] = number
        return number


_number_of = _Remembered().__getitem__


def word_numbers(words: Iterable[str]) -> tuple[int, ...]:
    """A number of 32 bits for each word, in order; the same on every machine.

    >>> word_numbers(["late", "again", "late"])
    (1865031573, 2476825596, 1865031573)
    """
    return tuple(map(_number_of, words))
