"""A surge: the last quarter of an hour and the last hour, on the series' own scale of ups and downs."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import Final

import msgspec

#: The two spans whose log-ratios are averaged.
SHORT_S: Final = 900
LONG_S: Final = 3600
#: Added to seen and expected before they are compared: with few counts a ratio says little.
_ADDED: Final = 16.0
#: How many mean deviations of itself the log-ratio has to reach.
THRESHOLD: Final = 3.7
#: Half-life of the scale in days; weight in days and size of what is believed of it before.
_HALF_LIFE_DAYS: Final = 14.0
_BELIEF_DAYS: Final = 0.5
_BELIEF: Final = 0.3
#: A normal deviate's mean absolute value, so that the scale is that of a standard deviation.
_MEAN_ABSOLUTE: Final = math.sqrt(2.0 / math.pi)


class SurgeState(msgspec.Struct):
    """What a `Surge` knows: how much it has seen, mean and absolute deviation of the log-ratio, the last hour."""

    weight: float
    mean: float = 0.0
    deviations: float = 0.0
    seen: list[float] = []
    usual: list[float] = []


@dataclass(frozen=True, slots=True)
class Height:
    """How high a series stands: `deviates` on its own scale, and what the last hour held and usually holds."""

    deviates: float
    observed: float
    expected: float


class Surge:
    """The mean of two log-ratios of seen to usual counts, in units of its own mean absolute deviation.

    A mean absolute deviation is moved less by the peaks that are looked for than a standard deviation, and more than a
    median, so that a series of many peaks earns a wide scale. There is no factor for the recent level: it eats slow
    onsets, and makes a rebound of every morning. `step_s` is how long a step is.

    >>> surge = Surge(300)
    >>> for step in range(2000):
    ...     surge.learn(10.0 + step % 3, 11.0)
    >>> surge.height(11.0, 11.0).deviates < 1.0 < 4.0 < surge.height(150.0, 11.0).deviates
    True
    """

    def __init__(self, step_s: int, state: SurgeState | None = None) -> None:
        steps_a_day = 86_400 / step_s
        believed = _BELIEF_DAYS * steps_a_day
        self._keep = 0.5 ** (1.0 / (_HALF_LIFE_DAYS * steps_a_day))
        self._short = max(1, round(SHORT_S / step_s))
        self._long = max(1, round(LONG_S / step_s))
        known = state or SurgeState(believed, 0.0, believed * _BELIEF * _MEAN_ABSOLUTE)
        self._weight, self._mean, self._deviations = known.weight, known.mean, known.deviations
        self._seen, self._usual = array("d", known.seen), array("d", known.usual)

    def height(self, count: float, usual: float) -> Height:
        """Where the series stands when the next step holds `count` where `usual` are usual; learns nothing."""
        seen, expected = self._with(self._seen, count), self._with(self._usual, usual)
        scale = self._deviations / self._weight / _MEAN_ABSOLUTE
        return Height((self._ratio(seen, expected) - self._mean) / scale, sum(seen), sum(expected))

    def learn(self, count: float, usual: float) -> None:
        """Take in the next step."""
        self._seen, self._usual = self._with(self._seen, count), self._with(self._usual, usual)
        self._weight = self._weight * self._keep + 1.0
        off = self._ratio(self._seen, self._usual) - self._mean
        self._mean += off / self._weight
        self._deviations = self._deviations * self._keep + abs(off)

    def state(self) -> SurgeState:
        """Everything it knows, for `Surge(step_s, state)`."""
        return SurgeState(self._weight, self._mean, self._deviations, list(self._seen), list(self._usual))

    def _with(self, steps: array[float], newest: float) -> array[float]:
        longer = array("d", steps)
        longer.append(newest)
        return longer[-self._long :]

    def _ratio(self, seen: array[float], usual: array[float]) -> float:
        short = math.log((sum(seen[-self._short :]) + _ADDED) / (sum(usual[-self._short :]) + _ADDED))
        return 0.5 * (short + math.log((sum(seen) + _ADDED) / (sum(usual) + _ADDED)))
