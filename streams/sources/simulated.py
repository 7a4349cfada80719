"""A seeded simulation of what people say about a brand: ordinary days with their rhythm, and a crisis in them.

The parameters are those of ordinary streams as they were measured: a daily cycle of 1 to 5 and weekends at three
quarters, a slow wander (log-AR(1), 0.995 and 0.02 a minute), gamma noise of shape 8, a negative share of 0.22 +- 0.05,
a quarter of the posts from a few thousand regulars and the rest from people who post once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np

from detectors.mention import Author, Mention
from streams.sources import phrases

_MINUTE_MS: Final = 60_000
_DAY_MIN: Final = 1440
_REGULARS: Final = 3000
_REGULAR_SHARE: Final = 0.25
_WANDER_KEEP: Final = 0.995
_WANDER_STEP: Final = 0.02
_NOISE_SHAPE: Final = 8.0
_NEGATIVE: Final = 0.22
_NEGATIVE_SPREAD: Final = 0.05
_POSITIVE: Final = 0.3
_WEEKEND: Final = 0.75
_DEEPEST_NIGHT_H: Final = 4.0


class Mood(StrEnum):
    """What a post is like."""

    NEUTRAL = "neutral"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    CRISIS = "crisis"


_SAYINGS: Final = {
    Mood.NEUTRAL: phrases.NEUTRAL,
    Mood.POSITIVE: phrases.POSITIVE,
    Mood.NEGATIVE: phrases.NEGATIVE,
    Mood.CRISIS: phrases.CRISIS,
}


@dataclass(frozen=True, slots=True)
class Burst:
    """Anger that grows to `factor` times the usual rate within `rise_min` minutes and lasts `minutes` in all."""

    after_min: int
    minutes: int
    factor: float = 8.0
    rise_min: int = 5


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stream to simulate. `rate_per_min` is the mean over a week; `seed` decides everything else.

    `platforms` gives each platform's share. The stream begins at `start_ms` and lasts `minutes`. `clock_shift_ms` is
    how far the clock that people live by is ahead of UTC.
    """

    brand: str
    start_ms: int
    minutes: int
    rate_per_min: float = 3.0
    seed: int = 1
    run: str | None = None
    platforms: tuple[tuple[str, float], ...] = (("x", 0.7), ("bluesky", 0.3))
    burst: Burst | None = None
    clock_shift_ms: int = 0


def simulate(scenario: Scenario) -> Iterator[Mention]:
    """The mentions of a scenario, in order of time; the same scenario always gives the same.

    >>> from itertools import islice
    >>> day = Scenario("acme", start_ms=1_760_000_000_000, minutes=60)
    >>> first = list(islice(simulate(day), 5))
    >>> first == list(islice(simulate(day), 5)), {mention.brand for mention in first}
    (True, {'acme'})
    """
    return (mention for _, mention in simulate_with_moods(scenario))


def simulate_with_moods(scenario: Scenario) -> Iterator[tuple[Mood, Mention]]:
    """As `simulate`, and what each mention was meant to be: the truth that a detector is never shown."""
    chance = np.random.default_rng([scenario.seed, len(scenario.brand)])
    wander = 0.0
    number = 0
    negative_share = _NEGATIVE
    for minute in range(scenario.minutes):
        at_ms = scenario.start_ms + minute * _MINUTE_MS
        if minute % _DAY_MIN == 0:
            negative_share = float(np.clip(chance.normal(_NEGATIVE, _NEGATIVE_SPREAD), 0.05, 0.5))
        wander = _WANDER_KEEP * wander + chance.normal(0.0, _WANDER_STEP)
        usual = scenario.rate_per_min * rhythm(at_ms + scenario.clock_shift_ms) * math.exp(wander)
        ordinary = int(chance.poisson(usual * chance.gamma(_NOISE_SHAPE, 1.0 / _NOISE_SHAPE)))
        angry = int(chance.poisson(usual * _extra(scenario.burst, minute)))
        moods = [_mood(float(chance.random()), negative_share) for _ in range(ordinary)] + [Mood.CRISIS] * angry
        moments = np.sort(chance.integers(0, _MINUTE_MS, len(moods)))
        for place, mood in enumerate(chance.permutation(np.array(moods, dtype=object))):
            number += 1
            yield mood, _post(scenario, chance, number, at_ms + int(moments[place]), mood)


def rhythm(at_ms: int) -> float:
    """How lively this time of the week is, with a mean of about 1: five times as much in the evening as at night.

    >>> noon, night = 12 * 3_600_000, 4 * 3_600_000
    >>> rhythm(noon) > rhythm(night)
    True
    """
    hour = at_ms / 3_600_000 % 24
    day = (1.0 - math.cos((hour - _DEEPEST_NIGHT_H) / 24.0 * 2.0 * math.pi)) / 2.0
    weekday = int(at_ms / 86_400_000 + 4) % 7
    return (1.0 + 4.0 * day) / 3.0 * (_WEEKEND if weekday in (0, 6) else 1.0)


def _extra(burst: Burst | None, minute: int) -> float:
    if burst is None or not burst.after_min <= minute < burst.after_min + burst.minutes:
        return 0.0
    return (burst.factor - 1.0) * min(1.0, (minute - burst.after_min + 1) / burst.rise_min)


def _mood(chance: float, negative_share: float) -> Mood:
    if chance < negative_share:
        return Mood.NEGATIVE
    return Mood.POSITIVE if chance < negative_share + _POSITIVE else Mood.NEUTRAL


def _post(scenario: Scenario, chance: np.random.Generator, number: int, at_ms: int, mood: Mood) -> Mention:
    say = _SAYINGS[mood]
    picks = chance.random(5)
    sentence = (
        phrases.OPENERS[int(picks[0] * len(phrases.OPENERS))]
        + say[int(picks[1] * len(say))]
        + phrases.CLOSERS[int(picks[2] * len(phrases.CLOSERS))]
    )
    text = sentence.format(brand=scenario.brand, subject=phrases.SUBJECTS[int(picks[3] * len(phrases.SUBJECTS))])
    regular = chance.random() < _REGULAR_SHARE
    author = f"r{int(picks[4] * _REGULARS)}" if regular else f"o{number}"
    return Mention(
        id=f"{scenario.run or 'sim'}-{number}",
        platform=_platform(scenario, float(chance.random())),
        brand=scenario.brand,
        created_at=datetime.fromtimestamp(at_ms / 1000, UTC),
        text=text,
        author=Author(id=author, followers=int(chance.pareto(1.2) * 50)),
        lang="en",
        source="simulated",
        run=scenario.run,
    )


def _platform(scenario: Scenario, chance: float) -> str:
    for name, share in scenario.platforms:
        if chance < share:
            return name
        chance -= share
    return scenario.platforms[0][0]
