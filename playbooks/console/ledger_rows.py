"""The ledger of deliveries as lines that people read: who was told, by what road, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

import msgspec

from playbooks.console.values import Tone
from playbooks.console.words import zone_shown
from playbooks.delivery.standing import Line
from playbooks.delivery.told_times import in_local_times
from playbooks.labels import ActionKind, Channel, DeliveryOutcome

#: What a notice is of that no step of a playbook asked for (`incidents/afterwards.py`), by its step.
_AFTER = {
    "over": "all-clear",
    "over-with": "all-clear",
    "merged": "word of the merging",
    "acknowledged": "word that somebody has it",
    "released": "word of the release",
    "break-glass": "word of a post let through",
}


class LedgerRow(msgspec.Struct, frozen=True):
    """What came of telling one person by one road."""

    at_ms: int
    who: str
    what: str
    outcome: str
    tone: Tone
    detail: str


def ledger_rows(ledger: Iterable[Line], name_of: Callable[[str], str]) -> list[LedgerRow]:
    """The lines of a ledger, oldest first; a send that was concluded shows its end only.

    A hold tells nobody: it has a card of its own and a line in the timeline.
    """
    lines = [line for line in ledger if line.action is not ActionKind.HOLD]
    concluded = {_key(line) for line in lines if line.entry.outcome is not DeliveryOutcome.SENDING}
    return [
        _row(line, name_of)
        for line in lines
        if line.entry.outcome is not DeliveryOutcome.SENDING or _key(line) not in concluded
    ]


def _key(line: Line) -> tuple[str, int, str, Channel]:
    return line.entry.outbox, line.entry.attempt, line.entry.person, line.entry.channel


def _row(line: Line, name_of: Callable[[str], str]) -> LedgerRow:
    entry = line.entry
    outcome, tone = _outcome(entry.outcome)
    again = f", attempt {entry.attempt}" if entry.attempt > 1 else ""
    return LedgerRow(
        at_ms=entry.recorded_ms,
        who=name_of(entry.person) if entry.person else line.target,
        what=f"{_what(line)}{again}",
        outcome=outcome,
        tone=tone,
        detail=in_local_times(entry.detail, zone_shown()),
    )


def _what(line: Line) -> str:
    match line.action:
        case ActionKind.PAGE:
            what = f"page to {line.target}"
        case ActionKind.NOTIFY:
            what = f"{_notice(line)} to {line.target}"
        case ActionKind.HOLD:
            what = "hold on posting"
        case ActionKind.ANNOTATE:
            what = "mark on the graphs"
        case ActionKind.TASK | ActionKind.DECISION | ActionKind.STATEMENT:
            what = f"{line.action.value} for {line.target}"
        case _:
            assert_never(line.action)
    return what if line.entry.channel is Channel.NONE else f"{what}, by {line.entry.channel.value}"


def _notice(line: Line) -> str:
    return "word of what is overdue" if line.entry.outbox.endswith(":overdue") else _AFTER.get(line.step, "notice")


def _outcome(outcome: DeliveryOutcome) -> tuple[str, Tone]:
    match outcome:
        case DeliveryOutcome.SENDING:
            return "under way", Tone.PLAIN
        case DeliveryOutcome.ACCEPTED:
            return "accepted", Tone.CALM
        case DeliveryOutcome.DELIVERED:
            return "arrived", Tone.CALM
        case DeliveryOutcome.READ:
            return "had by the person", Tone.CALM
        case DeliveryOutcome.PERHAPS:
            return "perhaps arrived", Tone.HELD
        case DeliveryOutcome.RETRY:
            return "to be tried again", Tone.HELD
        case DeliveryOutcome.FAILED:
            return "not reached", Tone.ALARM
        case DeliveryOutcome.RECORDED:
            return "recorded, not sent", Tone.REPLAY
        case _:
            assert_never(outcome)
