"""What came of asking a channel whether it would take a message, without sending one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from playbooks.effects.outcome import Delivered, Failed, Outcome, Retry
from playbooks.labels import Channel


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one channel. `missing` says which secret is not there; `outcome` is None where the other side
    has no question that sends nothing. `their_ms` is what its clock said, `took_ms` how long the answer took.
    """

    channel: Channel
    outcome: Outcome | None = None
    missing: str = ""
    their_ms: int | None = None
    at_ms: int = 0
    took_ms: int = 0

    @property
    def broken(self) -> str:
        """Why nothing goes by this channel just now; empty where that is not known."""
        if self.missing:
            return self.missing
        match self.outcome:
            case None | Delivered():
                return ""
            case Retry() | Failed():
                return self.outcome.answer
            case _:
                assert_never(self.outcome)
