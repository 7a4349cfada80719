"""Rules about playbooks beside each other: which of one cause opens, and what stands in for what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from playbooks.content.rules.fault import RuleFault
from playbooks.content.schema import Playbook


def faults_beside(playbooks: Sequence[Playbook]) -> Iterator[tuple[Playbook, RuleFault]]:
    """What is wrong with these playbooks together, each fault with the playbook it is told of.

    `playbooks` are one version of each: those that new incidents are opened with.
    """
    for first, second in combinations(sorted(playbooks, key=lambda one: (one.precedence, one.id)), 2):
        if first.of_cause == second.of_cause:
            yield from _of_one_cause(first, second)
    known = {playbook.id: playbook for playbook in playbooks}
    for playbook in playbooks:
        yield from _stands_in(playbook, known)


def _of_one_cause(lower: Playbook, higher: Playbook) -> Iterator[tuple[Playbook, RuleFault]]:
    if lower.precedence == higher.precedence:
        yield (
            higher,
            RuleFault(
                "$.precedence" if higher.cause else "$.id",
                f"{lower.id} and {higher.id} have the cause {higher.of_cause!r} and the precedence "
                f"{higher.precedence}, so nothing says which of them opens; give one of them another",
            ),
        )
    if higher.hold is not None and lower.hold is None:
        yield (
            lower,
            RuleFault(
                "$.cause",
                f"{higher.id} has the same cause and holds posts, {lower.id} does not: opened first, it would take in "
                "what should hold; add a hold, or give it another cause",
            ),
        )


def _stands_in(playbook: Playbook, known: dict[str, Playbook]) -> Iterator[tuple[Playbook, RuleFault]]:
    if playbook.deprecated is None:
        return
    other = known.get(playbook.deprecated.use)
    if other is None:
        yield playbook, RuleFault("$.deprecated.use", f"found {playbook.deprecated.use!r}, which is not in the library")
    elif other.deprecated is not None:
        yield playbook, RuleFault("$.deprecated.use", f"found {other.id!r}, which is deprecated itself")
