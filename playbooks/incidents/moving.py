"""Moving an open incident to another playbook, or to another version of its own: a named act. Pure.

What a playbook orders that is graver than the incident's own is done at once, whatever was done before: its pages go
out, its tasks are asked for, and holds that are in force go by the stricter terms of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute, muted_by
from playbooks.content.catalog import Pinned
from playbooks.content.schema import HoldTerms, Playbook
from playbooks.incidents.incident import HoldView, IncidentView
from playbooks.incidents.log_entry import HoldTermsRaised, LogEntry, PlaybookChanged, SeverityRaised, SignalJoined
from playbooks.incidents.plan import Plan, expiry_ms, planned_of, silenced
from playbooks.incidents.steps import plan_steps
from playbooks.labels import ActionKind, SignalDecision


def is_graver(own: Playbook, other: Playbook) -> bool:
    """Whether moving an incident from `own` to `other` asks for all of its steps.

    Of one cause the playbook of the higher precedence is graver. Those of two causes cannot be compared, so nothing
    that was done for the one stands for the other. Another version of the same playbook asks for what is new in it.
    """
    if own.id == other.id:
        return False
    return own.of_cause != other.of_cause or other.precedence > own.precedence


def cause_after(view: IncidentView, playbook: Playbook) -> str:
    """The cause that an incident is of once it goes by `playbook`: another version of its own does not change it."""
    return view.cause if view.playbook == playbook.id else playbook.of_cause


def moved(
    view: IncidentView,
    own: Playbook,
    pinned: Pinned,
    reason: str,
    arming: Arming,
    now_ms: int,
    mutes: Sequence[Mute] = (),
    signal: Signal | None = None,
) -> Plan:
    """What moving an open incident from `own` to `pinned` means: the first entry is the move.

    `signal` is what calls for it, where that is a report and not the incident's own. Of a playbook that is not graver
    only the steps are planned that were not planned before.
    """
    playbook, graver = pinned.playbook, is_graver(own, pinned.playbook)
    change = PlaybookChanged(
        playbook=playbook.id,
        version=playbook.version,
        hash=pinned.hash,
        title=playbook.title,
        cause=cause_after(view, playbook),
        ack_expires_ms=expiry_ms(playbook),
        reason=reason,
        graver=graver,
    )
    because = signal or view.signal
    mute = None if view.pages else muted_by(mutes, because, [playbook], now_ms)
    steps = plan_steps(view.id, view, because, playbook, arming, now_ms, anew=graver, muted=mute is not None)
    entries: list[LogEntry] = [change, *_joining(view, signal), *_stricter(view, playbook, graver=graver)]
    return silenced(mute, planned_of(SignalDecision.JOINED, view.id, entries, steps), view.run, view)


def _joining(view: IncidentView, signal: Signal | None) -> Iterator[LogEntry]:
    """That what was reported is of this incident from here on."""
    if signal is not None:
        yield SignalJoined(signal.id, signal.kind, signal.platform, signal.severity, signal.observed, signal.expected)
        if signal.severity > view.severity:
            yield SeverityRaised(view.severity, signal.severity, signal)


def _stricter(view: IncidentView, playbook: Playbook, *, graver: bool) -> Iterator[HoldTermsRaised]:
    """The holds in force that go by stricter terms from here on, or that people agreed to release before it was graver:
    they knew of something milder.
    """
    terms = playbook.hold
    words = next((step.words.strip() for step in playbook.steps if step.action is ActionKind.HOLD), "")
    for hold in (one for one in view.holds if one.in_force):
        raised = raised_terms(hold, terms) if terms is not None else None
        if raised is None and graver and hold.agreed:
            raised = HoldTermsRaised(hold.id, hold.releasers_needed, hold.released_by, hold.one_of)
        if raised is not None:
            yield replace(raised, reason=words)


def raised_terms(hold: HoldView, terms: HoldTerms) -> HoldTermsRaised | None:
    """The terms by which `hold` goes where both its own and `terms` count; None where its own are as strict.

    Nothing gets easier: as many people as the stricter of the two asks for, and the role that either asks for. Who may
    is for the new terms to say where they ask for more, or name fewer roles.
    """
    one_of = terms.one_of or hold.one_of
    fewer = set(terms.released_by) < set(hold.released_by)
    if terms.releasers <= hold.releasers_needed and one_of == hold.one_of and not fewer:
        return None
    roles = terms.released_by if not one_of or one_of in terms.released_by else (*terms.released_by, one_of)
    raised = HoldTermsRaised(hold.id, max(terms.releasers, hold.releasers_needed), roles, one_of)
    as_it_is = (hold.releasers_needed, hold.released_by, hold.one_of)
    return None if (raised.releasers_needed, raised.released_by, raised.one_of) == as_it_is else raised
