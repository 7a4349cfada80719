"""What happens in a simulated stream: its rate, its platforms, and the events in it with their parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MINUTE_MS: Final = 60_000


class Mood(StrEnum):
    """What a person would call a post."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Theme(StrEnum):
    """What a post is about. The first three are every day's; the others belong to events."""

    NEUTRAL = "neutral"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    CRISIS = "crisis"
    PRAISE = "praise"
    GIVEAWAY = "giveaway"
    NEWS = "news"
    FLOOD = "flood"

    @property
    def mood(self) -> Mood:
        """What a person would call it.

        >>> Theme.CRISIS.mood
        <Mood.NEGATIVE: 'negative'>
        """
        return _MOODS[self]


_MOODS: Final = {
    Theme.NEUTRAL: Mood.NEUTRAL,
    Theme.POSITIVE: Mood.POSITIVE,
    Theme.NEGATIVE: Mood.NEGATIVE,
    Theme.CRISIS: Mood.NEGATIVE,
    Theme.PRAISE: Mood.POSITIVE,
    Theme.GIVEAWAY: Mood.POSITIVE,
    Theme.NEWS: Mood.NEUTRAL,
    Theme.FLOOD: Mood.NEGATIVE,
}
#: Themes by number, as posts carry them.
THEMES: Final = tuple(Theme)


class Kind(StrEnum):
    """The kinds of events. The first six are crises, and somebody must be paged; the others must page nobody."""

    BURST = "burst"
    BURST_BEHIND_FLOOD = "burst_behind_flood"
    BURST_AT_NIGHT = "burst_at_night"
    BURST_ON_SMALL_PLATFORM = "burst_on_small_platform"
    CHANGE_OF_TONE = "change_of_tone"
    SLOW_BURN = "slow_burn"
    PRAISE = "praise"
    GIVEAWAY = "giveaway"
    NEWS = "news"
    WEEKLY_PEAK = "weekly_peak"
    CAMPAIGN = "campaign"
    FLOOD = "flood"

    @property
    def pages(self) -> bool:
        """Whether somebody must be paged.

        >>> Kind.SLOW_BURN.pages, Kind.PRAISE.pages
        (True, False)
        """
        return self in CRISES


CRISES: Final = frozenset(
    (
        *(Kind.BURST, Kind.BURST_BEHIND_FLOOD, Kind.BURST_AT_NIGHT),
        *(Kind.BURST_ON_SMALL_PLATFORM, Kind.CHANGE_OF_TONE, Kind.SLOW_BURN),
    )
)


@dataclass(frozen=True, slots=True)
class Wave:
    """More posts: `factor` times the usual rate, those of every day included, reached after `rise_min`.

    Times are minutes from the stream's start. The wave lasts `minutes` in all, the last `fall_min` of them falling.
    `themes` are the shares of what the extra posts are about; empty means as on any day. With `platform` it is on that
    one alone, and `factor` is of its own rate. `reposts` is the share that repeats one of the wave's first posts word
    for word. With `every_min` it comes again so often.
    """

    after_min: int
    minutes: int
    factor: float
    rise_min: int
    themes: tuple[tuple[Theme, float], ...] = ()
    fall_min: int = 0
    platform: str | None = None
    reposts: float = 0.0
    every_min: int | None = None

    def above_usual(self, minutes: Floats) -> Floats:
        """How many times the usual rate comes on top of it, for each of these minutes from the stream's start.

        >>> Wave(10, 60, factor=8.0, rise_min=5).above_usual(np.array([9.0, 10.0, 14.0, 69.0, 70.0]))
        array([0. , 1.4, 7. , 7. , 0. ])
        """
        since = minutes - self.after_min
        if self.every_min is not None:
            since = np.where(since < 0, since, since % self.every_min)
        rising = (since + 1) / max(self.rise_min, 1)
        falling = (self.minutes - since) / max(self.fall_min, 1)
        within = (since >= 0) & (since < self.minutes)
        shape = np.clip(np.minimum(rising, falling), 0.0, 1.0)
        return np.asarray(np.where(within, (self.factor - 1.0) * shape, 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Tone:
    """The same number of posts in another tone: the negative share moves to `share` within `rise_min`."""

    after_min: int
    minutes: int
    share: float
    rise_min: int

    def moved(self, minutes: Floats) -> Floats:
        """How far it has moved at each of these minutes, 0 to 1.

        >>> Tone(10, 60, share=0.62, rise_min=10).moved(np.array([9.0, 10.0, 14.5, 20.0, 70.0]))
        array([0.  , 0.  , 0.45, 1.  , 0.  ])
        """
        since = minutes - self.after_min
        within = (since >= 0) & (since < self.minutes)
        return np.asarray(np.where(within, np.clip(since / self.rise_min, 0.0, 1.0), 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Flood:
    """`posts` from a template by `accounts` young accounts, evenly over `minutes`."""

    after_min: int
    minutes: int
    posts: int
    accounts: int


Part = Wave | Tone | Flood


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, made of parts.

    `onset_min` is when it begins, in minutes from the stream's start; for a crisis, when the extra anger begins.
    """

    kind: Kind
    onset_min: int
    minutes: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stream to simulate. `rate_per_min` is the mean over a working day; `seed` decides everything else.

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
    events: tuple[Event, ...] = ()
    clock_shift_ms: int = 0

    @property
    def end_ms(self) -> int:
        """First moment after the stream."""
        return self.start_ms + self.minutes * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Truth:
    """What a detector is never shown: what began when, how long it lasts, and whether somebody must be paged."""

    kind: Kind
    brand: str
    onset_ms: int
    end_ms: int
    pages: bool


def truths(scenario: Scenario) -> list[Truth]:
    """The truth about each event of a scenario, in order of onset.

    >>> from streams.simulation.kinds import burst
    >>> [truth.onset_ms for truth in truths(Scenario("acme", 0, 600, events=(burst(30),)))]
    [1800000]
    """
    found = [
        Truth(
            event.kind,
            scenario.brand,
            scenario.start_ms + event.onset_min * MINUTE_MS,
            scenario.start_ms + (event.onset_min + event.minutes) * MINUTE_MS,
            event.kind.pages,
        )
        for event in scenario.events
    ]
    return sorted(found, key=lambda truth: (truth.onset_ms, truth.kind))
