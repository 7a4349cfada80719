"""What a rule says is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class RuleFault:
    """One thing that is wrong; `where` is a path such as ``$.steps[0].to``."""

    where: str
    message: str


Faults = Iterator[RuleFault]


def unknown(found: str, under: str, known: list[str]) -> str:
    """The message for a name that is not under `under`.

    >>> unknown("interns", "roles", ["on-call"])
    "found 'interns', which is not under roles; allowed are on-call"
    """
    allowed = f"allowed are {', '.join(sorted(known))}" if known else f"there is nothing under {under}"
    return f"found {found!r}, which is not under {under}; {allowed}"
