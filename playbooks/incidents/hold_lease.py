"""A hold's lease: at its end people are asked whether the hold is still needed. It never opens by time. Pure."""

from __future__ import annotations

from detectors.mention import rfc3339
from detectors.run import Replay, run_of
from playbooks.effects.message import Notice
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.afterwards import at_once
from playbooks.incidents.called import THE_BRAND
from playbooks.incidents.incident import HoldView, IncidentView
from playbooks.incidents.log_entry import ActionPlanned, HoldAskedAgain, LogEntry
from playbooks.incidents.timers import MINUTE_MS, NOTHING, AskAgain, Wake, Woken
from playbooks.labels import ActionKind


def lease_wake(incident: str, run: str, hold: str, ask_again_min: int, from_ms: int) -> tuple[Wake, ...]:
    """The timer at the end of a hold's lease; none for a replay, which asks nobody."""
    if isinstance(run_of(run), Replay):
        return ()
    due_ms = from_ms + ask_again_min * MINUTE_MS
    return (Wake(f"{hold}:ask-again:{due_ms}", incident, run, due_ms, AskAgain(hold)),)


def on_lease_end(view: IncidentView, timer: AskAgain, now_ms: int) -> Woken:
    """Ask the roles that may let go, and again after as long: also when the incident is over, or nobody is armed."""
    hold = next((one for one in view.holds if one.id == timer.hold), None)
    if hold is None or not hold.in_force or hold.ask_again_min is None:
        return NOTHING
    entries: list[LogEntry] = [HoldAskedAgain(hold.id)]
    due: list[Action] = []
    for n, role in enumerate(hold.released_by, 1):
        id = f"{hold.id}:asked:{now_ms}:{n}"
        due.append(at_once(view, id, "ask-again", ActionKind.PAGE, role, _asked(view, hold, now_ms), now_ms))
        entries.append(ActionPlanned(id, "ask-again", ActionKind.PAGE, role, ActionDecision.DUE, now_ms))
    wakes = lease_wake(view.id, view.run, hold.id, hold.ask_again_min, now_ms)
    return Woken(tuple(entries), tuple(due), wakes)


def _asked(view: IncidentView, hold: HoldView, now_ms: int) -> Notice:
    hours = max(0, now_ms - hold.placed_ms) / 3_600_000
    needed = "1 person" if hold.releasers_needed == 1 else f"{hold.releasers_needed} people"
    needed += f", one of {hold.one_of} among them," if hold.one_of else ""
    agreed = f" So far: {', '.join(hold.agreed)}." if hold.agreed else ""
    return Notice(
        subject=f"{THE_BRAND}: posts have been held for {hours:.0f} hours. Is that still needed?",
        text=(
            f"Automated posts are held since {rfc3339(hold.placed_ms)}, and stay held until {needed} let go: no time "
            f"opens this.{agreed} Please look at the incident and at what was held; release it, or leave it in force. "
            f"You are asked again in {hold.ask_again_min} minutes."
        ),
        brand=view.brand,
        platform=hold.platform,
        severity=view.severity,
        incident=view.id,
        playbook=view.playbook,
        version=view.version,
    )
