"""The way in which simulated streams are judged: the fast way is the true one, and nobody looks ahead."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import pytest

from detectors.mention import Mention, encode_mention, rfc3339
from detectors.signal import Signal
from detectors.text.model import START
from playbooks.content.catalog import load_library
from playbooks.incidents.decisions import IncidentLine
from playbooks.incidents.rehearse import Rehearsal
from streams.backtest import Pipeline
from streams.rules import rules_of
from streams.settings import Settings
from streams.simulation.delivery import Delivery, delivered
from streams.simulation.kinds import burst, change_of_tone, praise
from streams.simulation.scenario import MINUTE_MS, Kind, Scenario, truths
from streams.simulation.telling import simulate
from streams.sources.jsonl import read_lines
from tests.yardsticks import simulated_rules
from tests.yardsticks.simulated_lives import (
    CLASSES,
    HISTORY_WEEKS,
    IN_TIME_MIN,
    REPORTED_SEEDS,
    START_MS,
    TUNING_SEEDS,
    WEEK_MIN,
    Life,
    full,
    quick,
)
from tests.yardsticks.simulated_play import Watched, buckets, told_between
from tests.yardsticks.simulated_rules import Rule
from tests.yardsticks.simulated_scoring import Labels, Reader, airline_words, own_words
from tests.yardsticks.simulated_streams import (
    Course,
    FalsePage,
    Outcome,
    counts_of,
    left_ms,
    median_min,
    outcome_of,
    what_was_on,
)
from tests.yardsticks.simulated_table import harmless, table

DAY_MIN = 1440
#: Two ordinary days, praise, and a storm of two hours that ends before the stream does.
STORM = Scenario(
    "acme",
    START_MS,
    3 * DAY_MIN,
    3.0,
    platforms=(("x", 0.6), ("bluesky", 0.4)),
    events=(praise(DAY_MIN + 600), burst(2 * DAY_MIN + 700, minutes=120), change_of_tone(2 * DAY_MIN + 1100)),
)


def backtested(lines: Iterable[bytes]) -> Iterator[tuple[Signal, bool]]:
    """What a backtest makes of JSONL: each signal, and whether somebody is paged for it."""
    settings = Settings(any_brand=True)
    pipeline = Pipeline(rules_of(settings), settings.kafka.mentions_partitions)
    rehearsal = Rehearsal(load_library())
    for signal in pipeline.signals(read_lines(lines)):
        lines_of = rehearsal.take(signal)
        yield signal, any(isinstance(line, IncidentLine) and line.pages for line in lines_of)


def decided(found: Iterable[tuple[Signal, bool]]) -> list[tuple[object, ...]]:
    """Signals and pages by what anybody could tell apart, the run's name aside."""
    return [
        (signal.at_ms, signal.platform, signal.kind, signal.severity, signal.score, signal.evidence.authors, pages)
        for signal, pages in found
    ]


def as_lines(mentions: Iterable[Mention]) -> list[bytes]:
    """Mentions as the lines of a file."""
    return [encode_mention(mention) for mention in mentions]


@cache
def storm_lines() -> list[bytes]:
    """The storm as sources deliver it: some late, some twice."""
    return as_lines(arrival.mention for arrival in delivered(STORM, Delivery(late=0.05, repeated=0.02)))


@pytest.mark.slow
def test_the_fast_way_gives_the_signals_and_pages_of_a_backtest() -> None:
    true = decided(backtested(as_lines(simulate(STORM))))
    watched = Watched(STORM)
    told = told_between(STORM, own_words().texts, STORM.start_ms, STORM.end_ms)
    fast = [one for bucket in buckets(told, Reader(), Labels.COLD) for one in watched.decide(bucket)]
    assert any(pages for *_, pages in true), "the storm pages somebody"
    assert decided(fast) == true


@pytest.mark.slow
def test_decisions_are_the_same_where_the_future_is_cut_off() -> None:
    lines = storm_lines()
    whole = decided(backtested(lines))
    assert any(pages for *_, pages in whole)
    for share in (0.5, 0.8, 0.9):
        seen = lines[: int(len(lines) * share)]
        newest_ms = max(line.mention.created_ms for line in read_lines(seen) if line.mention)
        known_ms = newest_ms - MINUTE_MS
        cut = [one for one in decided(backtested(seen)) if int(str(one[0])) < known_ms]
        assert cut == [one for one in whole if int(str(one[0])) < known_ms], rfc3339(known_ms)


@pytest.mark.slow
def test_a_course_begins_where_its_life_was_left() -> None:
    reader, words = Reader(), own_words()
    told = list(told_between(STORM, words.texts, STORM.start_ms, STORM.end_ms))
    first, second = Watched(STORM), None
    at_once, later = [], []
    for number, bucket in enumerate(buckets(told, reader, Labels.PERFECT)):
        if number == 5000:
            second = Watched(STORM, first.frozen())
        at_once += [at_ms for at_ms in first.pages(bucket) if second]
        later += second.pages(bucket) if second else []
    assert at_once == later != []


# --- what is looked at ------------------------------------------------------------------------------------------------


def test_tuning_and_reported_seeds_have_nothing_in_common() -> None:
    assert not set(TUNING_SEEDS) & set(REPORTED_SEEDS)
    assert {life.seed for life in quick()} <= set(TUNING_SEEDS)
    assert {life.seed for life in full()} <= set(REPORTED_SEEDS)


def test_the_full_set_has_a_hundred_crises_and_250_weeks_with_each_kind_of_harmless_peak() -> None:
    lives = full()
    crises = [crisis for life in lives for crisis in life.crises()]
    assert len(crises) == 100
    assert {of.name: sum(crisis.of is of for crisis in crises) for of in CLASSES} == dict.fromkeys(
        (of.name for of in CLASSES), 10
    )
    assert sum(life.peak_weeks for life in lives) >= 250
    peaks = {event.kind for life in lives for event in life.peaks()}
    assert peaks == {kind for kind in Kind if not kind.pages}


def test_a_crisis_has_two_to_three_ordinary_weeks_before_it_with_no_event_but_weekly_peaks() -> None:
    for life in full():
        for crisis in life.crises():
            assert 2 * WEEK_MIN <= crisis.event.onset_min < HISTORY_WEEKS * WEEK_MIN
            before = [event for event in life.peaks() if event.onset_min < crisis.event.onset_min]
            assert {event.kind for event in before} <= {Kind.WEEKLY_PEAK}
            hour = crisis.event.onset_min % DAY_MIN / 60
            assert 1 <= hour < 4 if crisis.of.kind is Kind.BURST_AT_NIGHT else 8 <= hour < 20
            assert left_ms(crisis) <= crisis.onset_ms - 30 * MINUTE_MS


def test_a_page_belongs_to_the_event_it_falls_into_or_to_nothing() -> None:
    known = truths(STORM)
    onset_ms = START_MS + (DAY_MIN + 600) * MINUTE_MS
    assert what_was_on(known, onset_ms + MINUTE_MS) == "praise"
    assert what_was_on(known, onset_ms + (150 + 119) * MINUTE_MS) == "praise"
    assert what_was_on(known, onset_ms + (150 + 121) * MINUTE_MS) == what_was_on(known, onset_ms - 1) == "nothing"


def test_what_was_missed_counts_as_two_hours_in_the_median() -> None:
    assert median_min([4.0, None, None]) == 120
    assert math.isnan(median_min([]))


@pytest.mark.slow
def test_a_life_is_played_to_its_end_and_each_of_its_crises_takes_its_course() -> None:
    life = Life(0.3, TUNING_SEEDS[0], 1, 1)
    said: list[str] = []
    found = outcome_of([life], own_words(), Labels.PERFECT, said.append)
    assert [course.of for course in found.courses] == [crisis.of for crisis in life.crises()]
    assert all(course.minutes is None or 0 <= course.minutes <= IN_TIME_MIN for course in found.courses)
    assert found.seen >= 1, "with perfect labels somebody is paged"
    assert (found.weeks, found.peak_weeks, len(said)) == (3, 1, 1)


def test_the_table_has_a_row_for_each_class_and_says_what_was_seen_and_what_was_false() -> None:
    courses = [
        Course(CLASSES[0], 1, 0, 2.0, dict.fromkeys(Rule, 5.0)),
        Course(CLASSES[0], 2, 0, 4.0, dict.fromkeys(Rule)),
        Course(CLASSES[8], 1, 0, None, dict.fromkeys(Rule)),
    ]
    false = [FalsePage(3.0, 1, 0, "praise")]
    outcome = Outcome(courses, false, weeks=10.0, peaks=Counter({"praise": 7}), rule_pages=Counter({Rule.WEEK_MEAN: 5}))
    lines = table({Labels.PERFECT: outcome}).splitlines()
    assert [[cell.strip() for cell in line.split("|")[1:5]] for line in lines[2:]] == [
        ["burst at 3/min", "2", "3", "3.0 (2)"],
        ["slow burn at 3/min", "1", "38", "120.0 (0)"],
        ["paged within 120 min", "", "95 %", "2 of 3"],
        ["false pages a brand and week", "", "0.03", "0.100 (1 in 10)"],
    ]
    assert lines[2].endswith("| 62.5 (1) |")
    assert "| 0.50 |" in lines[-1]
    assert "| praise | 1 | 7 |" in harmless(outcome)


# --- published rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule is not Rule.DAY_MEAN])
def test_a_rule_is_raised_by_a_burst_and_not_by_the_same_as_ever(rule: Rule) -> None:
    steady = np.full(3 * WEEK_MIN, 3)
    steady[::7] += 1
    assert not simulated_rules.raised(rule, steady).any()
    burst_at = 2 * WEEK_MIN + 600
    steady[burst_at : burst_at + 60] *= 8
    raised = np.flatnonzero(simulated_rules.raised(rule, steady))
    assert burst_at <= raised[0] < burst_at + 60


def test_the_mean_of_a_day_is_raised_by_days_that_are_twice_as_lively() -> None:
    counts = np.full(2 * WEEK_MIN, 3)
    counts[::7] += 1
    assert not simulated_rules.raised(Rule.DAY_MEAN, counts).any()
    counts[-DAY_MIN:] *= 2
    assert simulated_rules.raised(Rule.DAY_MEAN, counts)[-1]


def test_the_counts_are_those_of_the_mentions() -> None:
    counts = counts_of(STORM)
    assert counts.sum() == sum(1 for _ in simulate(STORM))


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.yardsticks
def test_what_is_said_was_not_learned_from() -> None:
    words = airline_words()
    assert words.learned != START
    told = list(told_between(STORM, words.texts, START_MS, START_MS + DAY_MIN * MINUTE_MS))
    reader = Reader(words.learned)
    angry = [reader.read(one.mention.body).learned for one in told if one.theme.mood.value == "negative"]
    calm = [reader.read(one.mention.body).learned for one in told if one.theme.mood.value != "negative"]
    assert 0.2 < np.mean(angry) - np.mean(calm) < 0.9, "good, but not as if it knew the texts"


def test_flipped_labels_are_wrong_three_times_in_ten() -> None:
    told = list(told_between(STORM, own_words().texts, START_MS, START_MS + DAY_MIN * MINUTE_MS))
    reader = Reader()
    wrong = [(reader.negativity(one, Labels.FLIPPED) > 0.5) != (one.theme.mood.value == "negative") for one in told]
    right = [(reader.negativity(one, Labels.PERFECT) > 0.5) == (one.theme.mood.value == "negative") for one in told]
    assert np.mean(wrong) == pytest.approx(0.3, abs=0.03)
    assert all(right)
