"""What the console says about figures: plain sentences that somebody who was just woken up understands.

>>> how_unlikely(9.0, 600)
'less than once in 1,000,000,000 stretches of 10 minutes'
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from detectors.signal import Signal, SignalKind
from playbooks.oncall.zone import local_at, said_in, zone_named, zone_word

#: Beyond this the figure says more about the model than about the world.
_LARGEST_POWER = 15

_UTC = zone_named("UTC")
#: Whose clocks times are said by: of the person who looks, while a page is made for them.
_ZONE: ContextVar[ZoneInfo] = ContextVar("zone_shown", default=_UTC)


def span(seconds: float) -> str:
    """A length of time, rounded to what a person would say.

    >>> span(45), span(600), span(5_400), span(90_000), span(26 * 86_400)
    ('45 seconds', '10 minutes', '1 hour 30 minutes', '25 hours', '26 days')
    """
    if seconds < 60:
        return _count(round(seconds), "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return _count(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours < 6 and rest:
        return f"{_count(hours, 'hour')} {_count(rest, 'minute')}"
    return _count(hours, "hour") if hours < 48 else _count(round(hours / 24), "day")


def watch(seconds: float) -> str:
    """A length of time as it is read off a watch: to the tenth where that may count.

    >>> watch(4.25), watch(111.04), watch(7_205.0)
    ('4.2 s', '1 min 51.0 s', '2 h 0 min')
    """
    minutes, rest = divmod(round(seconds, 1), 60)
    if minutes >= 60:
        return f"{minutes // 60:.0f} h {minutes % 60:.0f} min"
    return f"{minutes:.0f} min {rest:04.1f} s" if minutes else f"{rest:.1f} s"


@contextmanager
def shown_in(zone: ZoneInfo) -> Iterator[None]:
    """Whatever is said about times within is said by the clocks of `zone`, else by UTC.

    >>> with shown_in(ZoneInfo("Europe/Berlin")):
    ...     moment(1_770_000_000_000), clock(1_770_000_000_000), hour(1_770_000_000_000)
    ('2 February 2026, 03:40 CET', '03:40:00', '03:40 CET')
    """
    token = _ZONE.set(zone)
    try:
        yield
    finally:
        _ZONE.reset(token)


def zone_shown() -> ZoneInfo:
    """The zone that times are said in here."""
    return _ZONE.get()


def moment(at_ms: int) -> str:
    """A moment as a person reads it.

    >>> moment(1_770_000_000_000)
    '2 February 2026, 02:40 UTC'
    """
    return said_in(at_ms, _ZONE.get())


def hour(at_ms: int) -> str:
    """The time of day of a moment, with the zone it is in.

    >>> hour(1_770_000_000_000)
    '02:40 UTC'
    """
    return f"{_local(at_ms):%H:%M} {zone_word(at_ms, _ZONE.get())}"


def clock(at_ms: int) -> str:
    """The time of day of a moment, to the second.

    >>> clock(1_770_000_000_000)
    '02:40:00'
    """
    return f"{_local(at_ms):%H:%M:%S}"


def clock_in_zone(at_ms: int) -> str:
    """The time of day of a moment, to the second, with the zone it is in.

    >>> clock_in_zone(1_770_000_000_000)
    '02:40:00 UTC'
    """
    return f"{clock(at_ms)} {zone_word(at_ms, _ZONE.get())}"


def utc(at_ms: int) -> str:
    """A moment in UTC, wherever whoever reads it is.

    >>> utc(1_770_000_000_000)
    '2 February 2026, 02:40:00 UTC'
    """
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%B %Y, %H:%M:%S} UTC"


def day(at_ms: int) -> str:
    """The day of a moment.

    >>> day(1_770_000_000_000)
    'Monday, 2 February 2026'
    """
    at = _local(at_ms)
    return f"{at:%A}, {at.day} {at:%B %Y}"


def figure(value: float) -> str:
    """A count or an expectation: whole where it is large, with one place where it is small.

    >>> figure(214.0), figure(3.25), figure(0.04), figure(12345)
    ('214', '3.2', '0.04', '12,345')
    """
    if value >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"


def percent(share: float) -> str:
    """A share of one.

    >>> percent(0.256)
    '26 %'
    """
    return f"{share * 100:.0f} %"


def how_unlikely(tail: float, window_s: float) -> str:
    """A tail (-log10 of a probability) as how seldom a window of `window_s` would show so much by chance.

    >>> how_unlikely(2.0, 60), how_unlikely(40.0, 900)
    ('about once in 100 stretches of 1 minute', 'less than once in a quadrillion stretches of 15 minutes')
    """
    if tail > _LARGEST_POWER:
        return f"less than once in a quadrillion stretches of {span(window_s)}"
    seldom = 10 ** int(tail)
    return f"{'about' if tail < 3 else 'less than'} once in {seldom:,} stretches of {span(window_s)}"


def what_is_counted(kind: SignalKind) -> str:
    """The unit of observed and expected.

    >>> what_is_counted(SignalKind.NEGATIVITY)
    'people complaining'
    """
    match kind:
        case SignalKind.VOLUME:
            return "people talking"
        case SignalKind.NEGATIVITY:
            return "people complaining"
        case SignalKind.FLOOD:
            return "copies"
        case SignalKind.SILENCE:
            return "people heard"
        case SignalKind.DEAD_LETTERS:
            return "records that cannot be read"
        case SignalKind.UNANSWERED:
            return "complaints without an answer"
        case SignalKind.BACKLASH:
            return "people against what the brand said"
        case SignalKind.IMPERSONATION:
            return "accounts that pose as the brand"
        case SignalKind.TAKEOVER:
            return "things done with the brand's accounts that nobody planned"
        case SignalKind.REPORTED:
            return "people who report it"
        case _:
            assert_never(kind)


def place(platform: str | None) -> str:
    """Where.

    >>> place(None), place("x")
    ('across all platforms', 'on x')
    """
    return f"on {platform}" if platform else "across all platforms"


def what_happens(signal: Signal, brand: str) -> str:
    """The finding in one sentence; `brand` is what the brand is called."""
    window = f"In the {span(signal.evidence.window_s)} to {clock_in_zone(signal.at_ms)},"
    seen, usual = figure(signal.observed), figure(signal.expected)
    match signal.kind:
        case SignalKind.VOLUME:
            return f"{window} {seen} people talked about {brand} {place(signal.platform)}; {usual} would be usual."
        case SignalKind.NEGATIVITY:
            return f"{window} {seen} people complained about {brand} {place(signal.platform)}; {usual} would be usual."
        case SignalKind.FLOOD:
            return f"{window} {seen} posts about {brand} {place(signal.platform)} were copies; {usual} would be usual."
        case SignalKind.SILENCE:
            source = signal.evidence.source
            where = f"from {source}" if source else place(signal.platform)
            return f"{window} nothing was heard of {brand} {where}; {usual} mentions would be usual."
        case SignalKind.DEAD_LETTERS:
            read = figure(signal.evidence.mentions)
            return (
                f"{window} {seen} of {read} records could not be read, by the count of one worker so far; more than "
                f"{percent(signal.evidence.threshold)} is too many."
            )
        case SignalKind.UNANSWERED:
            return f"{window} {seen} complaints about {brand} {place(signal.platform)} had no answer; {usual} is usual."
        case SignalKind.BACKLASH:
            return f"{window} {seen} people turned against what {brand} said {place(signal.platform)}."
        case SignalKind.IMPERSONATION:
            return f"{window} {seen} accounts {place(signal.platform)} posed as {brand}."
        case SignalKind.TAKEOVER:
            return f"{window} {seen} things were done with {brand}'s accounts {place(signal.platform)} unplanned."
        case SignalKind.REPORTED:
            return f"At {clock_in_zone(signal.at_ms)} somebody reported this about {brand} {place(signal.platform)}."
        case _:
            assert_never(signal.kind)


def _local(at_ms: int) -> datetime:
    return local_at(at_ms, _ZONE.get())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
