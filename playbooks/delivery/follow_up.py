"""What the end of one action calls for: ops hear of people nobody reached; a page and a hold are drawn on graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import xxhash

from detectors.mention import rfc3339
from playbooks.delivery.standing import Entry, OutboxState, Standing
from playbooks.effects.message import Moment, Notice
from playbooks.incidents.action import Action, DueAction
from playbooks.incidents.called import name_of
from playbooks.labels import ActionKind, DeliveryOutcome
from playbooks.oncall.people import OPS
from playbooks.settings.people import Person

_MARKED = {ActionKind.PAGE: Moment.PAGE, ActionKind.HOLD: Moment.HOLD}
_REACHED = (OutboxState.DELIVERED, OutboxState.PARTLY)
_TROUBLE = (DeliveryOutcome.FAILED, DeliveryOutcome.RETRY, DeliveryOutcome.PERHAPS)


def follow_ups(
    due: DueAction,
    notice: Notice,
    standing: Standing,
    entries: Sequence[Entry],
    *,
    has_ops: bool,
    graphs: bool,
    now_ms: int,
    people: Mapping[str, Person],
) -> list[Action]:
    """The actions that follow from the end of `due`.

    `has_ops` says whether there is a role for ops, `graphs` whether there is a Grafana; `people` are the settings'.
    Their ids follow from the action's, so ending it twice makes them once.
    """
    found = []
    if has_ops and standing.missed and due.action is not ActionKind.ANNOTATE and due.target != OPS:
        found.append(not_reached(due, notice, standing.missed, entries, people, now_ms))
    if graphs and due.action in _MARKED and standing.state in _REACHED:
        found.append(_mark(due, notice, _MARKED[due.action], now_ms))
    return found


def nobody_on_call(due: DueAction, notice: Notice, until_ms: int, now_ms: int) -> Action:
    """The page to ops where nobody is in the role that an action is for, and when somebody comes on call."""
    told = msgspec.structs.replace(
        notice,
        own_words=True,
        subject=f"Nobody is on call: the role {due.target!r} ({notice.subject})",
        text=(
            f"A {due.action.value} waits for the role {due.target!r}, in which nobody is just now. The next turn "
            f"begins at {rfc3339(until_ms)}. Put somebody on call, and it is sent within a minute.\n\n{notice.text}"
        ),
    )
    return _action(due, "nobody", ActionKind.PAGE, OPS, told, now_ms)


def not_reached(
    due: Action,
    notice: Notice,
    missed: Sequence[str],
    entries: Sequence[Entry],
    people: Mapping[str, Person],
    now_ms: int,
) -> Action:
    """The page to ops about people whom an action did not reach; about one action there is one."""
    who = ", ".join(name_of(person, people) for person in missed if person)
    if missed == ("",):
        who = f"the role {due.target!r}"
    told = msgspec.structs.replace(
        notice,
        own_words=True,
        subject=f"Not reached: {who} ({notice.subject})",
        text="\n".join(
            (
                f"{due.action.value.capitalize()} for {who} did not arrive.",
                "",
                *_trouble(entries, people),
                "",
                notice.text,
            )
        ),
    )
    return _action(due, "ops", ActionKind.PAGE, OPS, told, now_ms)


def _trouble(entries: Sequence[Entry], people: Mapping[str, Person]) -> list[str]:
    return [
        f"- attempt {entry.attempt}, {name_of(entry.person, people) or 'nobody'}, {entry.channel.value}: {entry.detail}"
        for entry in entries
        if entry.outcome in _TROUBLE
    ]


def _mark(due: DueAction, notice: Notice, moment: Moment, now_ms: int) -> Action:
    marked = msgspec.structs.replace(
        notice,
        subject=f"{due.action.value.capitalize()}: {due.target}",
        moment=moment,
        text=notice.subject,
        runbook="",
        signal=None,
    )
    return _action(due, "mark", ActionKind.ANNOTATE, notice.brand, marked, now_ms)


def _action(due: Action, why: str, kind: ActionKind, target: str, notice: Notice, now_ms: int) -> Action:
    return Action(
        id=f"{why}-{xxhash.xxh3_128_hexdigest(due.id.encode())}",
        incident=due.incident,
        run=due.run,
        step=due.step,
        action=kind,
        target=target,
        body=msgspec.to_builtins(notice),
        at_ms=now_ms,
        due_ms=now_ms,
    )
