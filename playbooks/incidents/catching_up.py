"""What can be done by now about an incident that could not be done before: its mute is over, or its brand is armed.

Pure. Nobody is paged for what somebody has already, and nothing happens where an incident is contained or over.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute, muted_by
from playbooks.content.catalog import Library
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import ActionPlanned, PlannedBecause
from playbooks.incidents.plan import Plan, planned_of
from playbooks.incidents.silenced import silence
from playbooks.incidents.steps import PlannedStep, plan_steps
from playbooks.incidents.timers import Woken
from playbooks.labels import ActionKind, SignalDecision


def caught_up(
    view: IncidentView,
    library: Library,
    why: PlannedBecause,
    arming: Arming,
    now_ms: int,
    mutes: Sequence[Mute] = (),
) -> Plan:
    """What is to be done now. Where another mute keeps it silent, it is looked at again when that one is over.

    Raises `PlaybookError` where the incident's playbook is gone.
    """
    if view.state in (IncidentState.CONTAINED, IncidentState.RESOLVED):
        return Plan(SignalDecision.JOINED, view.id, ())
    playbook = library.pinned(view.playbook, view.version, view.hash).playbook
    higher = [one.playbook for one in library.newest() if one.playbook.id in view.outranked_by]
    mute = None if view.pages else muted_by(mutes, view.signal, [playbook, *higher], now_ms)
    if mute is not None:
        left = silence(mute, view, view.id, view.run)
        return Plan(SignalDecision.JOINED, view.id, left.entries, wakes=left.wakes)
    steps = plan_steps(view.id, view, view.signal, playbook, arming, now_ms, why=why)
    return planned_of(SignalDecision.JOINED, view.id, [], [step for step in steps if _is_wanted(step, view)])


def only_observed(anew: Woken) -> Woken:
    """Pages that would go out anew, of a brand that is only observed by now: written down, and sent to nobody."""
    entries = tuple(
        replace(entry, decision=ActionDecision.BRAND_OBSERVES) if isinstance(entry, ActionPlanned) else entry
        for entry in anew.entries
    )
    return Woken(entries)


def _is_wanted(step: PlannedStep, view: IncidentView) -> bool:
    return view.state.asks_for_somebody or step.action.action is not ActionKind.PAGE
