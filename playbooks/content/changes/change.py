"""One change between two versions of a playbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from playbooks.content.schema import Playbook, Step

#: Whom a change is for where it is for no single role, and where it is for those who write the file.
EVERYBODY: Final = "everybody"
AUTHORS: Final = "whoever keeps it"


class Weight(IntEnum):
    """What kind of change it is: only words, what people are asked for, or what happens by itself."""

    WORDS = 0
    ASKED = 1
    BY_ITSELF = 2


@dataclass(frozen=True, slots=True)
class Changed:
    """One change: how much it weighs, for whom it is one (a role, or one of the names above), and in words what."""

    weight: Weight
    whom: str
    words: str


Changes = Iterator[Changed]


def for_whom(step: Step) -> str:
    """Whom a step concerns."""
    return step.to or EVERYBODY


def paired(old: Playbook, new: Playbook) -> Iterator[tuple[Step, Step]]:
    """The steps that both versions have, as each has them."""
    before = {step.id: step for step in old.steps}
    return ((before[step.id], step) for step in new.steps if step.id in before)


def after(minutes: int) -> str:
    """When, in words.

    >>> after(0), after(90), after(2880)
    ('at once', 'after 90 minutes', 'after 2 days')
    """
    if minutes == 0:
        return "at once"
    if minutes % 1440 == 0:
        return f"after {minutes // 1440} day{'s' if minutes > 1440 else ''}"
    return f"after {minutes} minute{'s' if minutes > 1 else ''}"
