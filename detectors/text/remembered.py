"""What a function gives for words, remembered: most words come again, and there is a bound whatever people write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

#: Of posts about one trade 17 words in 20 were among them; more of them would be slower to find, and save little.
MOST: Final = 20_000
#: What is longer is hardly a word, and seldom comes again.
LONGEST: Final = 24

T = TypeVar("T")


class Remembered(dict[str, T]):
    """``Remembered(make)[word]`` is ``make(word)``, made anew only where the word was not met lately.

    Where there are too many it forgets them all: what is common is soon known again, and nothing has to be counted.

    >>> lengths = Remembered(len)
    >>> lengths["late"], lengths["late"], list(lengths)
    (4, 4, ['late'])
    """

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, word: str) -> T:
        made = self._make(word)
        if len(word) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[word] = made
        return made
