"""What messages say: the playbook's words, and beside them why, in figures that anybody can read.

Of posts only single words and links are told, the ones that stand out, cleaned and never to be tapped on; the posts
are named on the incident's page, where hostile text is shown as text.
"""

from __future__ import annotations

import re
from typing import assert_never

import msgspec

from detectors.mention import rfc3339
from detectors.signal import Evidence, Signal, SignalKind
from playbooks.content.schema import Playbook, Step
from playbooks.effects.message import Moment, Notice, Stage
from playbooks.effects.plain_text import one_line
from playbooks.incidents.called import called
from playbooks.incidents.incident import HoldView, IncidentView
from playbooks.incidents.log_entry import PlannedBecause
from playbooks.incidents.still_asked import AskedEach
from playbooks.labels import ActionKind

#: From this share on copies and young accounts are worth a line.
ODD_SHARE = 0.25


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
    first = notice(view.id, playbook, step, view.signal, worse=False)
    if by:
        return _asked_for(first, view, by)
    if each is None or not each.acknowledged:
        return said_late(first, because, waited_min)
    text = f"{_not_all(because, each, waited_min)}\n\n{first.text}"
    return msgspec.structs.replace(first, text=text, named=(*each.acknowledged, *each.waiting))


def _asked_for(first: Notice, view: IncidentView, by: str) -> Notice:
    """A page before its time, because `by` asked for it; who has the incident is said, where anybody has."""
    has = tuple(dict.fromkeys(one.person for one in view.acknowledged))
    who = f"{' and '.join(map(called, has))} {'has' if len(has) == 1 else 'have'} it." if has else "Nobody has it yet."
    text = f"{called(by)} asks that you are paged now. {who}\n\n{first.text}"
    return msgspec.structs.replace(first, text=text, named=tuple(dict.fromkeys((by, *has))))


def said_late(first: Notice, because: PlannedBecause, waited_min: int) -> Notice:
    """A notice with why it comes only now, `waited_min` minutes after the incident opened, at its top."""
    return msgspec.structs.replace(first, text=f"{_again(because, waited_min)}\n\n{first.text}")


def overdue(view: IncidentView, playbook: Playbook, step: Step) -> Notice:
    """What the role hears that was to do something, and has not by its deadline."""
    text = (
        f"This was to be done within {step.deadline_min} minutes of the incident, and nobody has said that it is:"
        f"\n\n{unwrapped(step.words)}\n\nPlaybook {playbook.id} {playbook.version}."
    )
    return _about(view, f"Overdue: {step.id} ({subject(view.title, view.signal, worse=False)})", text)


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
    place = f"{hold.brand} on {hold.platform}" if hold.platform else hold.brand
    text = (
        f"{', '.join(map(called, hold.agreed))} let go of the hold for {place}. The last to agree, {called(person)}, "
        f"said: {reason}\n\n"
        "Nothing that was held back is sent by itself, and nothing goes out in a burst: look at each post first. "
        "Another hold may still be in force; the gate knows."
    )
    gone = _about(view, f"{hold.brand}: posts are no longer held", text)
    moment = Moment.RELEASE if mark else None
    return msgspec.structs.replace(
        gone, platform=hold.platform, moment=moment, named=tuple(dict.fromkeys((*hold.agreed, person)))
    )


def subject(title: str, signal: Signal, *, worse: bool) -> str:
    """One line: whose, what, how severe."""
    place = f" on {signal.platform}" if signal.platform else ""
    what = f"{title[0].lower()}{title[1:]}"
    return f"{signal.brand}{place}: {'worse, ' if worse else ''}{what} (severity {signal.severity} of 5)"


def why(signal: Signal) -> str:
    """Why a signal was raised, line by line: seen, expected, how unlikely, by how many, since when, how sure."""
    place = signal.platform or "all platforms together"
    match signal.kind:
        case SignalKind.VOLUME | SignalKind.NEGATIVITY:
            lines = (f"Seen: {signal.kind.value} on {place}, severity {signal.severity} of 5.", *_counted(signal))
        case SignalKind.FLOOD:
            lines = _flooded(signal, place)
        case SignalKind.SILENCE:
            lines = _unheard(signal, place)
        case SignalKind.DEAD_LETTERS:
            lines = (_set_aside(signal),)
        case (
            SignalKind.UNANSWERED
            | SignalKind.BACKLASH
            | SignalKind.IMPERSONATION
            | SignalKind.TAKEOVER
            | SignalKind.REPORTED
        ):
            lines = _told(signal, place)
        case _:
            assert_never(signal.kind)
    return "\n".join(
        (
            *lines,
            f"- since {rfc3339(signal.since_ms)}, known at {rfc3339(signal.at_ms)}",
            f"- detector {signal.detector} version {signal.detector_version}",
        )
    )


def unwrapped(words: str) -> str:
    """A playbook's words without the line breaks of its file; paragraphs and the items of lists stay apart.

    >>> unwrapped("Please acknowledge\\nwithin five minutes.\\n\\nThen:\\n- read\\n")
    'Please acknowledge within five minutes.\\n\\nThen:\\n- read'
    """
    return re.sub(r"(?<!\n)[ \t]*\n(?!\n|[-*] |\d+\. )", " ", words.strip())


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
    return f"{view.brand}, {view.title[0].lower()}{view.title[1:]}"


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


def _counted(signal: Signal) -> tuple[str, ...]:
    seen, band = signal.evidence, f"{signal.evidence.expected_low:.3g} to {signal.evidence.expected_high:.3g}"
    share, usual = 100 * seen.negative_share, 100 * seen.expected_negative_share
    sample = " (from a sample)" if seen.sampled else ""
    span = "1 minute" if seen.window_s == 60 else f"{seen.window_s / 60:.3g} minutes"
    return (
        f"- observed {signal.observed:.3g}, expected {signal.expected:.3g} ({band} in 95 of 100 cases)",
        f"- by chance about once in 10^{seen.tail:.0f} times; it counts from 10^{seen.threshold:.0f} on",
        f"- {seen.mentions} mentions by {seen.authors} authors in {span}{sample}",
        f"- {seen.negative} of them negative: {share:.0f} %, usually {usual:.0f} %",
        f"- the brand has been known for {seen.baseline_days:.1f} days",
        *_circumstances(signal),
        *_beside(seen),
    )


def _circumstances(signal: Signal) -> tuple[str, ...]:
    seen = signal.evidence
    late = (f"- {seen.late} mentions came late, counted at the time they were written",) if seen.late else ()
    if not seen.campaigns:
        return late
    return (*late, f"- planned: {', '.join(seen.campaigns)}, {seen.planned:.3g} times the usual is expected")


def _beside(seen: Evidence) -> tuple[str, ...]:
    """At most three lines: what the complaints are about, what they share, and what is no voice of its own.

    Terms and links were cleaned when they were taken from the posts. A host's dots stand in brackets, so that no reader
    makes a link of it, or fetches it for a preview.
    """
    words = ", ".join(one_line(term.text) for term in seen.terms)
    links = ", ".join(f"{_not_to_be_tapped(shared.link)} ({_posts(shared.posts)})" for shared in seen.links)
    odd = seen.duplicate_share >= ODD_SHARE or seen.young_share >= ODD_SHARE
    return (
        *((f"- words that are new in the complaints: {words}",) if words else ()),
        *((f"- shared most: {links}",) if links else ()),
        *((f"- {copies_and_young(seen)}; they hardly count",) if odd else ()),
    )


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number} posts"


def _not_to_be_tapped(link: str) -> str:
    host, slash, path = one_line(link).partition("/")
    return host.replace(".", "[.]") + slash + path


def copies_and_young(seen: Evidence) -> str:
    """How much of what was posted is no voice of its own, in words."""
    copies, young = 100 * seen.duplicate_share, 100 * seen.young_share
    return f"{copies:.0f} % of the posts are copies, {young:.0f} % by young accounts"


def _flooded(signal: Signal, place: str) -> tuple[str, ...]:
    seen = signal.evidence
    return (
        f"Seen: a flood of copies on {place}, severity {signal.severity} of 5.",
        f"- {signal.observed:.3g} posts in {seen.window_s / 60:.3g} minutes are copies, or of accounts that do not "
        f"stop; {signal.expected:.3g} would be usual",
        f"- {seen.authors} accounts posted of late, the busiest {100 * seen.largest_author_share:.0f} % of all",
        f"- {seen.negative} of the copies are negative: {100 * seen.negative_share:.0f} %",
        f"- the brand has been known for {seen.baseline_days:.1f} days",
        *_beside(seen),
    )


def _unheard(signal: Signal, place: str) -> tuple[str, ...]:
    seen = signal.evidence
    where = f"the source {seen.source}" if seen.source else place
    return (
        f"Seen: nothing from {where} for {seen.window_s / 60:.3g} minutes.",
        f"- {signal.expected:.3g} mentions should have come",
        f"- by chance about once in 10^{seen.tail:.0f} times; it counts from 10^{seen.threshold:.0f} on",
        f"- the brand has been known for {seen.baseline_days:.1f} days",
    )


def _told(signal: Signal, place: str) -> tuple[str, ...]:
    if signal.kind is SignalKind.REPORTED:
        return (f"Reported by hand, on {place}, severity {signal.severity} of 5.",)
    return (
        f"Seen: {signal.kind.value} on {place}, severity {signal.severity} of 5.",
        f"- observed {signal.observed:.3g}, expected {signal.expected:.3g}",
        *_beside(signal.evidence),
    )


def _set_aside(signal: Signal) -> str:
    seen = signal.evidence
    return (
        f"Seen so far: {signal.observed:.0f} of {seen.mentions} records in {seen.window_s} seconds are dead letters, "
        f"by the count of one triage worker; more than {100 * seen.threshold:.0f} % is too many."
    )
