"""Posts before they are worded: columns of numbers, a row a post."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Chance = np.random.Generator

#: The author column of somebody who posts this once.
ONCE: Final = -1
#: No parent.
NONE: Final = -1


class Posts(NamedTuple):
    """Columns, all 64-bit integers of one length.

    `cause` is 0 for the ordinary stream and 1 + the place of the event in the scenario; `key` is unique for a cause.
    `theme` and `platform` are places in `THEMES` and the scenario's platforms. `author` is a regular's number, an
    account of a flood, or `ONCE`. `picks` is what the words are chosen by. `parent` is the key (same cause) of the post
    that this one replies to, or, where `repost` is 1, repeats.
    """

    at_ms: Ints
    key: Ints
    cause: Ints
    platform: Ints
    theme: Ints
    author: Ints
    picks: Ints
    parent: Ints
    repost: Ints

    def rows(self, which: NDArray[np.bool_] | Ints) -> Posts:
        """The rows that a mask or an array of places picks out."""
        return Posts(*(column[which] for column in self))

    @property
    def number(self) -> int:
        """How many posts there are."""
        return len(self.at_ms)


def together(parts: Sequence[Posts]) -> Posts:
    """All rows of `parts`, in order of time (and of cause and key, so that there is only one order)."""
    whole = Posts(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return whole.rows(np.lexsort((whole.key, whole.cause, whole.at_ms)))


def picks(chance: Chance, number: int) -> Ints:
    """What the words of so many posts are chosen by."""
    return chance.integers(0, 2**62, number)


def among(chance: Chance, shares: Sequence[float], number: int) -> Ints:
    """Places in `shares`, each drawn as often as its share says."""
    edges = np.cumsum(shares)
    places = np.searchsorted(edges, chance.random(number) * edges[-1], side="right")
    return np.asarray(np.minimum(places, len(shares) - 1), dtype=np.int64)
