"""Whether a hold could stop what is scheduled: accounts let us in, were read lately, and are held where they should be.

No finding here keeps a page back, so none of them fails. Pure: what was asked of each account is in `AskedAccount`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import moment, span
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import AccountState
from playbooks.schedulers.naming import account_called
from playbooks.schedulers.post import Trouble, Why
from playbooks.settings.schedulers import SchedulerSettings

#: So much later than it was due an account may be read: the runner looks every second.
LATE_MS = 300_000
_HAND = "See what goes out, and stop it there by hand: firebreak schedulers list --posts, or the page Holds."


@dataclass(frozen=True, slots=True)
class AskedAccount:
    """What came of asking for the first page of an account; `missing` says which secret is not here."""

    trouble: Trouble | None = None
    missing: str = ""


def scheduler_findings(
    schedulers: Mapping[str, SchedulerSettings],
    accounts: Mapping[str, Account] | None,
    asked: Mapping[str, AskedAccount],
    now_ms: int,
) -> Iterator[Finding]:
    """What is found about each account of the settings.

    `accounts` is how the runner found them last (None: the store could not be read), `asked` what they say themselves
    now; of one that was not asked, or whose token is not here, the runner's word counts.
    """
    for name, settings in schedulers.items():
        of, known = account_called(name, settings), (accounts or {}).get(name)
        said = asked.get(name, AskedAccount(missing="it is not asked from here"))
        found = [*_access(of, said, known), *(_standing(of, known, now_ms) if accounts is not None else ())]
        yield from found or [_well(of, known)]


def _access(of: str, said: AskedAccount, known: Account | None) -> Iterator[Finding]:
    if said.missing:
        if known is not None and known.why is not None and known.why is not Why.GATE_OPEN:
            yield _no_access(of, known.why, known.detail)
        elif known is None:
            text = f"{of}: {said.missing}, and the runner has not read it either."
            yield _found(Weight.UNKNOWN, Reason.NOT_LOOKED_AT, text, "See that a runner is there.")
    elif said.trouble is not None:
        yield _no_access(of, said.trouble.why, said.trouble.answer)


def _no_access(of: str, why: Why, answer: str) -> Finding:
    if why is Why.BAD_CREDENTIALS:
        text = f"{of} does not let us in: {answer}. A hold could not stop what is scheduled there."
        return _found(Weight.LOOK, Reason.ACCOUNT_REFUSED, text, "Give it a token that works (docs/schedulers.md).")
    text = f"{of} cannot be read: {answer}. While that is so a hold could not stop what is scheduled there."
    to_do = "Try again in a minute; if it stays so, look at the account's settings (docs/schedulers.md)."
    return _found(Weight.LOOK, Reason.ACCOUNT_NOT_READ, text, to_do)


def _standing(of: str, known: Account | None, now_ms: int) -> Iterator[Finding]:
    if known is None:
        return
    if now_ms - known.next_ms > LATE_MS:
        text = f"{of} was to be read {span(now_ms - known.next_ms)} ago, and was last read {moment(known.checked_ms)}."
        to_do = "See that the runner runs, and what its log says of this account."
        yield _found(Weight.LOOK, Reason.ACCOUNT_LOOKED_AT_LATE, text, to_do)
    match known.state:
        case AccountState.OPEN | AccountState.HELD:
            return
        case AccountState.LEAKED:
            text = f"{of} is held, and {_posts(known.leaked)} went out all the same."
            yield _found(Weight.LOOK, Reason.ACCOUNT_LEAKED, text, _HAND)
        case AccountState.PARTIAL:
            goes = f"{_posts(known.going)} would still go out" if known.going else "the gate allows what it must refuse"
            yield _found(Weight.LOOK, Reason.ACCOUNT_NOT_HELD, f"{of} is to be held, and {goes}.", _HAND)
        case AccountState.UNKNOWN:
            proven = f"was last read whole {moment(known.proven_ms)}" if known.proven_ms else "was never read whole"
            text = f"{of} is to be held, and nobody can say what goes out: it {proven}."
            yield _found(Weight.LOOK, Reason.ACCOUNT_NOT_PROVEN, text, _HAND)
        case _:
            assert_never(known.state)


def _well(of: str, known: Account | None) -> Finding:
    if known is None:
        text = f"{of} lets us in."
    else:
        held = "everything in it is held" if known.state is AccountState.HELD else "no hold covers it"
        text = f"{of} lets us in; it was last read {moment(known.checked_ms)}, and {held}."
    return _found(Weight.WELL, Reason.ACCOUNT_IN_ORDER, text, "")


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number} posts"


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.SCHEDULERS, reason=reason, text=text, to_do=to_do)
