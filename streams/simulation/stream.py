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
from streams.simulation.scenario import MINUTE_MS, Floats, Flood, Scenario, Tone, Wave

_POSTS_A_STRETCH: Final = 10_000
_SHORTEST_MIN: Final = 30
_LONGEST_MIN: Final = 1440


def posts_of(scenario: Scenario) -> Iterator[Posts]:
    """All posts of a scenario in order of time, some thousands at once."""
    waiting: Posts | None = None
    wandering = Wandering()
    length = stretch_min(scenario.rate_per_min)
    for stretch in range(-(-scenario.minutes // length)):
        start_ms = scenario.start_ms + stretch * length * MINUTE_MS
        end_ms = min(start_ms + length * MINUTE_MS, scenario.end_ms)
        chance = _chance(scenario, 0, stretch)
        factor, shares, wandering = wander(chance, length, wandering)
        minutes_ms = start_ms + np.arange(length, dtype=np.float64) * MINUTE_MS
        usual = scenario.rate_per_min * rhythm(minutes_ms + scenario.clock_shift_ms) * factor
        platforms = tuple(share for _, share in scenario.platforms)
        said = [ordinary(chance, stretch, start_ms, usual, shares, platforms)]
        if waiting is not None:
            said.append(waiting)
        whole = together(said)
        waiting = whole.rows(whole.at_ms >= start_ms + length * MINUTE_MS)
        now = _with_events(
            scenario, stretch, start_ms, usual, shares, whole.rows(whole.at_ms < start_ms + length * MINUTE_MS)
        )
        yield now.rows(now.at_ms < end_ms)


def stretch_min(rate_per_min: float) -> int:
    """How many minutes a stretch holds at this rate.

    >>> stretch_min(0.3), stretch_min(15.0), stretch_min(800.0)
    (1440, 666, 30)
    """
    return max(_SHORTEST_MIN, min(_LONGEST_MIN, int(_POSTS_A_STRETCH / rate_per_min)))


def _with_events(scenario: Scenario, stretch: int, start_ms: int, usual: Floats, shares: Floats, posts: Posts) -> Posts:
    end_ms = start_ms + len(usual) * MINUTE_MS
    added = [posts]
    tones: list[tuple[int, Tone]] = []
    for cause, event in enumerate(scenario.events, 1):
        for place, part in enumerate(event.parts):
            chance = _chance(scenario, cause, stretch, place)
            match part:
                case Wave():
                    found = wave_posts(chance, scenario, part, cause, stretch, start_ms, usual, shares)
                    added += [] if found is None else [found]
                case Flood():
                    flood = flood_posts(_chance(scenario, cause, 0, place), scenario, part, cause)
                    added.append(flood.rows((flood.at_ms >= start_ms) & (flood.at_ms < end_ms)))
                case Tone():
                    tones.append((cause, part))
    for cause, tone in tones:
        share = shares[np.clip((posts.at_ms - start_ms) // MINUTE_MS, 0, len(shares) - 1)]
        added[0] = in_tone(_chance(scenario, cause, stretch), scenario, tone, added[0], share)
    return together(added)


def _chance(scenario: Scenario, *what: int) -> Chance:
    return np.random.default_rng([scenario.seed, crc32(scenario.brand.encode()), *what])
