"""Rules about single steps: whom they are for, and which of their keys belong to which kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from playbooks.content.rules.fault import Faults, RuleFault, unknown
from playbooks.content.schema import Playbook, Step
from playbooks.labels import ActionKind

#: Steps that reach somebody by themselves; what is for people names somebody, too.
SPOKEN_TO: Final = frozenset({ActionKind.PAGE, ActionKind.NOTIFY})
FOR_PEOPLE: Final = frozenset(kind for kind in ActionKind if kind.is_for_people)

#: The keys that only some kinds of step have.
_BELONGS: Final[dict[str, frozenset[ActionKind]]] = {
    "with_hold": frozenset({ActionKind.NOTIFY}),
    "again_when_worse": frozenset({ActionKind.NOTIFY}),
    "deadline_min": FOR_PEOPLE,
    "options": frozenset({ActionKind.DECISION}),
    "say": frozenset({ActionKind.STATEMENT}),
    "each": frozenset({ActionKind.PAGE}),
    "escalation": frozenset({ActionKind.PAGE}),
}


def _steps_have_their_own_ids(playbook: Playbook) -> Faults:
    times = Counter(step.id for step in playbook.steps)
    for n, step in enumerate(playbook.steps):
        if times[step.id] > 1:
            yield RuleFault(f"$.steps[{n}].id", f"the step {step.id!r} is there {times[step.id]} times; ids are unique")


def _people_are_addressed_by_role(playbook: Playbook) -> Faults:
    for n, step in enumerate(playbook.steps):
        where = f"$.steps[{n}].to"
        if step.action not in SPOKEN_TO | FOR_PEOPLE:
            if step.to is not None:
                yield RuleFault(where, f"a step that is a {step.action.value} goes to nobody; leave `to` out")
        elif step.to is None:
            known = ", ".join(sorted(playbook.roles))
            yield RuleFault(where, f"the step {step.id!r} says not whom it is for; allowed are {known}")
        elif step.to not in playbook.roles:
            yield RuleFault(where, unknown(step.to, "roles", list(playbook.roles)))


def _keys_stand_where_they_mean_something(playbook: Playbook) -> Faults:
    for n, step in enumerate(playbook.steps):
        for key, kinds in _BELONGS.items():
            if getattr(step, key) and step.action not in kinds:
                allowed = ", ".join(kind.value for kind in ActionKind if kind in kinds)
                yield RuleFault(
                    f"$.steps[{n}].{key}", f"found in a step that is a {step.action.value}; it is for {allowed}"
                )


def _what_is_for_people_has_a_deadline(playbook: Playbook) -> Faults:
    for n, step in enumerate(playbook.steps):
        if step.action not in FOR_PEOPLE:
            continue
        if step.deadline_min is None:
            yield RuleFault(
                f"$.steps[{n}]", f"the {step.action.value} {step.id!r} has no deadline; say deadline_min, in minutes"
            )
        if step.after_min:
            yield RuleFault(
                f"$.steps[{n}].after_min",
                f"found {step.after_min}; a {step.action.value} is there from the start, leave it out",
            )


def _a_decision_has_options(playbook: Playbook) -> Faults:
    for n, step in enumerate(playbook.steps):
        if step.action is ActionKind.DECISION and len(set(step.options)) < 2:
            yield RuleFault(
                f"$.steps[{n}]", f"the decision {step.id!r} leaves no choice; say at least two different options"
            )
        elif len(set(step.options)) < len(step.options):
            yield RuleFault(f"$.steps[{n}].options", "an option is there twice; options differ")


def _a_statement_step_says_known_words(playbook: Playbook) -> Faults:
    for n, step in enumerate(playbook.steps):
        if step.action is not ActionKind.STATEMENT:
            continue
        known = [statement.id for statement in playbook.statements]
        if step.say is None:
            yield RuleFault(f"$.steps[{n}]", f"the statement {step.id!r} says nothing; name it with `say`")
        elif step.say not in known:
            yield RuleFault(f"$.steps[{n}].say", unknown(step.say, "statements", known))


def of_kind(playbook: Playbook, kind: ActionKind) -> list[tuple[int, Step]]:
    """The steps of a kind, each with its place in the list."""
    return [(n, step) for n, step in enumerate(playbook.steps) if step.action is kind]


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    _steps_have_their_own_ids,
    _people_are_addressed_by_role,
    _keys_stand_where_they_mean_something,
    _what_is_for_people_has_a_deadline,
    _a_decision_has_options,
    _a_statement_step_says_known_words,
)
