"""Changes of what people are asked for: roles, tasks, decisions, statements, and the words they may say."""

from __future__ import annotations

from collections.abc import Callable

from playbooks.content.changes.change import EVERYBODY, Changed, Changes, Weight, for_whom, paired
from playbooks.content.schema import Playbook, Statement, Step


def _roles(old: Playbook, new: Playbook) -> Changes:
    for role in dict.fromkeys((*old.roles, *new.roles)):
        if role not in old.roles:
            yield Changed(Weight.ASKED, role, f"has a part now: {' '.join(new.roles[role].split())}")
        elif role not in new.roles:
            yield Changed(Weight.ASKED, role, "has no part in it any more")
        elif old.roles[role].split() != new.roles[role].split():
            yield Changed(Weight.ASKED, role, f"is asked for something else: {' '.join(new.roles[role].split())}")


def _steps(old: Playbook, new: Playbook) -> Changes:
    before = {step.id for step in old.steps if step.action.is_for_people}
    now = {step.id for step in new.steps if step.action.is_for_people}
    for step in old.steps:
        if step.id in before - now:
            yield Changed(Weight.ASKED, for_whom(step), f"need no longer: {_asks(step)}")
    for step in new.steps:
        if step.id in now - before:
            yield Changed(Weight.ASKED, for_whom(step), f"new: {_asks(step)}")
    for was, step in paired(old, new):
        if step.id in before & now and _asks(was) != _asks(step):
            for whom in dict.fromkeys((for_whom(was), for_whom(step))):
                yield Changed(Weight.ASKED, whom, f"{_asks(step)}; before, {_asks(was)}")


def _statements(old: Playbook, new: Playbook) -> Changes:
    before, now = ({one.id: one for one in version.statements} for version in (old, new))
    for name in dict.fromkeys((*before, *now)):
        was, is_now = before.get(name), now.get(name)
        if was is None and is_now is not None:
            yield Changed(Weight.ASKED, EVERYBODY, f"there are approved words {_whose(is_now)} ({name})")
        elif is_now is None and was is not None:
            yield Changed(
                Weight.ASKED, EVERYBODY, f"the approved words {_whose(was)} are gone; do not use them ({name})"
            )
        elif was is not None and is_now is not None and was != is_now:
            what = "read otherwise" if was.words.split() != is_now.words.split() else "are for others, or approved anew"
            yield Changed(Weight.ASKED, EVERYBODY, f"the approved words {_whose(is_now)} {what} ({name})")


LOOKS: tuple[Callable[[Playbook, Playbook], Changes], ...] = (_roles, _steps, _statements)


def _asks(step: Step) -> str:
    """What a step asks for, in words."""
    options = f" [{' | '.join(step.options)}]" if step.options else ""
    says = f", with the words {step.say}" if step.say else ""
    return f"{step.action.value} {step.id} for {step.to}, within {step.deadline_min} minutes{says}{options}"


def _whose(statement: Statement) -> str:
    places = f" on {', '.join(statement.platforms)}" if statement.platforms else ""
    return f"for {statement.audience.value}{places} in {statement.lang}"
