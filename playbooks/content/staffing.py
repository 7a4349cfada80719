"""Whether the settings have the people that playbooks ask for: each role, and a last resort who is always there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from playbooks.content.catalog import Library
from playbooks.content.schema import Playbook
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import OfRota


def unstaffed(library: Library, settings: PlaybookSettings) -> list[str]:
    """What the settings lack for the library, in words; empty where every role is there.

    A last resort is people by their names: a rota may have a gap, or a calendar that cannot be read, in just that hour.

    >>> from playbooks.content.catalog import load_library
    >>> found = unstaffed(load_library(), PlaybookSettings(roles={"executives": OfRota(rota="board")}))
    >>> found[-1].partition(" (")[0]
    "the last resort is the role 'executives', which is empty or has a rota; name people in it"
    """
    missing: defaultdict[str, list[str]] = defaultdict(list)
    last: defaultdict[str, list[str]] = defaultdict(list)
    for playbook in (one.playbook for one in library.newest()):
        for role in dict.fromkeys(_roles(playbook)):
            if role not in settings.roles:
                missing[role].append(playbook.id)
        for role in dict.fromkeys(one.last_resort for one in playbook.escalations.values()):
            if role in settings.roles and not _is_fixed(settings, role):
                last[role].append(playbook.id)
    return [
        *(f"nobody has the role {role!r} in the settings ({', '.join(of)})" for role, of in sorted(missing.items())),
        *(
            f"the last resort is the role {role!r}, which is empty or has a rota; name people in it ({', '.join(of)})"
            for role, of in sorted(last.items())
        ),
    ]


def _roles(playbook: Playbook) -> Iterator[str]:
    """Every role that somebody has to be in for the playbook to work."""
    yield from (step.to for step in playbook.steps if step.to)
    for escalation in playbook.escalations.values():
        yield from (level.to for level in escalation.levels)
        yield escalation.last_resort
    yield from playbook.hold.released_by if playbook.hold else ()


def _is_fixed(settings: PlaybookSettings, role: str) -> bool:
    members = settings.roles[role]
    return not isinstance(members, OfRota) and bool(members) and not any(isinstance(one, OfRota) for one in members)
