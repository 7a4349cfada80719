"""An account in a scheduler as it was last read back."""

from __future__ import annotations

import msgspec

from playbooks.schedulers.decisions import AccountState, Canary
from playbooks.schedulers.post import Why


class Account(msgspec.Struct, frozen=True):
    """`hold` is the oldest hold that covers it, since `since_ms`; None where none does.

    `proven_ms` is when all of it was last read, `next_ms` when it is read again, `ahead_ms` how far the scheduler's
    clock is ahead of ours. `going`, `stopped` and `leaked` count posts under holds that are in force; `stopped` counts
    all that wait for a person's word. `told` is what the person on call has been told of.
    """

    scheduler: str
    state: AccountState
    hold: str | None
    since_ms: int | None
    why: Why | None
    detail: str
    checked_ms: int
    proven_ms: int | None
    next_ms: int
    ahead_ms: int | None
    going: int = 0
    stopped: int = 0
    leaked: int = 0
    canary: Canary = Canary.NOT_ASKED
    told: tuple[str, ...] = ()
    told_ms: int | None = None
