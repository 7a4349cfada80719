"""What a playbook must be that its types cannot say. Each rule yields the place in the file and what is wrong there.

A rule looks at one playbook alone. What playbooks must be beside each other stands in `playbooks.content.rules.beside`.
"""

from __future__ import annotations

from collections.abc import Callable

from playbooks.content.examples import surprises
from playbooks.content.rules import escalations, holds, steps, texts, triggers
from playbooks.content.rules.fault import Faults, RuleFault
from playbooks.content.schema import Playbook


def faults_of(playbook: Playbook) -> list[RuleFault]:
    """Everything that is wrong with a playbook; empty where nothing is."""
    return [fault for rule in RULES for fault in rule(playbook)]


def _examples_do_what_they_say(playbook: Playbook) -> Faults:
    for where, surprise in surprises(playbook):
        yield RuleFault(where, surprise)


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    *steps.RULES,
    *escalations.RULES,
    *holds.RULES,
    *triggers.RULES,
    *texts.RULES,
    _examples_do_what_they_say,
)
