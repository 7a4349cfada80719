"""How lively a brand's days are, minute by minute, and how discontented."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy.signal import lfilter

from streams.simulation.posts import Chance
from streams.simulation.scenario import Floats

#: Liveliness: five times as much in the late afternoon as in the deepest night, weekends at three quarters.
NIGHT: Final = 1.0
DAY: Final = 5.0
DEEPEST_NIGHT_H: Final = 4.0
WEEKEND: Final = 0.75
#: A slow wander of the logarithm of the rate: so much is kept a minute, so large a step is added.
WANDER_KEEP: Final = 0.995
WANDER_STEP: Final = 0.02
#: Each minute's rate is multiplied by gamma noise of this shape and mean 1.
NOISE_SHAPE: Final = 8.0
#: Share of negative posts, and how far it wanders (standard deviation) with a memory of a day.
NEGATIVE: Final = 0.22
NEGATIVE_SPREAD: Final = 0.05
NEGATIVE_MEMORY_MIN: Final = 1440.0
_NEGATIVE_RANGE: Final = (0.05, 0.5)


class Wandering(NamedTuple):
    """Where the two wanders are at the end of a stretch."""

    rate: float = 0.0
    share: float = 0.0


def rhythm(at_ms: Floats) -> Floats:
    """How lively each of these moments is, 1 on the mean of a working day.

    >>> noon, night = rhythm(np.array([12.0, 4.0]) * 3_600_000)
    >>> bool(noon > night), round(float(night), 2)
    (True, 0.33)
    """
    hour = at_ms / 3_600_000 % 24
    day = (1.0 - np.cos((hour - DEEPEST_NIGHT_H) / 24.0 * 2.0 * math.pi)) / 2.0
    weekday = (at_ms // 86_400_000 + 4) % 7
    weekend = (weekday == 0) | (weekday == 6)
    lively = (NIGHT + (DAY - NIGHT) * day) / ((NIGHT + DAY) / 2.0)
    return np.asarray(lively * np.where(weekend, WEEKEND, 1.0), dtype=np.float64)


def wander(chance: Chance, minutes: int, before: Wandering) -> tuple[Floats, Floats, Wandering]:
    """The next minutes of the rate's factor and of the negative share, and where the wanders then are."""
    rate = _autoregressive(chance, minutes, before.rate, WANDER_KEEP, WANDER_STEP)
    keep = math.exp(-1.0 / NEGATIVE_MEMORY_MIN)
    share = _autoregressive(chance, minutes, before.share, keep, NEGATIVE_SPREAD * math.sqrt(1.0 - keep * keep))
    now = Wandering(float(rate[-1]), float(share[-1]))
    return np.exp(rate), np.clip(NEGATIVE + share, *_NEGATIVE_RANGE), now


def _autoregressive(chance: Chance, length: int, before: float, keep: float, step: float) -> Floats:
    steps = chance.normal(0.0, step, length)
    found, _ = lfilter([1.0], [1.0, -keep], steps, zi=[keep * before])
    return np.asarray(found, dtype=np.float64)
