"""From the time on a wall clock somewhere to a moment and back, also on the days on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class NoSuchZone(ValueError):
    """A name that is no time zone's; the message says what is wanted."""


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name in the IANA database; raises `NoSuchZone`.

    >>> zone_named("Europe/Paris")
    zoneinfo.ZoneInfo(key='Europe/Paris')
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoSuchZone(
            f"{name!r} is no time zone; write one of the IANA names, such as Europe/Paris or UTC"
        ) from None


def moment_ms(local: datetime, zone: ZoneInfo) -> int:
    """The moment at which clocks in `zone` show `local` (without an offset of its own).

    A time that is shown twice, because clocks are put back, means the first; a time that is never shown, because they
    are put forward, means the moment at which they are. So a later time is never an earlier moment, and what ends and
    what begins at one time meet.

    >>> paris = zone_named("Europe/Paris")
    >>> twice = moment_ms(datetime(2026, 10, 25, 2, 30), paris)
    >>> local_at(twice, zone_named("UTC")).isoformat(), local_at(twice, paris).isoformat()
    ('2026-10-25T00:30:00', '2026-10-25T02:30:00')
    >>> never = moment_ms(datetime(2026, 3, 29, 2, 30), paris)
    >>> local_at(never, paris).isoformat()
    '2026-03-29T03:00:00'
    """
    found = _ms(local.replace(tzinfo=zone, fold=0))
    if local_at(found, zone) == local:
        return found
    return _put_forward(_ms(local.replace(tzinfo=zone, fold=1)), found, zone)


def local_at(at_ms: int, zone: ZoneInfo) -> datetime:
    """What clocks in `zone` show at a moment, without an offset."""
    return (_EPOCH + at_ms * _MS).astimezone(zone).replace(tzinfo=None, fold=0)


def zone_word(at_ms: int, zone: ZoneInfo) -> str:
    """What a zone is called at a moment: its abbreviation where it has one, else its distance from UTC.

    >>> zone_word(1_770_000_000_000, zone_named("Europe/Paris")), zone_word(1_770_000_000_000, zone_named("UTC"))
    ('CET', 'UTC')
    >>> zone_word(1_770_000_000_000, zone_named("America/Sao_Paulo"))
    'UTC-03:00'
    """
    at = (_EPOCH + at_ms * _MS).astimezone(zone)
    name, offset = at.tzname() or "", at.strftime("%z")
    return name if name.isalpha() else f"UTC{offset[:3]}:{offset[3:]}"


def said_in(at_ms: int, zone: ZoneInfo) -> str:
    """A moment as a person in `zone` reads it.

    >>> said_in(1_770_000_000_000, zone_named("Europe/Paris"))
    '2 February 2026, 03:40 CET'
    """
    at = local_at(at_ms, zone)
    return f"{at.day} {at:%B %Y, %H:%M} {zone_word(at_ms, zone)}"


def _put_forward(before_ms: int, after_ms: int, zone: ZoneInfo) -> int:
    """The moment, between the two, at which clocks are put forward."""
    offset = _offset(after_ms, zone)
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        if _offset(middle, zone) == offset:
            after_ms = middle
        else:
            before_ms = middle
    return after_ms


def _offset(at_ms: int, zone: ZoneInfo) -> timedelta | None:
    return (_EPOCH + at_ms * _MS).astimezone(zone).utcoffset()


def _ms(aware: datetime) -> int:
    return (aware - _EPOCH) // _MS
