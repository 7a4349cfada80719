"""Quiet hours: when a notice should wait so as not to wake somebody. Pages never ask."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from playbooks.oncall.zone import local_at, moment_ms, zone_named
from playbooks.settings.people import Person

_DAY = timedelta(days=1)


def quiet_until_ms(person: Person, at_ms: int) -> int | None:
    """When the quiet hours end that a person has at a moment; None where they have none then.

    Both ends are what the clocks show where the person is, also in the nights in which clocks are changed.

    >>> from playbooks.oncall.rota_schema import moment_of
    >>> from playbooks.settings.people import QuietHours
    >>> grace = Person(name="Grace", zone="America/New_York", quiet=QuietHours(begins="22:00", ends="07:00"))
    >>> new_york = zone_named("America/New_York")
    >>> until = quiet_until_ms(grace, moment_of("2026-07-01 23:30", new_york))
    >>> until == moment_of("2026-07-02 07:00", new_york)
    True
    >>> quiet_until_ms(grace, moment_of("2026-07-02 07:00", new_york)) is None
    True
    """
    if person.quiet is None:
        return None
    zone = zone_named(person.zone)
    begins, ends = time.fromisoformat(person.quiet.begins), time.fromisoformat(person.quiet.ends)
    today = local_at(at_ms, zone).date()
    for day in (today - _DAY, today, today + _DAY):
        begin = moment_ms(datetime.combine(day, begins), zone)
        end = moment_ms(datetime.combine(day if ends > begins else day + _DAY, ends), zone)
        if begin <= at_ms < end:
            return end
    return None
