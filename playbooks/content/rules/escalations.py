"""Rules about who is paged while nobody acknowledges."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from playbooks.content.rules.fault import Faults, RuleFault, unknown
from playbooks.content.rules.steps import of_kind
from playbooks.content.schema import Playbook
from playbooks.labels import ActionKind


def _pages_escalate_as_it_is_written(playbook: Playbook) -> Faults:
    pages = of_kind(playbook, ActionKind.PAGE)
    for n, step in pages:
        if step.escalation is not None and step.escalation not in playbook.escalations:
            found = unknown(step.escalation, "escalations", list(playbook.escalations))
            yield RuleFault(f"$.steps[{n}].escalation", found)
    used = {step.escalation for _, step in pages}
    for name in playbook.escalations:
        if name not in used:
            yield RuleFault(
                f"$.escalations.{name}", f"no page has `escalation: {name}`; add it to one, or leave it out"
            )


def _levels_follow_each_other(playbook: Playbook) -> Faults:
    for name, escalation in playbook.escalations.items():
        for n, (before, after) in enumerate(pairwise(escalation.levels), 1):
            if after.after_min < before.after_min:
                yield RuleFault(
                    f"$.escalations.{name}.levels[{n}].after_min",
                    f"found {after.after_min}, which is before the level above it, {before.after_min}; "
                    "minutes count from the page's step",
                )


def _escalations_page_known_roles(playbook: Playbook) -> Faults:
    for name, escalation in playbook.escalations.items():
        where = f"$.escalations.{name}"
        for n, level in enumerate(escalation.levels):
            if level.to not in playbook.roles:
                yield RuleFault(f"{where}.levels[{n}].to", unknown(level.to, "roles", list(playbook.roles)))
        if escalation.last_resort not in playbook.roles:
            found = unknown(escalation.last_resort, "roles", list(playbook.roles))
            yield RuleFault(f"{where}.last_resort", found)


def _only_what_pages_waits_for_an_acknowledgement(playbook: Playbook) -> Faults:
    if playbook.ack_expires_min is not None and not of_kind(playbook, ActionKind.PAGE):
        yield RuleFault("$.ack_expires_min", "nobody is paged by this playbook, so nobody acknowledges; leave it out")


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    _pages_escalate_as_it_is_written,
    _levels_follow_each_other,
    _escalations_page_known_roles,
    _only_what_pages_waits_for_an_acknowledgement,
)
