"""Axes: from moments and figures to places on the paper, with ticks that people read easily."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_MINUTE_MS: Final = 60_000
_STEPS_MIN: Final = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440, 14 * 1440)
_TICKS_MOST: Final = 9


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From `from_ms` to `to_ms`, left to right; all times are UTC."""

    from_ms: int
    to_ms: int
    left: float
    right: float

    def x(self, at_ms: float) -> float:
        """Where a moment is.

        >>> TimeAxis(0, 1000, 0.0, 10.0).x(500)
        5.0
        """
        return self.left + (self.right - self.left) * (at_ms - self.from_ms) / (self.to_ms - self.from_ms)

    def ticks(self) -> Iterator[tuple[float, str, bool]]:
        """Place and label of each tick, and whether a day begins there, or is the first that is named."""
        span_min = (self.to_ms - self.from_ms) / _MINUTE_MS
        step_min = next((step for step in _STEPS_MIN if span_min / step <= _TICKS_MOST), _STEPS_MIN[-1])
        step_ms = step_min * _MINUTE_MS
        first = True
        for at_ms in range(-(-self.from_ms // step_ms) * step_ms, self.to_ms + 1, step_ms):
            moment = datetime.fromtimestamp(at_ms / 1000, UTC)
            day = first or (moment.hour, moment.minute) == (0, 0)
            clock = f"{moment:%H:%M}"
            date = f"{moment.day} {moment:%b}"
            yield self.x(at_ms), (date if step_min >= 1440 else f"{date} {clock}") if day else clock, day
            first = False


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """From nought at `bottom` up to `top_value` at `top`."""

    top_value: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Where a figure is; what is beyond the top is at the top.

        >>> ValueAxis(10.0, 0.0, 100.0).y(5.0)
        50.0
        """
        return self.bottom - (self.bottom - self.top) * min(max(value, 0.0), self.top_value) / self.top_value

    def ticks(self) -> Iterator[float]:
        """Two to five round figures, nought left out."""
        step = round_step(self.top_value / 5)
        for number in range(1, int(self.top_value / step) + 1):
            yield number * step


def round_step(about: float) -> float:
    """The next round figure: one, two or five times a power of ten.

    >>> round_step(3.2), round_step(0.012)
    (5.0, 0.02)
    """
    power = 10.0 ** math.floor(math.log10(about))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= about * 0.999)
