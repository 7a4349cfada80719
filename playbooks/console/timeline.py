"""The log of an incident as lines that people read, oldest first; long runs of the same are folded into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import assert_never

import msgspec
from msgspec.structs import replace

from detectors.signal import SignalKind
from playbooks.console import asked, words
from playbooks.console.account_words import account_read
from playbooks.console.values import Tone
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.action_words import called_for, not_done
from playbooks.incidents.log_entry import (
    AccountRead,
    Acknowledged,
    AcknowledgedBy,
    AcknowledgementForgotten,
    ActionPlanned,
    Contained,
    GlassBroken,
    HoldAskedAgain,
    HoldPlaced,
    HoldReleased,
    HoldTermsRaised,
    Judged,
    LogEntry,
    Logged,
    MergedFrom,
    MergedInto,
    Muted,
    Noted,
    Opened,
    Outranked,
    PlaybookChanged,
    PostDecided,
    PostLeaked,
    ReleaseAgreed,
    Reopened,
    Reported,
    Resolved,
    ResolvedBy,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
    StepDone,
    StepOverdue,
)
from playbooks.labels import ActionKind, Judgement

Named = Callable[[str], str]

_ROAD = {
    AcknowledgedBy.CONSOLE: "",
    AcknowledgedBy.LINK: ", by the link in a message",
    AcknowledgedBy.SLACK: ", by Slack",
    AcknowledgedBy.PAGERDUTY: ", by PagerDuty",
    AcknowledgedBy.TELEPHONE: ", by telephone",
    AcknowledgedBy.COMMAND: ", by command",
}

_JUDGED = {
    Judgement.REAL: "says that it was real",
    Judgement.FALSE: "says that it was a false alarm",
    Judgement.UNJUDGED: "takes back what was said of whether it was real",
}

#: From this difference on, the time of what happened and the time of its writing down are both shown.
ANOTHER_TIME_MS = 60_000


class Line(msgspec.Struct, frozen=True):
    """One line of the timeline; `quote` is what a person gave as a reason.

    `noted_ms` is when it was written down, where that is another time than that of the posts: in a replay, a demo, or
    after an outage. What people do happens when it is written down.
    """

    at_ms: int
    text: str
    tone: Tone = Tone.PLAIN
    quote: str = ""
    noted_ms: int | None = None


def timeline(log: Iterable[Logged], brand: str, name_of: Named) -> list[Line]:
    """The lines of a log. `brand` is what the brand is called, `name_of` gives what a person is called.

    Where it ends, a line of its own says what people were to do and never said that they have.
    """
    people = asked.AskedOfPeople()
    found: list[Line] = []
    for (kind, *_), rows in groupby(log, _fold):
        these = list(rows)
        found += _lines(kind, these, brand, name_of)
        for row in these:
            people.follow(row.entry)
        if kind is Resolved and people.left:
            said = f"Never done, as far as anybody said: {'; '.join(map(_left, people.left))}."
            found.append(Line(these[-1].at_ms, said, Tone.ALARM))
    return found


def _left(one: ActionPlanned) -> str:
    return f"{one.step} ({_step(one)})"


def _noted(row: Logged) -> int | None:
    return row.recorded_ms if abs(row.recorded_ms - row.at_ms) >= ANOTHER_TIME_MS else None


def _fold(logged: Logged) -> tuple[type[LogEntry], int, str]:
    """What stands in one line: what is alike, and of what was planned only that of one moment and one cause."""
    entry = logged.entry
    return (
        (ActionPlanned, logged.at_ms, called_for(entry)) if isinstance(entry, ActionPlanned) else (type(entry), 0, "")
    )


def _lines(kind: type[LogEntry], rows: list[Logged], brand: str, name_of: Named) -> Iterator[Line]:
    if kind is ActionPlanned:
        yield from (replace(line, noted_ms=_noted(rows[0])) for line in _planned(rows))
    elif kind in (SignalJoined, SignalNoted) and len(rows) > 2:
        first, last = rows[0], rows[-1]
        what = "more signals joined it" if kind is SignalJoined else "other signals were noticed beside it"
        text = f"{len(rows):,} {what}, the last at {words.moment(last.at_ms)}."
        yield Line(first.at_ms, text, noted_ms=_noted(first))
    elif kind is AccountRead and len(rows) > 4:
        first, last = rows[0], rows[-1]
        text = f"{len(rows):,} times something else was read back of accounts in schedulers. The last:"
        yield Line(first.at_ms, text, noted_ms=_noted(first))
        yield replace(_line(last, last.entry, brand, name_of), noted_ms=_noted(last))
    else:
        for row in rows:
            if isinstance(row.entry, SignalJoined) and row.entry.kind is SignalKind.REPORTED:
                continue  # what somebody reported stands beside it, in their words
            yield replace(_line(row, row.entry, brand, name_of), noted_ms=_noted(row))


def _line(row: Logged, entry: LogEntry, brand: str, name_of: Named) -> Line:
    match entry:
        case Opened():
            return Line(row.at_ms, f"{entry.title}. {words.what_happens(entry.signal, brand)}", Tone.STRONG)
        case SeverityRaised():
            what = words.what_happens(entry.signal, brand)
            return Line(row.at_ms, f"It got worse: severity {entry.before} to {entry.after}. {what}", Tone.STRONG)
        case SignalJoined():
            seen = f"{words.figure(entry.observed)} {words.what_is_counted(entry.kind)} {words.place(entry.platform)}"
            return Line(row.at_ms, f"Again: {seen}, {words.figure(entry.expected)} expected.")
        case SignalNoted():
            seen = f"{words.what_is_counted(entry.kind)} {words.place(entry.platform)}, severity {entry.severity}"
            return Line(row.at_ms, f"Noticed beside it: {seen}. It changes nothing here.")
        case Muted():
            until = words.moment(entry.until_ms)
            told = f"Not done: muted until {until} by {name_of(entry.person)}, because:"
            return Line(row.at_ms, told, Tone.STRONG, entry.reason)
        case HoldPlaced():
            return Line(row.at_ms, _placed(entry, brand), Tone.HELD)
        case HoldTermsRaised():
            told = f"The hold goes by stricter terms: it stays until {_until(entry)} let go."
            return Line(row.at_ms, f"{told} An agreement from before counts no more, if there was one.", Tone.HELD)
        case Acknowledged():
            return Line(row.at_ms, f"{name_of(row.actor)} has it{_ROAD[entry.how]}.", Tone.CALM)
        case AcknowledgementForgotten():
            return Line(row.at_ms, "Nothing was done since for too long: somebody must look again.", Tone.ALARM)
        case Outranked():
            what = f"{entry.playbook} {entry.version}"
            return Line(
                row.at_ms, f"It grew: now the playbook {what} would be opened instead of this one.", Tone.STRONG
            )
        case StepDone(option=""):
            return Line(row.at_ms, f"{name_of(row.actor)} has done {entry.step}.", Tone.CALM, entry.note)
        case StepDone():
            told = f"{name_of(row.actor)} decided {entry.step}: {entry.option}."
            return Line(row.at_ms, told, Tone.CALM, entry.note)
        case StepOverdue():
            return Line(row.at_ms, f"Overdue: {entry.step} is not done.", Tone.ALARM)
        case Reported():
            told = f"{name_of(row.actor)} reports it, severity {entry.severity} of 5:"
            return Line(row.at_ms, told, Tone.STRONG, entry.what)
        case Noted():
            return Line(row.at_ms, f"{name_of(row.actor)}:", Tone.PLAIN, entry.text)
        case Contained():
            return Line(
                row.at_ms, f"{name_of(row.actor)} says that it does not spread any more:", Tone.CALM, entry.reason
            )
        case Reopened():
            return Line(row.at_ms, f"{name_of(row.actor)} opened it again:", Tone.STRONG, entry.reason)
        case PlaybookChanged():
            what = f"{entry.playbook} {entry.version}"
            return Line(row.at_ms, f"{name_of(row.actor)} moved it to the playbook {what}:", Tone.STRONG, entry.reason)
        case MergedInto():
            what = f"{name_of(row.actor)} merged it into {entry.incident}, and it goes on there:"
            return Line(row.at_ms, what, Tone.STRONG, entry.reason)
        case MergedFrom():
            what = f"{name_of(row.actor)} merged {entry.incident} into it ({entry.title}, severity {entry.severity}):"
            return Line(row.at_ms, what, Tone.STRONG, entry.reason)
        case Judged():
            return Line(row.at_ms, f"{name_of(row.actor)} {_JUDGED[entry.verdict]}:", Tone.PLAIN, entry.reason)
        case ReleaseAgreed():
            return Line(row.at_ms, f"{name_of(row.actor)} agreed to the release:", Tone.CALM, entry.reason)
        case HoldReleased():
            return Line(row.at_ms, "The hold is released; nothing that was held is sent by itself.", Tone.CALM)
        case HoldAskedAgain():
            return Line(row.at_ms, "Held for long: those who may let go were asked whether it is still needed.")
        case PostDecided():
            what = f"{name_of(row.actor)} said of the held post {entry.post} on {entry.platform}: {entry.word}"
            return Line(row.at_ms, f"{what}.", Tone.PLAIN, entry.reason)
        case GlassBroken():
            which = "the post" if entry.unasked else "the held post"
            how = ", which nobody had asked about, with a text that they gave" if entry.unasked else ""
            what = f"{name_of(row.actor)} lets {which} {entry.post} on {entry.platform} go once{how}"
            return Line(row.at_ms, f"{what}, until {words.clock(entry.expires_ms)}:", Tone.ALARM, entry.reason)
        case AccountRead():
            text, tone = account_read(entry)
            return Line(row.at_ms, text, tone, entry.detail)
        case PostLeaked():
            what = f"WENT OUT while {entry.called} was held: the post {entry.post}"
            return Line(row.at_ms, f"{what}, due at {words.clock_in_zone(entry.due_ms)}.", Tone.ALARM)
        case Resolved(how=ResolvedBy.QUIET):
            return Line(row.at_ms, "It is over: nothing more was seen for so long.", Tone.CALM, entry.reason)
        case Resolved():
            return Line(row.at_ms, f"{name_of(row.actor)} ended it:", Tone.CALM, entry.reason)
        case ActionPlanned():
            raise AssertionError("planned actions are folded")
        case _:
            assert_never(entry)


def _placed(entry: HoldPlaced, brand: str) -> str:
    where = f"on {entry.platform}" if entry.platform else "on every platform"
    return f"Automated posts for {brand} are held {where}, until {_until(entry)} let go."


def _until(terms: HoldPlaced | HoldTermsRaised) -> str:
    many = "1 person" if terms.releasers_needed == 1 else f"{terms.releasers_needed} people"
    among = f"; one of {terms.one_of} has to be among them" if terms.one_of else ""
    return f"{many} ({' or '.join(terms.released_by)}{among})"


def _planned(rows: list[Logged]) -> Iterator[Line]:
    planned = [(row.at_ms, row.entry) for row in rows if isinstance(row.entry, ActionPlanned)]
    for decision in ActionDecision:
        of_it = [(at_ms, entry) for at_ms, entry in planned if entry.decision is decision]
        told = Counter(
            _step(entry)
            for _, entry in of_it
            if entry.kind is not ActionKind.HOLD or decision is not ActionDecision.DUE
        )
        if told:
            steps = "; ".join(_times(step, times) for step, times in told.items())
            at_ms, entry = of_it[0]
            because = called_for(entry)
            yield Line(at_ms, f"{because}{' ' if because else ''}{_heading(decision)}: {steps}.")


def _times(step: str, times: int) -> str:
    if times == 1:
        return step
    what, _, whose = step.partition(" for ")
    return f"{times} {what}s for {whose}" if whose else f"{step}, {times} times"


def _step(entry: ActionPlanned) -> str:
    match entry.kind:
        case ActionKind.PAGE:
            return f"page {entry.target}"
        case ActionKind.NOTIFY:
            return f"tell {entry.target}"
        case ActionKind.HOLD:
            return "hold automated posts"
        case ActionKind.ANNOTATE:
            return "mark the graphs"
        case ActionKind.TASK | ActionKind.DECISION | ActionKind.STATEMENT:
            return f"{entry.kind.value} for {entry.target}"
        case _:
            assert_never(entry.kind)


def _heading(decision: ActionDecision) -> str:
    match decision:
        case ActionDecision.DUE:
            return "Set going"
        case ActionDecision.BRAND_OBSERVES | ActionDecision.BRAND_NOT_ARMED_TO_HOLD | ActionDecision.MUTED:
            return f"Not done, because {not_done(decision)}"
        case ActionDecision.NOTHING_HELD:
            return f"Not needed, because {not_done(decision)}"
        case ActionDecision.FOR_PEOPLE:
            return "For people to do"
        case _:
            assert_never(decision)
