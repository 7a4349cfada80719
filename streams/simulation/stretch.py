"""A stretch of a stream's minutes: how much is usual in each, and how much of it is negative."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from streams.simulation.posts import Ints
from streams.simulation.scenario import MINUTE_MS, Floats

#: Keys of one stretch lie between multiples of this.
_KEYS: Final = 10_000_000


class Stretch(NamedTuple):
    """The `number`-th stretch of a stream. `usual` is the rate of each of its minutes, `shares` the negative share."""

    number: int
    start_ms: int
    usual: Floats
    shares: Floats

    @property
    def end_ms(self) -> int:
        """First moment after the stretch."""
        return self.start_ms + len(self.usual) * MINUTE_MS

    @property
    def first_key(self) -> int:
        """The key of the first post that begins here; the others count on from it."""
        return self.number * _KEYS

    def share_at(self, at_ms: Ints) -> Floats:
        """The negative share at each of these moments; after the end it is as in the last minute.

        >>> Stretch(0, 0, np.ones(2), np.array([0.2, 0.3])).share_at(np.array([59_999, 60_000, 500_000]))
        array([0.2, 0.3, 0.3])
        """
        minute = np.clip((at_ms - self.start_ms) // MINUTE_MS, 0, len(self.shares) - 1)
        return np.asarray(self.shares[minute], dtype=np.float64)
