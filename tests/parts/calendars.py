"""iCalendar texts as people's calendars have them."""

from __future__ import annotations

from collections.abc import Iterable

from playbooks.oncall.asked import Asked
from playbooks.oncall.naming import Called
from playbooks.oncall.rota_schema import moment_of
from playbooks.oncall.zone import zone_named

PEOPLE = {"ada": Called("Ada Lovelace", "ada@example.org"), "bo": Called("Bo"), "ops": Called("Otto Ops")}


def event(title: str, begins: str, ends: str | None, *more: str, uid: str = "") -> list[str]:
    """The lines of one event; `begins` and `ends` are what stands behind ``DTSTART`` and ``DTEND``."""
    end = [] if ends is None else [f"DTEND{ends}"]
    name = uid or f"{title}{begins}".replace(":", "-")
    return ["BEGIN:VEVENT", f"UID:{name}", f"SUMMARY:{title}", f"DTSTART{begins}", *end, *more, "END:VEVENT"]


def calendar(*events: Iterable[str], head: Iterable[str] = ()) -> str:
    """A whole calendar."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//", *head]
    return "\r\n".join([*lines, *(line for lines in events for line in lines), "END:VCALENDAR", ""])


def asked(text: str, begins: str = "2026-10-01T00:00Z", ends: str = "2026-12-01T00:00Z", **how: str) -> Asked:
    """A question about October and November 2026, or another time."""
    utc = zone_named("UTC")
    return Asked(text, PEOPLE, moment_of(begins, utc), moment_of(ends, utc), **how)
