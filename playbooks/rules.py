"""What a playbook must be that its types cannot say. Each rule yields the place in the file and what is wrong there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from detectors.signal import SignalKind
from playbooks.examples import surprises
from playbooks.labels import ActionKind
from playbooks.schema import POSTING_TEAM, Playbook, Step
from playbooks.trigger import Condition, EvidenceField

#: Kinds that count mentions, so that whoever can pay for mentions can raise them.
COUNTED = frozenset({SignalKind.VOLUME, SignalKind.NEGATIVITY})
FEWEST_AUTHORS = 5
SPOKEN_TO = frozenset({ActionKind.PAGE, ActionKind.NOTIFY})


@dataclass(frozen=True, slots=True, order=True)
class RuleFault:
    """One thing that is wrong; `where` is a path such as ``$.steps[0].to``."""

    where: str
    message: str


Faults = Iterator[RuleFault]


def faults_of(playbook: Playbook) -> list[RuleFault]:
    """Everything that is wrong with a playbook; empty where nothing is."""
    return [fault for rule in RULES for fault in rule(playbook)]


def _steps_have_their_own_ids(playbook: Playbook) -> Faults:
    times = Counter(step.id for step in playbook.steps)
    for n, step in enumerate(playbook.steps):
        if times[step.id] > 1:
            yield RuleFault(f"$.steps[{n}].id", f"the step {step.id!r} is there {times[step.id]} times; ids are unique")


def _people_are_addressed_by_role(playbook: Playbook) -> Faults:
    known = ", ".join(sorted(playbook.roles))
    for n, step in enumerate(playbook.steps):
        where = f"$.steps[{n}].to"
        if step.action not in SPOKEN_TO:
            if step.to is not None:
                yield RuleFault(where, f"a step that is a {step.action.value} goes to nobody; leave `to` out")
        elif step.to is None:
            yield RuleFault(where, f"the step {step.id!r} says not whom it is for; allowed are {known}")
        elif step.to not in playbook.roles:
            yield RuleFault(where, f"found {step.to!r}, which is not under roles; allowed are {known}")


def _only_notices_have_conditions(playbook: Playbook) -> Faults:
    for n, step in enumerate(playbook.steps):
        if step.action is not ActionKind.NOTIFY and (step.with_hold or step.again_when_worse):
            key = "with_hold" if step.with_hold else "again_when_worse"
            yield RuleFault(f"$.steps[{n}].{key}", f"found in a step that is a {step.action.value}; it is for notify")


def _a_hold_is_at_once_and_one(playbook: Playbook) -> Faults:
    steps = _of_kind(playbook, ActionKind.HOLD)
    for n, step in steps:
        if step.after_min:
            yield RuleFault(f"$.steps[{n}].after_min", f"found {step.after_min}; a hold is placed at once, at 0")
    for n, _ in steps[1:]:
        yield RuleFault(f"$.steps[{n}]", "a second hold; a playbook has one, what it covers stands under `hold`")
    if steps and playbook.hold is None:
        yield RuleFault("$", "a step holds posts, but `hold` does not say what, and who may let go")
    if not steps and playbook.hold is not None:
        yield RuleFault("$.hold", "no step is a hold; leave `hold` out, or add the step")


def _a_hold_is_opened_by_known_roles(playbook: Playbook) -> Faults:
    for n, role in enumerate(playbook.hold.released_by if playbook.hold else ()):
        if role not in playbook.roles:
            known = ", ".join(sorted(playbook.roles))
            yield RuleFault(
                f"$.hold.released_by[{n}]", f"found {role!r}, which is not under roles; allowed are {known}"
            )


def _the_posting_team_is_told_of_the_hold(playbook: Playbook) -> Faults:
    told = [step for _, step in _of_kind(playbook, ActionKind.NOTIFY) if step.with_hold and step.to == POSTING_TEAM]
    if playbook.hold is not None and not told:
        yield RuleFault("$.steps", f"nobody tells the posting team: add a notify to {POSTING_TEAM}, with_hold: true")
    if playbook.hold is None:
        for n, step in enumerate(playbook.steps):
            if step.with_hold:
                yield RuleFault(f"$.steps[{n}].with_hold", "nothing is held by this playbook; leave it out")


def _no_crisis_can_be_bought(playbook: Playbook) -> Faults:
    trigger = playbook.trigger
    stern = any(step.action in (ActionKind.PAGE, ActionKind.HOLD) for step in playbook.steps)
    if not stern or COUNTED.isdisjoint(trigger.kinds):
        return
    if not _asks(trigger.conditions, EvidenceField.AUTHORS, FEWEST_AUTHORS):
        yield RuleFault(
            "$.trigger",
            f"it pages or holds on counted mentions, so one busy author could fire it: "
            f"add a condition on authors, at_least {FEWEST_AUTHORS} or more",
        )
    if not _asks(trigger.conditions, EvidenceField.NEGATIVE_SHARE, 0.01):
        yield RuleFault(
            "$.trigger",
            "it pages or holds on counted mentions, and a volume alone never makes a crisis: "
            "add a condition on negative_share, at_least above 0",
        )


def _conditions_bound_each_figure_once(playbook: Playbook) -> Faults:
    times = Counter(condition.field for condition in playbook.trigger.conditions)
    for n, condition in enumerate(playbook.trigger.conditions):
        where = f"$.trigger.conditions[{n}]"
        if times[condition.field] > 1:
            yield RuleFault(where, f"{condition.field.value} is bounded twice; say both bounds in one condition")
        if condition.at_least is None and condition.at_most is None:
            yield RuleFault(where, f"{condition.field.value} has no bound; say at_least, at_most or both")


def _the_changelog_begins_with_this_version(playbook: Playbook) -> Faults:
    newest = playbook.changelog[0].version
    if newest != playbook.version:
        yield RuleFault(
            "$.changelog[0].version", f"found {newest}; the newest entry is about this version, {playbook.version}"
        )


def _examples_do_what_they_say(playbook: Playbook) -> Faults:
    for where, surprise in surprises(playbook):
        yield RuleFault(where, surprise)


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    _steps_have_their_own_ids,
    _people_are_addressed_by_role,
    _only_notices_have_conditions,
    _a_hold_is_at_once_and_one,
    _a_hold_is_opened_by_known_roles,
    _the_posting_team_is_told_of_the_hold,
    _no_crisis_can_be_bought,
    _conditions_bound_each_figure_once,
    _the_changelog_begins_with_this_version,
    _examples_do_what_they_say,
)


def _of_kind(playbook: Playbook, kind: ActionKind) -> list[tuple[int, Step]]:
    return [(n, step) for n, step in enumerate(playbook.steps) if step.action is kind]


def _asks(conditions: tuple[Condition, ...], field: EvidenceField, least: float) -> bool:
    return any(c.field is field and c.at_least is not None and c.at_least >= least for c in conditions)
