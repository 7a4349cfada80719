"""What is to be said of the post itself, held or not: objections, and words that took one back. Pure."""

from __future__ import annotations

import msgspec

from playbooks.labels import GateReason, Verdict
from playbooks.policy.check import Checked


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason: a code for programs, words for the person who looks at the scheduler, the hold it speaks of."""

    code: GateReason
    text: str
    hold: str | None = None


class Objection(msgspec.Struct, frozen=True):
    """A reason, and what it asks for; with `ALLOW` it objects to nothing and says why the post may go all the same."""

    reason: Reason
    verdict: Verdict


def objections(checked: Checked) -> tuple[Objection, ...]:
    """What the policy found, as reasons of the gate.

    >>> from playbooks.policy.check import check
    >>> from playbooks.policy.tone import ToneModel
    >>> [found.reason.code.value for found in objections(check("It is damn cold", "x", ToneModel(), 0))]
    ['obscenity']
    """
    return tuple(Objection(Reason(GateReason(one.reason.value), one.text), one.verdict) for one in checked.findings)
