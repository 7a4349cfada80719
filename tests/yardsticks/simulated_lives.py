"""Which simulated lives are looked at: brands of three sizes, ordinary weeks with harmless peaks, and crises.

A life begins with three weeks of ordinary history. Its crises begin in the third of them, each in a course of its own
that leaves the history half an hour before; from the fourth week on the life goes on with harmless peaks in every week.
Lives whose seed is a multiple of three have a weekly peak from the first week on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from streams.simulation import kinds
from streams.simulation.scenario import MINUTE_MS, Event, Kind, Scenario

#: Thresholds are chosen on the tuning seeds, figures are reported on the others; no test or script mixes them.
TUNING_SEEDS: Final = range(1001, 1011)
REPORTED_SEEDS: Final = range(1, 11)

#: Midnight before a Monday.
START_MS: Final = 1_767_571_200_000
DAY_MIN: Final = 1440
WEEK_MIN: Final = 7 * DAY_MIN
HISTORY_WEEKS: Final = 3
#: Crises begin in the third week: after two whole weeks.
_FIRST_CRISIS_MIN: Final = 2 * WEEK_MIN
PLATFORMS: Final = (("x", 0.55), ("bluesky", 0.25), ("mastodon", 0.2))
SMALL_PLATFORM: Final = "mastodon"
#: A page counts for a crisis so long after its onset, and is false so long after an event's end.
IN_TIME_MIN: Final = 120
#: A course leaves the history so long before its crisis begins.
LEAD_MIN: Final = 30
_BRANDS: Final = {0.3: "small", 3.0: "middle", 15.0: "large"}
_PEAKS: Final = (kinds.praise, kinds.giveaway, kinds.news, kinds.campaign, kinds.flood)
_PEAKS_A_WEEK: Final = 3


@dataclass(frozen=True, slots=True)
class CrisisClass:
    """One row of the table: a kind of crisis at a rate, and the median minutes it may take to the page."""

    name: str
    kind: Kind
    rate_per_min: float
    median_min: float


CLASSES: Final = (
    CrisisClass("burst at 3/min", Kind.BURST, 3.0, 3.0),
    CrisisClass("burst at 15/min", Kind.BURST, 15.0, 3.0),
    CrisisClass("burst behind a flood at 3/min", Kind.BURST_BEHIND_FLOOD, 3.0, 3.0),
    CrisisClass("burst at night at 3/min", Kind.BURST_AT_NIGHT, 3.0, 5.0),
    CrisisClass("burst on a small platform at 3/min", Kind.BURST_ON_SMALL_PLATFORM, 3.0, 5.0),
    CrisisClass("burst at 0.3/min", Kind.BURST, 0.3, 7.0),
    CrisisClass("change of tone at 15/min", Kind.CHANGE_OF_TONE, 15.0, 12.0),
    CrisisClass("change of tone at 3/min", Kind.CHANGE_OF_TONE, 3.0, 22.0),
    CrisisClass("slow burn at 3/min", Kind.SLOW_BURN, 3.0, 38.0),
    CrisisClass("slow burn at 0.3/min", Kind.SLOW_BURN, 0.3, 80.0),
)


@dataclass(frozen=True, slots=True)
class Crisis:
    """One crisis of a life."""

    of: CrisisClass
    event: Event

    @property
    def onset_ms(self) -> int:
        """When the extra anger begins."""
        return START_MS + self.event.onset_min * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Life:
    """A brand's life: its rate, its seed, how many crises of each class it has, and its weeks with peaks."""

    rate_per_min: float
    seed: int
    crises_a_class: int
    peak_weeks: int

    def scenario(self, crisis: Crisis | None = None) -> Scenario:
        """The life from its first day to its last, or up to the end of one crisis, which then is its last event."""
        events = self.peaks()
        minutes = (HISTORY_WEEKS + self.peak_weeks) * WEEK_MIN
        if crisis is not None:
            events = (*events, crisis.event)
            minutes = crisis.event.onset_min + max(crisis.event.minutes, IN_TIME_MIN) + 1
        return Scenario(
            _BRANDS[self.rate_per_min],
            START_MS,
            minutes,
            self.rate_per_min,
            self.seed,
            platforms=PLATFORMS,
            events=events,
        )

    def peaks(self) -> tuple[Event, ...]:
        """The harmless events of the life."""
        weekly = self._weekly()
        chance = self._chance(1)
        found = [] if weekly is None else [weekly]
        number = self.seed + round(10 * self.rate_per_min)
        for week in range(HISTORY_WEEKS, HISTORY_WEEKS + self.peak_weeks):
            for day in sorted(chance.choice(7, _PEAKS_A_WEEK, replace=False)):
                minute = week * WEEK_MIN + int(day) * DAY_MIN + int(chance.integers(7 * 60, 19 * 60))
                found.append(_PEAKS[number % len(_PEAKS)](minute))
                number += 1
        return tuple(found)

    def crises(self) -> tuple[Crisis, ...]:
        """The crises of the life, in order of onset."""
        found = [
            Crisis(of, _event(of.kind, self._onset(place, number)))
            for place, of in enumerate(CLASSES)
            if of.rate_per_min == self.rate_per_min
            for number in range(self.crises_a_class)
        ]
        return tuple(sorted(found, key=lambda crisis: crisis.onset_ms))

    def _chance(self, *what: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, round(10 * self.rate_per_min), *what])

    def _weekly(self) -> Event | None:
        if self.seed % 3:
            return None
        chance = self._chance(2)
        return kinds.weekly_peak(int(chance.integers(0, 7)) * DAY_MIN + int(chance.integers(10, 20)) * 60)

    def _onset(self, place: int, number: int) -> int:
        """Some time in the third week, by day unless it is a crisis at night, and apart from the weekly peak."""
        chance = self._chance(3, place, number)
        night = CLASSES[place].kind is Kind.BURST_AT_NIGHT
        weekly = self._weekly()
        while True:
            day = int(chance.integers(0, 7))
            minute = int(chance.integers(60, 4 * 60) if night else chance.integers(8 * 60, 20 * 60))
            onset = _FIRST_CRISIS_MIN + day * DAY_MIN + minute
            if weekly is None or abs((onset - weekly.onset_min + WEEK_MIN // 2) % WEEK_MIN - WEEK_MIN // 2) > 300:
                return onset


def _event(kind: Kind, onset_min: int) -> Event:
    if kind is Kind.BURST_ON_SMALL_PLATFORM:
        return kinds.burst(onset_min, platform=SMALL_PLATFORM)
    return kinds.MAKE[kind](onset_min)


def full(seeds: Sequence[int] = REPORTED_SEEDS) -> tuple[Life, ...]:
    """A hundred crises and 250 weeks with harmless peaks, for ten seeds."""
    small = [Life(0.3, seed, 1, 11) for seed in seeds]
    middle = [Life(3.0, seed, 1, 11) for seed in seeds]
    large = [Life(15.0, seed, 2, 6) for seed in seeds[: (len(seeds) + 1) // 2]]
    return (*small, *middle, *large)


def quick(seeds: Sequence[int] = TUNING_SEEDS) -> tuple[Life, ...]:
    """A part of it: 34 crises, six weeks with peaks."""
    small = [Life(0.3, seed, 2, 1) for seed in seeds[:3]]
    middle = [Life(3.0, seed, 1, 1) for seed in seeds[:3]]
    large = [Life(15.0, seed, 2, 0) for seed in seeds[:1]]
    return (*small, *middle, *large)


def small() -> tuple[Life, ...]:
    """One life with six crises and nothing else: what a change of the detectors is tried on first."""
    return (Life(3.0, TUNING_SEEDS[0], 1, 0),)


def without_peaks(lives: Sequence[Life]) -> tuple[Life, ...]:
    """The same lives with their crises alone."""
    return tuple(replace(life, peak_weeks=0) for life in lives)
