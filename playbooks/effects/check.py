"""Whether a channel would take a message, as far as it can be asked without sending one.

An effect whose other side has such a question also has `check`; of every other only a test message shows. A yes says
that the other side knows us, never that a message would arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from playbooks.effects.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Checked:
    """What the other side said, as `Effect.send` would put it; `date` is its clock, as HTTP writes it."""

    outcome: Outcome
    date: str = ""


@runtime_checkable
class Checkable(Protocol):
    """An effect that can be asked."""

    async def check(self) -> Checked:
        """Ask once, within the channel's own time; nothing is sent to anybody."""
