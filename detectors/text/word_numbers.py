"""Words as numbers: how a mention's words are kept for finding near-duplicates, without keeping its text."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32


def word_numbers(words: Iterable[str]) -> tuple[int, ...]:
    """A number of 32 bits for each word, in order; the same on every machine.

    >>> word_numbers(["late", "again", "late"])
    (1865031573, 2476825596, 1865031573)
    """
    return tuple(crc32(word.encode()) for word in words)
