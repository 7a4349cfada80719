"""Who hears of what people did, or of what ended by itself: a release, an acknowledgement, the end."""

from __future__ import annotations

import msgspec

from playbooks.content.schema import POSTING_TEAM
from playbooks.effects.message import Notice
from playbooks.incidents import wording
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.incident import IncidentView
from playbooks.labels import ActionKind

_TO_PEOPLE = (ActionKind.PAGE, ActionKind.NOTIFY)


def after_release(view: IncidentView, hold: str, person: str, reason: str, now_ms: int) -> list[Action]:
    """Who hears that a hold is gone: everybody who was told of it, and the graphs. `view` knows of the release."""
    gone = next(each for each in view.holds if each.id == hold)
    told = sorted({a.target for a in view.actions if a.with_hold and a.decision is ActionDecision.DUE})
    marked = any(a.kind is ActionKind.ANNOTATE for a in view.actions)
    asked = [(ActionKind.NOTIFY, role) for role in told] + [(ActionKind.ANNOTATE, view.brand)] * marked
    return [
        at_once(
            view,
            f"{hold}:released:{n}",
            "released",
            kind,
            target,
            wording.released(view, gone, person, reason, mark=kind is ActionKind.ANNOTATE),
            now_ms,
        )
        for n, (kind, target) in enumerate(asked, 1)
    ]


def all_clear(view: IncidentView, person: str, reason: str, now_ms: int) -> list[Action]:
    """Everybody who was paged or told, and the posting team, hears that it is over.

    `person` ended it, or (empty) nobody did. Who was reached and is in the role no more hears it too
    (`once_reached.py`).
    """
    clear = wording.all_clear(view, person, reason)
    return _to_the_reached(view, "over", f"{view.ended}", clear, now_ms, also=POSTING_TEAM)


def all_clear_with(into: IncidentView, view: IncidentView, person: str, reason: str, now_ms: int) -> list[Action]:
    """The same about an incident that had gone on as `into`, which has ended: its alerts ring elsewhere."""
    which = f"{into.id}:{into.ended}"
    return _to_the_reached(view, "over-with", which, wording.all_clear(view, person, reason), now_ms)


def merged(view: IncidentView, into: IncidentView, person: str, reason: str, now_ms: int) -> list[Action]:
    """Everybody who was paged or told hears that it goes on as another incident."""
    return _to_the_reached(view, "merged", f"{into.id}:{now_ms}", wording.merged(view, into, person, reason), now_ms)


def acknowledged(view: IncidentView, person: str, now_ms: int) -> list[Action]:
    """The pagers of every role that was paged hear that `person` has it; where each was asked, only their own does.

    `view` is the incident before they said so.
    """
    paged: dict[str, bool] = {}
    for action in view.actions:
        if action.kind is ActionKind.PAGE and action.decision is ActionDecision.DUE:
            paged[action.target] = paged.get(action.target, False) or action.each
    return [
        at_once(
            view,
            f"{view.id}:has-it:{person}:{now_ms}:{n}",
            "acknowledged",
            ActionKind.NOTIFY,
            role,
            wording.acknowledged(view, person, only=(person,) if each else ()),
            now_ms,
        )
        for n, (role, each) in enumerate(sorted(paged.items()), 1)
    ]


def _to_the_reached(
    view: IncidentView, step: str, which: str, told: Notice, now_ms: int, *, also: str | None = None
) -> list[Action]:
    reached = {a.target for a in view.actions if a.decision is ActionDecision.DUE and a.kind in _TO_PEOPLE}
    if reached and also is not None:
        reached.add(also)
    return [
        at_once(view, f"{view.id}:{step}:{which}:{n}", step, ActionKind.NOTIFY, role, _for(role, told, also), now_ms)
        for n, role in enumerate(sorted(reached), 1)
    ]


def _for(role: str, told: Notice, also: str | None) -> Notice:
    # A role was perhaps to hear of it later, and has heard of nothing yet: the ledger knows when this goes out.
    return told if role == also else msgspec.structs.replace(told, to_the_told=True)


def at_once(
    view: IncidentView, id: str, step: str, kind: ActionKind, target: str, notice: Notice, now_ms: int
) -> Action:
    """An action about an incident that is due now, because of the clock or of a person, not of a signal."""
    return Action(
        id=id,
        incident=view.id,
        run=view.run,
        step=step,
        action=kind,
        target=target,
        body=msgspec.to_builtins(notice),
        at_ms=now_ms,
        due_ms=now_ms,
    )
