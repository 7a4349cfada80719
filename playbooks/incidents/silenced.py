"""An incident under a mute: what its log says of it, and what is done about it when the mute is over. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from playbooks.armings.mute import Mute
from playbooks.content.catalog import Pinned
from playbooks.content.schema import Playbook
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import ActionPlanned, LogEntry, Muted, PlannedBecause
from playbooks.incidents.timers import CatchUp, Wake


class Silence(msgspec.Struct, frozen=True):
    """What a mute leaves at an incident: that it is there, told once, and a look at the incident when it is over."""

    entries: tuple[LogEntry, ...] = ()
    wakes: tuple[Wake, ...] = ()


def silence(mute: Mute | None, view: IncidentView | None, incident: str, run: str) -> Silence:
    """What `mute` leaves at `incident`; `view` is the incident before, None where it opens."""
    if mute is None:
        return Silence()
    told = view is not None and any(each.mute == mute.id for each in view.mutes)
    said = () if told else (Muted(mute.id, mute.person, mute.reason, mute.ends_ms),)
    wake = Wake(f"{incident}:unmuted:{mute.id}", incident, run, mute.ends_ms, CatchUp(PlannedBecause.UNMUTED))
    return Silence(said, (wake,))


def is_silent(entries: Sequence[LogEntry]) -> bool:
    """Whether anything among `entries` is not done because of a mute."""
    return any(isinstance(entry, ActionPlanned) and entry.decision is ActionDecision.MUTED for entry in entries)


def having_a_say(pinned: Pinned, fired: Pinned | None) -> list[Playbook]:
    """The incident's playbook, and one that comes before it: muting the lower does not mute the higher."""
    if fired is None or fired.playbook.precedence <= pinned.playbook.precedence:
        return [pinned.playbook]
    return [pinned.playbook, fired.playbook]
