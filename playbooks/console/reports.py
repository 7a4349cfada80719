"""What people reported about an incident, for the top of its page: the newest first."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from playbooks.incidents.incident import IncidentView


class ReportRow(msgspec.Struct, frozen=True):
    """Who reported it, when, and their words."""

    who: str
    at_ms: int
    what: str


def reports(view: IncidentView, name_of: Callable[[str], str]) -> list[ReportRow]:
    """What people reported, the newest first; `name_of` gives what a person is called."""
    return [ReportRow(name_of(one.person), one.at_ms, one.what) for one in reversed(view.reports)]
