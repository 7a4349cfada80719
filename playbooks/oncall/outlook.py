"""Who is on call now and next, and for the days ahead: one role after the other, with every gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from detectors.mention import rfc3339
from playbooks.oncall.people import DAY_MS, Nobody, members, on_duty, parts_of
from playbooks.oncall.rota import Rota
from playbooks.oncall.rotas import Rotas
from playbooks.oncall.stretch import Stretch, gaps
from playbooks.oncall.zone import zone_named
from playbooks.settings import PlaybookSettings


@dataclass(frozen=True, slots=True)
class Outlook:
    """A role from `from_ms` to `to_ms`: who is in it at the first (or why nobody is), who next, the turns, the gaps."""

    role: str
    rotas: tuple[str, ...]
    zone: ZoneInfo
    from_ms: int
    to_ms: int
    now: tuple[str, ...] | Nobody
    next: Stretch | None
    turns: tuple[Stretch, ...]
    gaps: tuple[Stretch, ...]

    @property
    def plan(self) -> list[Stretch]:
        """Turns and gaps in order; a gap has nobody in it."""
        return sorted((*self.turns, *self.gaps))


def outlook(
    role: str, settings: PlaybookSettings, rotas: Rotas, from_ms: int, days: float, zone: ZoneInfo | None = None
) -> Outlook:
    """The outlook of a role, in a zone or in that of its rota."""
    to_ms = from_ms + int(days * DAY_MS)
    there = members(role, settings, rotas, from_ms)
    turns = on_duty(role, settings, rotas, from_ms, to_ms)
    names = parts_of(settings.roles.get(role, ()))[1]
    return Outlook(
        role=role,
        rotas=names,
        zone=zone or _zone(names, settings, rotas),
        from_ms=from_ms,
        to_ms=to_ms,
        now=there if isinstance(there, Nobody) else tuple(there),
        next=next((turn for turn in turns if turn.from_ms > from_ms), None),
        turns=tuple(turns),
        gaps=tuple(gaps(turns, from_ms, to_ms)),
    )


def as_json(outlooks: Iterable[Outlook], rotas: Rotas, settings: PlaybookSettings) -> bytes:
    """The outlooks for programs: moments are RFC 3339, people stand by key and name."""
    told = {
        "roles": [_told(each, settings) for each in outlooks],
        "troubles": [{"rota": each.rota, "why": each.why, "detail": each.detail} for each in rotas.troubles],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _told(of: Outlook, settings: PlaybookSettings) -> dict[str, object]:
    nobody = of.now if isinstance(of.now, Nobody) else None
    return {
        "role": of.role,
        "rotas": of.rotas,
        "from": rfc3339(of.from_ms),
        "to": rfc3339(of.to_ms),
        "on_call": [] if isinstance(of.now, Nobody) else _people(of.now, settings),
        "why_nobody": nobody.why if nobody else None,
        "next": _turn(of.next, settings) if of.next else None,
        "turns": [_turn(turn, settings) for turn in of.turns],
        "gaps": [{"from": rfc3339(gap.from_ms), "to": rfc3339(gap.to_ms)} for gap in of.gaps],
    }


def _turn(turn: Stretch, settings: PlaybookSettings) -> dict[str, object]:
    return {"from": rfc3339(turn.from_ms), "to": rfc3339(turn.to_ms), "people": _people(turn.people, settings)}


def _people(keys: Iterable[str], settings: PlaybookSettings) -> list[dict[str, str]]:
    return [{"person": key, "name": settings.people[key].name} for key in keys]


def _zone(names: Iterable[str], settings: PlaybookSettings, rotas: Rotas) -> ZoneInfo:
    for name in names:
        known, written = rotas.known.get(name), settings.rotas.get(name)
        if known is not None and isinstance(known.schedule, Rota):
            return known.schedule.zone
        if written is not None and written.ical is not None and written.ical.zone is not None:
            return zone_named(written.ical.zone)
    return zone_named("UTC")
