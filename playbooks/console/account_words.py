"""What was read back of an account in a scheduler, as a line of an incident's log."""

from __future__ import annotations

from typing import assert_never

from playbooks.console.values import Tone
from playbooks.incidents.log_entry import AccountRead
from playbooks.schedulers.decisions import AccountState


def account_read(entry: AccountRead) -> tuple[str, Tone]:
    """The line, and how it is shown.

    >>> account_read(AccountRead("main", "acme on x, in Buffer (main)", "held", 0, 3))[0]
    'Held and read back: acme on x, in Buffer (main); 3 posts held back.'
    """
    stopped = "1 post" if entry.stopped == 1 else f"{entry.stopped:,} posts"
    going = "1 post still goes" if entry.going == 1 else f"{entry.going:,} posts still go"
    state = AccountState(entry.state)
    match state:
        case AccountState.HELD:
            return f"Held and read back: {entry.called}; {stopped} held back.", Tone.HELD
        case AccountState.PARTIAL if entry.going:
            return f"Held in part: {entry.called}; {going} out, {stopped} held back.", Tone.ALARM
        case AccountState.PARTIAL:
            return f"Held in part: {entry.called}; the gate let the check go. {stopped} held back.", Tone.ALARM
        case AccountState.UNKNOWN:
            return f"Nobody can say what goes out: {entry.called} could not be read back.", Tone.ALARM
        case AccountState.LEAKED:
            return f"Something went out all the same: {entry.called}; {going} out, {stopped} held back.", Tone.ALARM
        case AccountState.OPEN:
            return f"No hold covers it: {entry.called}.", Tone.PLAIN
        case _:
            assert_never(state)
