"""How long something is, in words a person says."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))


def span(ms: int) -> str:
    """A length of time, by its largest unit.

    >>> span(95_000), span(3_600_000), span(400)
    ('1 minute', '1 hour', '0 seconds')
    """
    for name, size in _UNITS:
        if ms >= size or name == "second":
            count = ms // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise AssertionError


def moment(at_ms: int) -> str:
    """A moment to the minute, in UTC.

    >>> moment(0)
    '1 Jan 1970 00:00 UTC'
    """
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%b %Y %H:%M} UTC"
