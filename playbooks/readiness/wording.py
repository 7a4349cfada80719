"""How findings say things: lengths of time, moments, whole sentences."""

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


def sentence(text: str) -> str:
    """A message of ours as a sentence; one that begins with a setting's name keeps it as it is written.

    >>> sentence("the store cannot be reached"), sentence("kafka.servers: found 'x'")
    ('The store cannot be reached.', "kafka.servers: found 'x'.")
    """
    first = text.partition(" ")[0]
    begun = text if "." in first else f"{text[:1].upper()}{text[1:]}"
    return begun if begun.endswith(".") else f"{begun}."
