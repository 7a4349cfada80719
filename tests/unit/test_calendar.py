"""Planned campaigns: expected, not muted; the same from the settings to the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from detectors.bucket import BUCKET_MS, Digest
from detectors.calendar import NOTHING_PLANNED, Calendar, Campaign
from detectors.mention import to_ms
from detectors.rules import NO_RULES, WatchRules
from detectors.signal import Signal, SignalKind
from detectors.watch.brand_watch import BrandWatch
from playbooks.content.catalog import load_library
from playbooks.incidents.rehearse import Rehearsal
from streams.rules import watch_rules_of
from streams.settings import Settings, SettingsError, read_settings
from tests.parts.brand_days import (
    AFTER_THREE_DAYS,
    HOUR,
    MINUTE,
    each_bucket,
    known_brand,
    negativity,
    play,
    said,
    whole_brand,
)

T = AFTER_THREE_DAYS
SALE = Campaign("spring sale", T, T + 3 * HOUR, 8.0)
_numbers = count(30_000_000)


# --- the calendar itself ----------------------------------------------------------------------------------------------


def test_a_campaign_counts_from_its_beginning_up_to_its_end() -> None:
    calendar = Calendar([SALE])
    edges = (T - 1, T, T + 3 * HOUR - 1, T + 3 * HOUR)
    assert [calendar.factor("x", at) for at in edges] == [1.0, 8.0, 8.0, 1.0]
    assert [calendar.plans(at) for at in edges] == [False, True, True, False]


def test_between_two_campaigns_nothing_is_planned() -> None:
    calendar = Calendar([Campaign("a", 0, 10, 2.0), Campaign("b", 20, 30, 2.0)])
    assert [calendar.plans(at) for at in (5, 15, 25)] == [True, False, True]
    assert not NOTHING_PLANNED.plans(0)


def test_campaigns_at_once_each_bring_their_part() -> None:
    calendar = Calendar([Campaign("a", 0, 10, 3.0), Campaign("b", 0, 10, 2.5)])
    assert calendar.factor("x", 0) == 4.5


def test_a_campaign_on_one_platform_raises_the_brand_by_that_platforms_part() -> None:
    calendar = Calendar([Campaign("a", 0, 10, 3.0, ("x",))])
    assert (calendar.factor("x", 0), calendar.factor("bluesky", 0)) == (3.0, 1.0)
    assert calendar.factor_of_all({"x": 1.0, "bluesky": 1.0}, 0) == 2.0
    assert calendar.factor_of_all({"x": 0.0, "bluesky": 0.0}, 0) == 3.0
    assert calendar.factor_of_all({}, 0) == 1.0


def test_the_campaigns_of_a_span_are_those_that_ran_at_any_moment_of_it() -> None:
    calendar = Calendar([Campaign("a", 0, 10, 3.0, ("x",)), Campaign("b", 10, 20, 2.0)])
    assert calendar.names("x", 5, 11) == ("a", "b")
    assert calendar.names("x", 10, 11) == calendar.names("bluesky", 5, 11) == ("b",)
    assert calendar.names(None, 5, 10) == ("a",)


# --- of a brand -------------------------------------------------------------------------------------------------------


def known(*campaigns: Campaign) -> BrandWatch:
    """A brand of three days on x and bluesky, with a calendar."""
    rules = WatchRules({"acme": Calendar(campaigns)}) if campaigns else NO_RULES
    return BrandWatch("", "acme", known_brand().snapshot(), rules)


def talk(posts: int, every_negative: int) -> Callable[[int], Sequence[Digest]]:
    """So many people in each bucket, every so many of them unhappy."""

    def of(at_ms: int) -> list[Digest]:
        numbers = [next(_numbers) for _ in range(posts)]
        return [said(number, at_ms, 0.9 if number % every_negative == 0 else 0.1) for number in numbers]

    return of


def during(watch: BrandWatch, posts: Callable[[int], Sequence[Digest]], span_ms: int = HOUR) -> list[Signal]:
    return play(watch, each_bucket(T, span_ms, posts))


def spikes(signals: Sequence[Signal]) -> list[Signal]:
    """Without the silence of bluesky, where meanwhile nobody speaks."""
    return [signal for signal in signals if signal.kind is not SignalKind.SILENCE]


def test_a_campaign_of_the_planned_size_is_not_signalled_and_without_the_calendar_it_is() -> None:
    assert spikes(during(known(SALE), talk(3, 5))) == []
    assert SignalKind.VOLUME in {signal.kind for signal in during(known(), talk(3, 5))}


def test_a_crisis_during_a_campaign_is_paged() -> None:
    found = during(known(SALE), talk(8, 1), 20 * MINUTE)
    first = whole_brand(negativity(found))[0]
    assert first.at_ms - T <= 10 * MINUTE
    rehearsal = Rehearsal(load_library())
    for signal in found:
        rehearsal.take(signal)
    assert rehearsal.tally.pages > 0


def test_the_evidence_names_the_campaign_and_its_factor() -> None:
    first = whole_brand(negativity(during(known(SALE), talk(8, 1), 20 * MINUTE)))[0]
    assert (first.evidence.planned, first.evidence.campaigns) == (8.0, ("spring sale",))
    plain = whole_brand(negativity(during(known(), talk(8, 1), 20 * MINUTE)))[0]
    assert (plain.evidence.planned, plain.evidence.campaigns) == (1.0, ())
    assert first.expected > plain.expected


def test_far_more_than_was_planned_is_signalled() -> None:
    assert SignalKind.VOLUME in {signal.kind for signal in during(known(SALE), talk(20, 5))}


def test_a_campaign_does_not_become_the_usual() -> None:
    with_it, without = known(SALE), known()
    during(with_it, talk(4, 5), 3 * HOUR)
    during(without, lambda at_ms: talk(1, 5)(at_ms) if at_ms // BUCKET_MS % 2 else [], 3 * HOUR)
    after = [watch.levels("x")[SignalKind.VOLUME].expected for watch in (with_it, without)]
    [quiet, loud] = after[1], after[0]
    assert loud < 16 * quiet
    for watch in (with_it, without):
        watch.quiet_until(T + 5 * HOUR)
    after = [watch.levels("x")[SignalKind.VOLUME].expected for watch in (with_it, without)]
    assert after[0] == pytest.approx(after[1], rel=0.35)


# --- settings ---------------------------------------------------------------------------------------------------------

PLANNED = """brands:
  acme:
    planned:
      - {name: spring sale, from: 2026-03-01T09:00:00+01:00, to: "2026-03-01T18:00:00+01:00", factor: 4, platforms: [x]}
sources:
  other:
    forum-poll: {late_s: 900}
"""


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "firebreak.yaml").write_text(text)
    return read_settings(folder)


def test_the_settings_say_what_is_planned_and_how_late_sources_may_be(tmp_path: Path) -> None:
    rules = watch_rules_of(settings_of(tmp_path, PLANNED))
    began_ms = to_ms(datetime(2026, 3, 1, 8, tzinfo=UTC))
    calendar = rules.calendar("acme")
    assert (calendar.factor("x", began_ms), calendar.factor("x", began_ms - 1)) == (4.0, 1.0)
    assert calendar.factor("bluesky", began_ms) == 1.0
    assert calendar.names("x", began_ms, began_ms + 1) == ("spring sale",)
    assert rules.latest(["forum-poll"]) == 900_000
    assert rules.latest(["bluesky"]) == 30_000
    assert rules.latest(["webhook"]) == 300_000
    assert not rules.calendar("bolt").plans(began_ms)


@pytest.mark.parametrize(
    ("wrong", "right", "said_so"),
    [
        (
            "2026-03-01T18:00:00+01:00",
            "2026-03-01T08:00:00+01:00",
            "firebreak.yaml:4: the campaign 'spring sale' of acme",
        ),
        ("2026-03-01T18:00:00+01:00", "2026-03-01T18:00:00", "firebreak.yaml:4: "),
        ("2026-03-01T18:00:00+01:00", "tomorrow", "firebreak.yaml:4: "),
        ("factor: 4", "factor: 0.5", "firebreak.yaml:4: .*>= 1"),
        ("name: spring sale, ", "", "missing required field `name`"),
        ("platforms: [x]", "platforms: [X]", "firebreak.yaml:4: .*found 'X'"),
        ("platforms: [x]", "platform: x", "unknown field `platform`.*platforms"),
        ("late_s: 900", "late_s: -1", "firebreak.yaml:7: .*>= 0"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_with_its_line(tmp_path: Path, wrong: str, right: str, said_so: str) -> None:
    with pytest.raises(SettingsError, match=said_so):
        settings_of(tmp_path, PLANNED.replace(wrong, right))
