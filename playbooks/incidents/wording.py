"""What messages say: the playbook's words, and beside them why (`why.py`). Pure."""

from __future__ import annotations

import re
from typing import assert_never

import msgspec

from detectors.signal import Signal
from playbooks.content.schema import Playbook, Step
from playbooks.effects.message import Moment, Notice, Stage
from playbooks.effects.plain_text import one_line
from playbooks.incidents.approved import approved_words
from playbooks.incidents.called import THE_BRAND, called
from playbooks.incidents.incident import HoldView, IncidentView
from playbooks.incidents.log_entry import PlannedBecause
from playbooks.incidents.still_asked import AskedEach
from playbooks.incidents.unwrapped import unwrapped as unwrapped
from playbooks.incidents.why import why
from playbooks.labels import ActionKind

_SENTENCE_ENDS = re.compile(r"(?<=[.!?;:])\s")
_IN_SHORT = 70


def notice(incident: str, playbook: Playbook, step: Step, signal: Signal, *, worse: bool) -> Notice:
    """What one step of a playbook says about a signal. `worse` says that it is said again because it got worse."""
    to_people = step.action in (ActionKind.PAGE, ActionKind.NOTIFY)
    return Notice(
        subject=subject(playbook.title, signal, worse=worse),
        text=f"{unwrapped(step.words)}\n\n{why(signal)}\nPlaybook {playbook.id} {playbook.version}.",
        brand=signal.brand,
        platform=signal.platform,
        severity=signal.severity,
        incident=incident,
        playbook=playbook.id,
        version=playbook.version,
        signal=signal,
        runbook=playbook.runbook if to_people else "",
        statements=approved_words(playbook, signal.platform) if to_people else "",
        moment=Moment.SIGNAL if step.action is ActionKind.ANNOTATE else None,
    )


def paged_again(
    view: IncidentView,
    playbook: Playbook,
    step: Step,
    because: PlannedBecause,
    waited_min: int,
    each: AskedEach | None = None,
    by: str = "",
) -> Notice:
    """What a page says that no signal called for: nobody has acknowledged, or all are asked anew.

    `waited_min` is how many minutes ago the incident opened, `each` how a step stands that asks everybody in its role,
    `by` who asks for whom it goes to.
    """
    first = with_report(notice(view.id, playbook, step, view.signal, worse=False), view)
    if by:
        return _asked_for(first, view, by)
    if each is None or not each.acknowledged:
        return said_late(first, because, waited_min)
    text = f"{_not_all(because, each, waited_min)}\n\n{first.text}"
    return msgspec.structs.replace(first, text=text, named=_both(first.named, (*each.acknowledged, *each.waiting)))


def _asked_for(first: Notice, view: IncidentView, by: str) -> Notice:
    """A page before its time, because `by` asked for it; who has the incident is said, where anybody has."""
    has = tuple(dict.fromkeys(one.person for one in view.acknowledged))
    who = f"{' and '.join(map(called, has))} {'has' if len(has) == 1 else 'have'} it." if has else "Nobody has it yet."
    text = f"{called(by)} asks that you are paged now. {who}\n\n{first.text}"
    return msgspec.structs.replace(first, text=text, named=_both(first.named, (by, *has)))


def with_report(first: Notice, view: IncidentView) -> Notice:
    """A notice with who reported it and what they said at its top, where somebody did; the last who did."""
    if not view.reports:
        return first
    last = view.reports[-1]
    text = f"{called(last.person)} reported: {last.what}\n\n{first.text}"
    return msgspec.structs.replace(first, text=text, named=_both(first.named, (last.person,)))


def _both(named: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*named, *more)))


def said_late(first: Notice, because: PlannedBecause, waited_min: int) -> Notice:
    """A notice with why it comes only now, `waited_min` minutes after the incident opened, at its top."""
    return msgspec.structs.replace(first, text=f"{_again(because, waited_min)}\n\n{first.text}")


def overdue(view: IncidentView, playbook: Playbook, step: Step) -> Notice:
    """What the role hears that was to do something, and has not by its deadline."""
    text = (
        f"This was to be done within {step.deadline_min} minutes of the incident, and nobody has said that it is:"
        f"\n\n{unwrapped(step.words)}\n\nPlaybook {playbook.id} {playbook.version}."
    )
    return _about(view, f"Overdue: {_in_short(step)} ({subject(view.title, view.signal, worse=False)})", text)


def _in_short(step: Step) -> str:
    """The first sentence of a step's words, without its full stop, for a subject."""
    return one_line(_SENTENCE_ENDS.split(unwrapped(step.words).strip(), maxsplit=1)[0].removesuffix("."), _IN_SHORT)


def all_clear(view: IncidentView, person: str, reason: str) -> Notice:
    """What everybody hears who was paged or told when an incident has ended; without a `person`, by itself."""
    held = [hold for hold in view.holds if hold.in_force]
    posts = (
        "Automated posts are STILL HELD: ending an incident lets go of nothing. Somebody has to release them."
        if held
        else "Nothing is held for this incident any more."
    )
    how = f"{called(person)} has ended it and said" if person else "It ended by itself"
    clear = _about(view, f"All clear: {_what(view)}", f"{how}: {reason}\n\n{posts}")
    return msgspec.structs.replace(clear, stage=Stage.RESOLVED, named=(person,) if person else ())


def merged(view: IncidentView, into: IncidentView, person: str, reason: str) -> Notice:
    """What everybody hears who was paged or told about an incident that goes on as another."""
    text = (
        f"{called(person)} has merged it into another incident of the brand, {into.id} ({into.title}), "
        f"and said: {reason}\n\n"
        f"Look there from here on. What is held stays held, and what comes to pass joins {into.id}. "
        "Whoever has been paged and has not acknowledged is still asked to: by the link of any of its messages, or "
        "there."
    )
    return msgspec.structs.replace(_about(view, f"Merged: {_what(view)}", text), named=(person,))


def acknowledged(view: IncidentView, person: str, *, only: tuple[str, ...]) -> Notice:
    """What pagers that keep alerts of their own are told when somebody has it, so that they stop ringing."""
    who = called(person)
    heard = _about(view, f"{who} has it: {_what(view)}", f"{who} has acknowledged it.")
    return msgspec.structs.replace(heard, only=only, stage=Stage.ACKNOWLEDGED, named=(person,))


def released(view: IncidentView, hold: HoldView, person: str, reason: str, *, mark: bool) -> Notice:
    """What is said when people have let a hold go; `mark` asks for the words of a mark on the graphs."""
    place = f"{THE_BRAND} on {hold.platform}" if hold.platform else THE_BRAND
    text = (
        f"{', '.join(map(called, hold.agreed))} let go of the hold for {place}. The last to agree, {called(person)}, "
        f"said: {reason}\n\n"
        "Nothing that was held back is sent by itself, and nothing goes out in a burst: look at each post first. "
        "Another hold may still be in force; the gate knows."
    )
    gone = _about(view, f"{THE_BRAND}: posts are no longer held", text)
    moment = Moment.RELEASE if mark else None
    return msgspec.structs.replace(
        gone, platform=hold.platform, moment=moment, named=tuple(dict.fromkeys((*hold.agreed, person)))
    )


def subject(title: str, signal: Signal, *, worse: bool) -> str:
    """One line: whose, what, how severe."""
    place = f" on {signal.platform}" if signal.platform else ""
    what = f"{title[0].lower()}{title[1:]}"
    return f"{THE_BRAND}{place}: {'worse, ' if worse else ''}{what} (severity {signal.severity} of 5)"


def _about(view: IncidentView, subject: str, text: str) -> Notice:
    return Notice(
        subject=subject,
        text=text,
        brand=view.brand,
        platform=view.signal.platform,
        severity=view.severity,
        incident=view.id,
        playbook=view.playbook,
        version=view.version,
    )


def _what(view: IncidentView) -> str:
    return f"{THE_BRAND}, {view.title[0].lower()}{view.title[1:]}"


def _again(because: PlannedBecause, waited_min: int) -> str:
    unheard = f"Nobody has acknowledged for {_waited(waited_min)}"
    match because:
        case PlannedBecause.NOT_ACKNOWLEDGED:
            return f"{unheard}, so you are paged."
        case PlannedBecause.LAST_RESORT:
            return f"{unheard}, and everybody else was paged. You are the last resort."
        case PlannedBecause.FORGOTTEN:
            return "It was acknowledged, and nothing has been done since. Please look again."
        case PlannedBecause.REOPENED:
            return "It was ended, and has been opened again by hand."
        case PlannedBecause.ASKED_FOR:
            return "Somebody asks for you."
        case PlannedBecause.ARMED:
            return f"It opened {_waited(waited_min)} ago, when the brand was only observed. It is armed now."
        case PlannedBecause.UNMUTED:
            return f"It opened {_waited(waited_min)} ago and was muted until now. It is still open."
        case _:
            assert_never(because)


def _not_all(because: PlannedBecause, each: AskedEach, waited_min: int) -> str:
    """Some have acknowledged: that nobody has would not be so."""
    last = " Everybody else was paged. You are the last resort." if because is PlannedBecause.LAST_RESORT else ""
    return (
        f"Everybody in the role {each.role!r} is asked to acknowledge for themselves, and after {_waited(waited_min)} "
        f"not all have. {each.in_words(called)}{last}"
    )


def _waited(minutes: int) -> str:
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
