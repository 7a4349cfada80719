"""Rules about the hold: one, at once, opened by known people, and the posting team hears of it."""

from __future__ import annotations

from collections.abc import Callable

from playbooks.content.rules.fault import Faults, RuleFault, unknown
from playbooks.content.rules.steps import of_kind
from playbooks.content.schema import POSTING_TEAM, Playbook
from playbooks.labels import ActionKind


def _a_hold_is_at_once_and_one(playbook: Playbook) -> Faults:
    steps = of_kind(playbook, ActionKind.HOLD)
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
            yield RuleFault(f"$.hold.released_by[{n}]", unknown(role, "roles", list(playbook.roles)))


def _one_of_is_among_those_who_may(playbook: Playbook) -> Faults:
    terms = playbook.hold
    if terms is not None and terms.one_of is not None and terms.one_of not in terms.released_by:
        said = f"found {terms.one_of!r}, whose people may not let go; allowed is {', '.join(terms.released_by)}"
        yield RuleFault("$.hold.one_of", said)


def _the_posting_team_is_told_of_the_hold(playbook: Playbook) -> Faults:
    told = [(n, s) for n, s in of_kind(playbook, ActionKind.NOTIFY) if s.with_hold and s.to == POSTING_TEAM]
    if playbook.hold is not None and not told:
        yield RuleFault("$.steps", f"nobody tells the posting team: add a notify to {POSTING_TEAM}, with_hold: true")
    elif told and all(step.after_min for _, step in told):
        n, step = told[0]
        yield RuleFault(
            f"$.steps[{n}].after_min", f"found {step.after_min}; the posting team hears of a hold at once, at 0"
        )
    if playbook.hold is None:
        for n, step in enumerate(playbook.steps):
            if step.with_hold:
                yield RuleFault(f"$.steps[{n}].with_hold", "nothing is held by this playbook; leave it out")


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    _a_hold_is_at_once_and_one,
    _a_hold_is_opened_by_known_roles,
    _one_of_is_among_those_who_may,
    _the_posting_team_is_told_of_the_hold,
)
