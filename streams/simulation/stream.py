"""A scenario's posts, stretch by stretch, in order of time.

A stretch is so many minutes that it holds some ten thousand posts, and has random numbers of its own; what its posts
draw after them beyond its end waits for the next. So a stream can be told bit by bit, however long it is, and its
beginning does not depend on its end. Each event has random numbers of its own too, so that it leaves the ordinary
stream as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zlib import crc32

import numpy as np

from streams.simulation.background import ordinary
from streams.simulation.happenings import flood_posts, in_tone, wave_posts
from streams.simulation.mood_of_day import Wandering, rhythm, wander
from streams.simulation.posts import Chance, Posts, together
from streams.simulation.scenario import MINUTE_MS, Flood, Scenario, Tone, Wave
from streams.simulation.stretch import Stretch

_POSTS_A_STRETCH: Final = 10_000
_SHORTEST_MIN: Final = 30
_LONGEST_MIN: Final = 1440


def posts_of(scenario: Scenario) -> Iterator[Posts]:
    """All posts of a scenario in order of time, some thousands at once."""
    platforms = [share for _, share in scenario.platforms]
    waiting: list[Posts] = []
    for stretch, chance in _stretches(scenario):
        said = together([ordinary(chance, stretch, platforms), *waiting])
        waiting = [said.rows(said.at_ms >= stretch.end_ms)]
        whole = _with_events(scenario, stretch, said.rows(said.at_ms < stretch.end_ms))
        yield whole.rows(whole.at_ms < scenario.end_ms)


def stretch_min(rate_per_min: float) -> int:
    """How many minutes a stretch holds at this rate.

    >>> stretch_min(0.3), stretch_min(15.0), stretch_min(800.0)
    (1440, 666, 30)
    """
    return max(_SHORTEST_MIN, min(_LONGEST_MIN, int(_POSTS_A_STRETCH / rate_per_min)))


def _stretches(scenario: Scenario) -> Iterator[tuple[Stretch, Chance]]:
    """The stretches of a scenario, the last of them whole, each with what its ordinary posts are drawn by."""
    wandering = Wandering()
    length = stretch_min(scenario.rate_per_min)
    for number in range(-(-scenario.minutes // length)):
        start_ms = scenario.start_ms + number * length * MINUTE_MS
        chance = _chance(scenario, 0, number)
        factor, shares, wandering = wander(chance, length, wandering)
        minutes_ms = start_ms + np.arange(length, dtype=np.float64) * MINUTE_MS
        usual = scenario.rate_per_min * rhythm(minutes_ms + scenario.clock_shift_ms) * factor
        yield Stretch(number, start_ms, usual, shares), chance


def _with_events(scenario: Scenario, stretch: Stretch, posts: Posts) -> Posts:
    """A stretch's ordinary posts and those of events."""
    added: list[Posts] = []
    for cause, event in enumerate(scenario.events, 1):
        for place, part in enumerate(event.parts):
            match part:
                case Wave():
                    chance = _chance(scenario, cause, stretch.number, place)
                    found = wave_posts(chance, stretch, scenario, part, cause)
                    added += [] if found is None else [found]
                case Flood():
                    chance = _chance(scenario, cause, 0, place)
                    added.append(flood_posts(chance, stretch, scenario, part, cause))
                case Tone():
                    chance = _chance(scenario, cause, stretch.number)
                    posts = in_tone(chance, stretch, scenario, part, posts)
    return together([posts, *added])


def _chance(scenario: Scenario, *what: int) -> Chance:
    """Random numbers of their own for each cause, stretch and part."""
    return np.random.default_rng([scenario.seed, crc32(scenario.brand.encode()), *what])
