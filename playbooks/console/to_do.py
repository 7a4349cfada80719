"""What an incident asks of people: tasks, decisions and statements, each with its deadline and what became of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from playbooks.console.values import Tone
from playbooks.content.schema import Playbook
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.approved import whom
from playbooks.incidents.incident import IncidentState, IncidentView, PlannedAction, WentBy
from playbooks.incidents.unwrapped import unwrapped
from playbooks.labels import ActionKind

Named = Callable[[str], str]
#: The playbook of a version, None where its file is gone.
PlaybookOf = Callable[[WentBy], Playbook | None]


class ToDo(msgspec.Struct, frozen=True):
    """One thing that people are to do, as the page shows it.

    `words` is what is asked, `options` what may be decided, `say` the words that were approved before and `say_to` for
    whom they are. `of` is the playbook that asks for it, where the incident goes by another now. `done_by` is who has
    done it (empty while nobody has) and `done_ms` when; `note` and `decided` are what they said. `may_do` says that the
    viewer may say that it is done.
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
    of: str = ""


_HEADINGS = {ActionKind.TASK: "To do", ActionKind.DECISION: "To decide", ActionKind.STATEMENT: "To say"}


def to_do(view: IncidentView, playbook_of: PlaybookOf, name_of: Named, now_ms: int, *, may_act: bool) -> list[ToDo]:
    """Everything that people are asked to do: what the playbook that it goes by asks, then what earlier ones did.

    Of each playbook in its order; nothing of one whose file is gone. `now_ms` is the wall clock: what is past its
    deadline is overdue, whether or not anybody was told of it yet.
    """
    may = may_act and view.state is not IncidentState.RESOLVED
    asked = _asked(view)
    own = [action for action in asked if _by(view, action).playbook == view.playbook]
    earlier = [action for action in asked if _by(view, action).playbook != view.playbook]
    shown = (
        _shown(view, action, playbook, name_of, now_ms, may=may)
        for action in (*own, *earlier)
        if (playbook := playbook_of(_by(view, action))) is not None
    )
    return [one for one in shown if one is not None]


def _by(view: IncidentView, action: PlannedAction) -> WentBy:
    return view.ordered_by(action.id)


def _asked(view: IncidentView) -> list[PlannedAction]:
    """Each thing that people are to do, as its playbook asked for it last.

    What could not be asked at first (the brand was observed, or it was muted) is planned again when it can be. Where
    the incident was moved before that, what was never asked is for the newer playbook to ask.
    """
    newest = {(_by(view, action).playbook, action.step): action for action in view.actions if action.kind.is_for_people}
    return [
        action
        for (playbook, _), action in newest.items()
        if action.decision is ActionDecision.FOR_PEOPLE or playbook == view.playbook
    ]


def _shown(
    view: IncidentView,
    action: PlannedAction,
    playbook: Playbook,
    name_of: Named,
    now_ms: int,
    *,
    may: bool,
) -> ToDo | None:
    step = next((one for one in playbook.steps if one.id == action.step), None)
    if step is None:
        return None
    done = view.done_of(action.id)
    is_done = done is not None and not done.is_overdue
    overdue = not is_done and action.deadline_ms is not None and action.deadline_ms <= now_ms
    statement = next((one for one in playbook.statements if one.id == step.say), None)
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
        of=playbook.id if playbook.id != view.playbook else "",
    )
