"""What an incident asks of people: tasks, decisions and statements, each with its deadline and what became of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from playbooks.console.values import Tone
from playbooks.content.schema import Playbook, Statement, Step
from playbooks.incidents.approved import whom
from playbooks.incidents.incident import Done, IncidentState, IncidentView, PlannedAction
from playbooks.incidents.unwrapped import unwrapped
from playbooks.labels import ActionKind

Named = Callable[[str], str]


class ToDo(msgspec.Struct, frozen=True):
    """One thing that people are to do, as the page shows it.

    `words` is what is asked, `options` what may be decided, `say` the words that were approved before and `say_to` for
    whom they are. `done_by` is who has done it (empty while nobody has) and `done_ms` when; `note` and `decided` are
    what they said. `may_do` says that the viewer may say that it is done.
    """

    action: str
    heading: str
    role: str
    words: str
    deadline_ms: int | None
    overdue: bool
    tone: Tone
    options: tuple[str, ...] = ()
    say: str = ""
    say_to: str = ""
    done_by: str = ""
    done_ms: int = 0
    note: str = ""
    decided: str = ""
    may_do: bool = False


_HEADINGS = {ActionKind.TASK: "To do", ActionKind.DECISION: "To decide", ActionKind.STATEMENT: "To say"}


def to_do(view: IncidentView, playbook: Playbook | None, name_of: Named, now_ms: int, *, may_act: bool) -> list[ToDo]:
    """Everything that people are asked to do, in the playbook's order; nothing where its file is gone.

    `now_ms` is the wall clock: what is past its deadline is overdue, whether or not anybody was told of it yet.
    """
    steps = {step.id: step for step in playbook.steps} if playbook else {}
    said = {statement.id: statement for statement in playbook.statements} if playbook else {}
    may = may_act and view.state is not IncidentState.RESOLVED
    # What could not be asked at first (the brand was observed, or it was muted) is planned again when it can be.
    newest = {action.step: action for action in view.actions if action.kind.is_for_people and action.step in steps}
    return [
        _shown(action, steps[action.step], said, view.done_of(action.id), name_of, now_ms, may=may)
        for action in newest.values()
    ]


def _shown(
    action: PlannedAction,
    step: Step,
    said: dict[str, Statement],
    done: Done | None,
    name_of: Named,
    now_ms: int,
    *,
    may: bool,
) -> ToDo:
    is_done = done is not None and not done.is_overdue
    overdue = not is_done and action.deadline_ms is not None and action.deadline_ms <= now_ms
    statement = said.get(step.say or "")
    return ToDo(
        action=action.id,
        heading=_HEADINGS[action.kind],
        role=action.target,
        words=unwrapped(step.words),
        deadline_ms=action.deadline_ms,
        overdue=overdue,
        tone=Tone.CALM if is_done else Tone.ALARM if overdue else Tone.PLAIN,
        options=step.options,
        say=unwrapped(statement.words) if statement else "",
        say_to=whom(statement.audience) if statement else "",
        done_by=name_of(done.person) if done is not None and is_done else "",
        done_ms=done.at_ms if done is not None else 0,
        note=done.note if done is not None else "",
        decided=done.option if done is not None else "",
        may_do=may and not is_done,
    )
