"""The last hour in steps of one bucket, so that any span up to it can be summed at once."""

from __future__ import annotations

from collections import deque
from typing import Final

from detectors.bucket import BUCKET_MS

LONGEST_S: Final = 3600
_STEPS: Final = LONGEST_S * 1000 // BUCKET_MS


class Window:
    """Running totals of one quantity, a step a bucket; any span up to an hour is a difference of two of them.

    >>> window = Window()
    >>> for value in (1, 2, 3):
    ...     window.add(value)
    >>> window.last(20), window.last(3600)
    (5.0, 6.0)
    """

    __slots__ = ("_totals",)

    def __init__(self, totals: list[float] | None = None) -> None:
        self._totals: deque[float] = deque(totals or [0.0], maxlen=_STEPS + 1)

    def add(self, value: float) -> None:
        """The next bucket's value."""
        self._totals.append(self._totals[-1] + value)

    def last(self, span_s: int) -> float:
        """Sum over the last `span_s` seconds, or over all there is."""
        totals = self._totals
        back = min(span_s * 1000 // BUCKET_MS, len(totals) - 1)
        return totals[-1] - totals[-1 - back]

    def totals(self) -> list[float]:
        """The state, for `Window(totals)`."""
        return list(self._totals)
