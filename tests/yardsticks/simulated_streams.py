"""Simulated crises and ordinary weeks through the detectors and the planner: who is paged, when, and when falsely.

A life's history is played once. Where a crisis is to come, the watch's state is kept, and each crisis goes its own
course from such a state; the life itself goes on without them. Published rules are judged on the same posts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Final, Protocol

import numpy as np

from streams.simulation.scenario import MINUTE_MS, Scenario, Truth, truths
from streams.simulation.stream import posts_of
from tests.yardsticks import simulated_rules
from tests.yardsticks.simulated_lives import (
    HISTORY_WEEKS,
    IN_TIME_MIN,
    LEAD_MIN,
    START_MS,
    WEEK_MIN,
    Crisis,
    CrisisClass,
    Life,
)
from tests.yardsticks.simulated_play import Watched, buckets, told_between, whole_buckets_ms
from tests.yardsticks.simulated_rules import Counts, Rule
from tests.yardsticks.simulated_scoring import Labels, Reader, Words

#: Pages before this are of a brand that is not known for a week yet; they are told apart.
_KNOWN_WEEKS: Final = 1
#: What happened where no event was near.
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Course:
    """How one crisis went: minutes from its onset to the page, None where nobody was paged in time."""

    of: CrisisClass
    seed: int
    onset_ms: int
    minutes: float | None
    rules: dict[Rule, float | None]


@dataclass(frozen=True, slots=True)
class FalsePage:
    """A page that nobody should have had, and the harmless event it belongs to, or `NOTHING`."""

    rate_per_min: float
    seed: int
    at_ms: int
    during: str


@dataclass(slots=True)
class Outcome:
    """What came of some lives. `weeks` counts the weeks from each brand's second on, `peak_weeks` those with peaks."""

    courses: list[Course] = field(default_factory=list)
    false_pages: list[FalsePage] = field(default_factory=list)
    first_week_pages: int = 0
    weeks: float = 0.0
    peak_weeks: float = 0.0
    peaks: Counter[str] = field(default_factory=Counter)
    rule_pages: Counter[Rule] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Take in what came of other lives."""
        self.courses += other.courses
        self.false_pages += other.false_pages
        self.first_week_pages += other.first_week_pages
        self.weeks += other.weeks
        self.peak_weeks += other.peak_weeks
        self.peaks += other.peaks
        self.rule_pages += other.rule_pages

    def minutes(self, of: CrisisClass) -> list[float | None]:
        """Minutes to the page of each crisis of a class."""
        return [course.minutes for course in self.courses if course.of == of]

    @property
    def seen(self) -> int:
        """Crises that were paged in time."""
        return sum(course.minutes is not None for course in self.courses)

    @property
    def false_a_week(self) -> float:
        """False pages a brand and week."""
        return len(self.false_pages) / self.weeks if self.weeks else 0.0


class Play(Protocol):
    """Plays a life, or knows what came of it."""

    def __call__(self, life: Life, words: Words, labels: Labels) -> Outcome: ...


def outcome_of(
    lives: Sequence[Life],
    words: Words,
    labels: Labels,
    told: Callable[[str], None] = print,
    processes: int = 1,
    play: Play | None = None,
) -> Outcome:
    """Play `lives`, with `play_life` where no other is given, and tell of each when it is done."""
    whole = Outcome()
    one = partial(play or play_life, words=words, labels=labels)
    for number, (life, found) in enumerate(_played(lives, one, processes), 1):
        whole.add(found)
        told(
            f"{labels.value}: {number} of {len(lives)} lives ({life.rate_per_min:g} a minute, seed {life.seed}), "
            f"{whole.seen} of {len(whole.courses)} crises, "
            f"{len(whole.false_pages)} false pages in {whole.weeks:.0f} weeks"
        )
    return whole


def _played(lives: Sequence[Life], one: Callable[[Life], Outcome], processes: int) -> Iterator[tuple[Life, Outcome]]:
    if processes == 1:
        yield from zip(lives, map(one, lives), strict=True)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(lives, pool.map(one, lives), strict=True)


def play_life(life: Life, words: Words, labels: Labels) -> Outcome:
    """One life: its weeks from the first to the last, and each of its crises."""
    reader = Reader(words.learned)
    scenario = life.scenario()
    pages, kept = _weeks(scenario, life.crises(), words, reader, labels)
    counts = counts_of(scenario)
    out = Outcome(weeks=HISTORY_WEEKS - _KNOWN_WEEKS + life.peak_weeks, peak_weeks=life.peak_weeks)
    out.peaks.update(truth.kind.value for truth in truths(scenario))
    known_ms = START_MS + _KNOWN_WEEKS * WEEK_MIN * MINUTE_MS
    out.first_week_pages = sum(at_ms < known_ms for at_ms in pages)
    out.false_pages = [
        FalsePage(life.rate_per_min, life.seed, at_ms, what_was_on(truths(scenario), at_ms))
        for at_ms in pages
        if at_ms >= known_ms
    ]
    for rule in Rule:
        raised = simulated_rules.raised(rule, counts)
        out.rule_pages[rule] = sum(minute >= _KNOWN_WEEKS * WEEK_MIN for minute in simulated_rules.pages(raised))
    for crisis in life.crises():
        minutes = _course(life, crisis, kept[crisis], words, reader, labels)
        rules = _rules(counts_of(life.scenario(crisis)), crisis)
        out.courses.append(Course(crisis.of, life.seed, crisis.onset_ms, minutes, rules))
    return out


def left_ms(crisis: Crisis) -> int:
    """Where the course of a crisis leaves the history."""
    return whole_buckets_ms(crisis.onset_ms - LEAD_MIN * MINUTE_MS)


def what_was_on(known: Sequence[Truth], at_ms: int) -> str:
    """The harmless event during which, or within two hours after which, somebody was paged."""
    for truth in known:
        every_ms = WEEK_MIN * MINUTE_MS if truth.kind.value == "weekly_peak" else 2**62
        since_ms = (at_ms - truth.onset_ms) % every_ms
        if 0 <= since_ms <= truth.end_ms - truth.onset_ms + IN_TIME_MIN * MINUTE_MS:
            return truth.kind.value
    return NOTHING


def counts_of(scenario: Scenario) -> Counts:
    """Mentions of each minute of a scenario."""
    counts = np.zeros(scenario.minutes, np.int64)
    for posts in posts_of(scenario):
        np.add.at(counts, (posts.at_ms - scenario.start_ms) // MINUTE_MS, 1)
    return counts


def _weeks(
    scenario: Scenario, crises: Sequence[Crisis], words: Words, reader: Reader, labels: Labels
) -> tuple[list[int], dict[Crisis, bytes]]:
    """When somebody was paged in the weeks of a life, and the states in which the courses of its crises begin."""
    watched = Watched(scenario)
    kept: dict[Crisis, bytes] = {}
    pages: list[int] = []
    coming = sorted(crises, key=left_ms, reverse=True)
    told = told_between(scenario, words.texts, scenario.start_ms, scenario.end_ms)
    for bucket in buckets(told, reader, labels):
        while coming and left_ms(coming[-1]) <= bucket.start_ms:
            kept[coming.pop()] = watched.frozen()
        pages += watched.pages(bucket)
    return pages, kept


def _course(life: Life, crisis: Crisis, state: bytes, words: Words, reader: Reader, labels: Labels) -> float | None:
    """Minutes from a crisis's onset to the page."""
    scenario = life.scenario(crisis)
    watched = Watched(scenario, state)
    told = told_between(scenario, words.texts, left_ms(crisis), scenario.end_ms)
    for bucket in buckets(told, reader, labels):
        for at_ms in watched.pages(bucket):
            minutes = (at_ms - crisis.onset_ms) / MINUTE_MS
            if 0.0 <= minutes <= IN_TIME_MIN:
                return minutes
    return None


def _rules(counts: Counts, crisis: Crisis) -> dict[Rule, float | None]:
    """Minutes from a crisis's onset to the first minute at which each published rule is met."""
    onset = crisis.event.onset_min
    found: dict[Rule, float | None] = {}
    for rule in Rule:
        met = np.flatnonzero(simulated_rules.raised(rule, counts)[onset : onset + IN_TIME_MIN])
        found[rule] = float(met[0]) + 1.0 if len(met) else None
    return found


def median_min(minutes: Sequence[float | None]) -> float:
    """The median; what was missed counts as two hours.

    >>> median_min([3.0, None, 5.0])
    5.0
    """
    return median(IN_TIME_MIN if one is None else one for one in minutes) if minutes else float("nan")
