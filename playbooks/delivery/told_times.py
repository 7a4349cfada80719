"""Times in what is sent: written down in UTC, and told by the clocks of whoever gets it. Pure.

Whoever decides knows moments; where each recipient is stands in the settings, and the runner has those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from playbooks.effects.message import Notice
from playbooks.oncall.zone import said_in, zone_named
from playbooks.settings.people import Person

#: As `detectors.mention.rfc3339` writes a moment, and nobody by hand.
_WRITTEN = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def zone_of(person: str, people: Mapping[str, Person]) -> ZoneInfo:
    """The zone in which times are told to a person: theirs, or UTC for whom the settings no longer know."""
    known = people.get(person)
    return zone_named(known.zone if known else "UTC")


def with_local_times(notice: Notice, zone: ZoneInfo) -> Notice:
    """The notice with each moment in its text as people in `zone` read it.

    >>> told = with_local_times(Notice("", "since 2026-02-02T02:40:00.000Z"), ZoneInfo("Europe/Berlin"))
    >>> told.text
    'since 2 February 2026, 03:40 CET'
    """
    return replace(notice, text=in_local_times(notice.text, zone))


def in_local_times(text: str, zone: ZoneInfo) -> str:
    """A text with each moment in it as people in `zone` read it.

    >>> in_local_times("at 2026-02-02T02:40:00.000Z", ZoneInfo("UTC"))
    'at 2 February 2026, 02:40 UTC'
    """
    return _WRITTEN.sub(lambda found: _told(found[0], zone), text)


def _told(written: str, zone: ZoneInfo) -> str:
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
        return said_in(int(at.timestamp() * 1000), zone)
    except (ValueError, OverflowError):
        return written  # somebody's own words, and no moment
