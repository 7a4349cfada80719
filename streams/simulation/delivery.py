"""How a simulated stream reaches Firebreak: at once, late, twice, an hour at a time, after an outage, or not at all."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from detectors.mention import Mention
from streams.simulation.scenario import MINUTE_MS, Scenario
from streams.simulation.telling import PHRASES, tell
from streams.simulation.texts import Texts

#: What a stream takes to deliver a post, at most.
_AT_ONCE_MS: Final = 400
#: A repeat comes within so long after the first time.
_REPEATED_WITHIN_MS: Final = 120_000
#: Minutes by which a late post is late: log-normal, with this median and spread of the logarithm.
_LATE_MEDIAN_MIN: Final = 3.0
_LATE_SPREAD: Final = 1.0


@dataclass(frozen=True, slots=True)
class Outage:
    """A source that is silent for a while: what it has missed comes at once when it is back, or, where `lost`, never.

    Times are minutes from the stream's start; without `platform` it is every source.
    """

    after_min: int
    minutes: int
    platform: str | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What sources do to a stream.

    `late` and `repeated` are shares of the posts. `polls` names platforms that are asked only every so many minutes,
    and then bring everything since the last time.
    """

    late: float = 0.0
    repeated: float = 0.0
    polls: tuple[tuple[str, int], ...] = ()
    outages: tuple[Outage, ...] = ()


class Arrival(NamedTuple):
    """A mention and when it arrives, which is after it was written."""

    at_ms: int
    mention: Mention


def delivered(scenario: Scenario, delivery: Delivery, texts: Texts = PHRASES) -> Iterator[Arrival]:
    """The mentions of a scenario in the order in which they arrive.

    >>> hour = Scenario("acme", 0, 60, platforms=(("x", 1.0),))
    >>> {arrival.at_ms // 60_000 for arrival in delivered(hour, Delivery(polls=(("x", 20),)))}
    {40, 20, 60}
    """
    chance = random.Random(scenario.seed)  # noqa: S311
    under_way: list[tuple[int, int, Mention]] = []
    number = 0
    for told in tell(scenario, texts):
        mention = told.mention
        written_ms = mention.created_ms
        while under_way and under_way[0][0] <= written_ms:
            yield _arrival(under_way)
        for at_ms in _arrivals(mention, scenario.start_ms, delivery, chance):
            number += 1
            heapq.heappush(under_way, (at_ms, number, mention))
    while under_way:
        yield _arrival(under_way)


def _arrivals(mention: Mention, start_ms: int, delivery: Delivery, chance: random.Random) -> list[int]:
    """When a mention arrives: once, twice or never."""
    at_ms = mention.created_ms + 1 + int(chance.random() * _AT_ONCE_MS)
    if chance.random() < delivery.late:
        at_ms += int(chance.lognormvariate(0.0, _LATE_SPREAD) * _LATE_MEDIAN_MIN * MINUTE_MS)
    for platform, every_min in delivery.polls:
        if platform == mention.platform:
            at_ms = _next_poll(at_ms, start_ms, every_min * MINUTE_MS)
    again, after_ms = chance.random() < delivery.repeated, int(chance.random() * _REPEATED_WITHIN_MS)
    first_ms = _after_outages(at_ms, mention.platform, start_ms, delivery.outages)
    if first_ms is None:
        return []
    return [first_ms, first_ms + 1 + after_ms] if again else [first_ms]


def _arrival(under_way: list[tuple[int, int, Mention]]) -> Arrival:
    at_ms, _, mention = heapq.heappop(under_way)
    return Arrival(at_ms, mention)


def _next_poll(at_ms: int, start_ms: int, every_ms: int) -> int:
    """When a poll brings what could be had at `at_ms`."""
    return start_ms + -(-(at_ms - start_ms) // every_ms) * every_ms


def _after_outages(at_ms: int, platform: str, start_ms: int, outages: tuple[Outage, ...]) -> int | None:
    """When a post arrives that would have at `at_ms`; None where it is lost."""
    for outage in outages:
        begin_ms = start_ms + outage.after_min * MINUTE_MS
        end_ms = begin_ms + outage.minutes * MINUTE_MS
        if outage.platform in (None, platform) and begin_ms <= at_ms < end_ms:
            if outage.lost:
                return None
            at_ms = end_ms
    return at_ms
