"""Every kind of crisis and of harmless peak, with its published figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from detectors.calendar import Calendar, Campaign
from streams.simulation.scenario import MINUTE_MS, Event, Flood, Kind, Scenario, Theme, Tone, Wave

#: A burst of anger: eight times the usual rate, reached in five minutes; at night more, because so few are awake.
BURST_FACTOR: Final = 8.0
NIGHT_FACTOR: Final = 12.0
BURST_RISE_MIN: Final = 5
#: A slow burn: two and a half times the usual rate, reached in an hour and a half.
SLOW_FACTOR: Final = 2.5
SLOW_RISE_MIN: Final = 90
#: A change of tone: this share of negative posts, reached in ten minutes, at unchanged volume.
TONE_SHARE: Final = 0.62
TONE_RISE_MIN: Final = 10
#: A flood: so many posts by so many young accounts.
FLOOD_POSTS: Final = 3_000
FLOOD_ACCOUNTS: Final = 40
FLOOD_MIN: Final = 30
#: So long a flood has been running when a burst hides behind it.
FLOOD_LEAD_MIN: Final = 10
WEEK_MIN: Final = 7 * 1440

_ANGER: Final = ((Theme.CRISIS, 1.0),)


def burst(after_min: int, minutes: int = 60, factor: float = BURST_FACTOR, platform: str | None = None) -> Event:
    """Anger that grows to `factor` times the usual rate (of one platform, where that is given) in five minutes."""
    kind = Kind.BURST if platform is None else Kind.BURST_ON_SMALL_PLATFORM
    return Event(
        kind, after_min, minutes, (Wave(after_min, minutes, factor, BURST_RISE_MIN, _ANGER, platform=platform),)
    )


def burst_at_night(after_min: int) -> Event:
    """Anger of twelve times the night's rate; that it is night is for `after_min` to see to."""
    return Event(Kind.BURST_AT_NIGHT, after_min, 60, burst(after_min, factor=NIGHT_FACTOR).parts)


def burst_behind_flood(after_min: int) -> Event:
    """A burst while a flood has been running for ten minutes."""
    cover = Flood(after_min - FLOOD_LEAD_MIN, FLOOD_MIN, FLOOD_POSTS, FLOOD_ACCOUNTS)
    return Event(Kind.BURST_BEHIND_FLOOD, after_min, 60, (cover, *burst(after_min).parts))


def change_of_tone(after_min: int) -> Event:
    """As many posts as ever, but more and more of them angry."""
    return Event(Kind.CHANGE_OF_TONE, after_min, 150, (Tone(after_min, 150, TONE_SHARE, TONE_RISE_MIN),))


def slow_burn(after_min: int) -> Event:
    """Anger that grows for an hour and a half."""
    return Event(Kind.SLOW_BURN, after_min, 180, (Wave(after_min, 180, SLOW_FACTOR, SLOW_RISE_MIN, _ANGER),))


def praise(after_min: int) -> Event:
    """Something the brand did goes viral, and nearly everybody likes it."""
    moods = ((Theme.PRAISE, 0.8), (Theme.NEUTRAL, 0.15), (Theme.NEGATIVE, 0.05))
    return Event(Kind.PRAISE, after_min, 150, (Wave(after_min, 150, 8.0, 5, moods, fall_min=60, reposts=0.2),))


def giveaway(after_min: int) -> Event:
    """Something to win: many people say much the same, most of them for the first time."""
    moods = ((Theme.GIVEAWAY, 0.7), (Theme.NEUTRAL, 0.25), (Theme.NEGATIVE, 0.05))
    return Event(Kind.GIVEAWAY, after_min, 180, (Wave(after_min, 180, 10.0, 10, moods, fall_min=60, reposts=0.3),))


def news(after_min: int) -> Event:
    """The brand is in the news, and people neither like nor mind it: a few more grumble, as on any day."""
    moods = ((Theme.NEWS, 0.75), (Theme.POSITIVE, 0.05), (Theme.NEGATIVE, 0.2))
    return Event(Kind.NEWS, after_min, 150, (Wave(after_min, 150, 5.0, 15, moods, fall_min=60, reposts=0.1),))


def weekly_peak(after_min: int) -> Event:
    """Two lively hours, every week from `after_min` on."""
    return Event(Kind.WEEKLY_PEAK, after_min, 120, (Wave(after_min, 120, 4.0, 15, fall_min=30, every_min=WEEK_MIN),))


def campaign(after_min: int) -> Event:
    """A planned campaign: five hours of more talk, in a slightly better mood."""
    moods = ((Theme.POSITIVE, 0.4), (Theme.NEUTRAL, 0.42), (Theme.NEGATIVE, 0.18))
    return Event(Kind.CAMPAIGN, after_min, 300, (Wave(after_min, 300, 4.0, 20, moods, fall_min=90),))


def flood(after_min: int) -> Event:
    """Somebody lets forty young accounts post three thousand times."""
    return Event(Kind.FLOOD, after_min, FLOOD_MIN, (Flood(after_min, FLOOD_MIN, FLOOD_POSTS, FLOOD_ACCOUNTS),))


#: How each kind is made, from the minute of its onset; a small platform has to be named with `burst`.
MAKE: Final[dict[Kind, Callable[[int], Event]]] = {
    Kind.BURST: burst,
    Kind.BURST_BEHIND_FLOOD: burst_behind_flood,
    Kind.BURST_AT_NIGHT: burst_at_night,
    Kind.CHANGE_OF_TONE: change_of_tone,
    Kind.SLOW_BURN: slow_burn,
    Kind.PRAISE: praise,
    Kind.GIVEAWAY: giveaway,
    Kind.NEWS: news,
    Kind.WEEKLY_PEAK: weekly_peak,
    Kind.CAMPAIGN: campaign,
    Kind.FLOOD: flood,
}


def calendar_of(scenario: Scenario) -> Calendar:
    """What a brand's communications staff would have put into the calendar: the planned campaigns of a scenario.

    >>> calendar_of(Scenario("acme", 0, 600, events=(campaign(60), praise(60)))).factor("x", 3_600_000)
    4.0
    """

    def moment(minute: int) -> int:
        return scenario.start_ms + minute * MINUTE_MS

    waves = [wave for event in scenario.events if event.kind is Kind.CAMPAIGN for wave in event.parts]
    return Calendar(
        [
            Campaign("campaign", moment(wave.after_min), moment(wave.after_min + wave.minutes), wave.factor)
            for wave in waves
            if isinstance(wave, Wave)
        ]
    )
