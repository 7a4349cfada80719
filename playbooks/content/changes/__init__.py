"""What another version of a playbook changes, for whom, in words; and which version number that asks for.

A version is a promise to people who have learned it: the first number changes where something happens by itself that
did not (or no longer does), the second where people are asked for something else, the third where only words changed.
"""

from __future__ import annotations

from playbooks.content.changes import asked, by_itself, wording
from playbooks.content.changes.change import EVERYBODY, Changed, Weight
from playbooks.content.rules.texts import as_numbers
from playbooks.content.schema import Playbook

__all__ = ["EVERYBODY", "Changed", "Weight", "changes", "least_version", "weight_of"]


def changes(old: Playbook, new: Playbook) -> list[Changed]:
    """Everything that `new` changes, what weighs most first."""
    found = [change for look in (*by_itself.LOOKS, *asked.LOOKS, *wording.LOOKS) for change in look(old, new)]
    return sorted(found, key=lambda change: -change.weight)


def weight_of(found: list[Changed]) -> Weight:
    """How much all of it weighs."""
    return max((change.weight for change in found), default=Weight.WORDS)


def least_version(old: str, weight: Weight) -> str:
    """The least version that may follow `old` with changes of that weight.

    >>> [least_version("1.4.2", weight) for weight in Weight]
    ['1.4.3', '1.5.0', '2.0.0']
    """
    major, minor, patch = as_numbers(old)
    match weight:
        case Weight.BY_ITSELF:
            return f"{major + 1}.0.0"
        case Weight.ASKED:
            return f"{major}.{minor + 1}.0"
        case Weight.WORDS:
            return f"{major}.{minor}.{patch + 1}"
