"""What an incident is made of: its state, what was planned, who has it, what people have done, its holds."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from playbooks.content.hold_scope import ALL_POSTS, Narrowing
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import AcknowledgedBy, PlannedBecause
from playbooks.labels import ActionKind


class IncidentState(StrEnum):
    """Where an incident stands.

    Getting worse takes an acknowledged or contained one back to `OPENED`, and so does an acknowledgement that is
    forgotten: somebody must look again. `REOPENED` is one that a person had ended too early.
    """

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    CONTAINED = "contained"
    RESOLVED = "resolved"
    REOPENED = "reopened"

    @property
    def asks_for_somebody(self) -> bool:
        """Whether nobody has it now.

        >>> IncidentState.REOPENED.asks_for_somebody, IncidentState.CONTAINED.asks_for_somebody
        (True, False)
        """
        return self in (IncidentState.OPENED, IncidentState.REOPENED)


class WentBy(msgspec.Struct, frozen=True):
    """The very version of a playbook that an incident goes by, or went by."""

    playbook: str
    version: str
    hash: str


class PlannedAction(msgspec.Struct, frozen=True):
    """A step as it was planned; what came of a due one stands in the ledger under the same id.

    `by` is the playbook that orders it: what was planned stays planned where the incident is moved to another.
    """

    id: str
    step: str
    kind: ActionKind
    target: str
    decision: ActionDecision
    at_ms: int
    due_ms: int
    with_hold: bool = False
    deadline_ms: int | None = None
    each: bool = False
    why: PlannedBecause | None = None
    by: WentBy | None = None


class Acknowledgement(msgspec.Struct, frozen=True):
    """Somebody who has it, since when, and by which road they said so."""

    person: str
    at_ms: int
    how: AcknowledgedBy


class Done(msgspec.Struct, frozen=True):
    """Something that people were to do: who did it and when, or (without a person) that its deadline has passed."""

    action: str
    at_ms: int
    person: str = ""
    note: str = ""
    option: str = ""

    @property
    def is_overdue(self) -> bool:
        """Whether the deadline passed and nobody has done it."""
        return not self.person


class Report(msgspec.Struct, frozen=True):
    """What a named person reported, and when."""

    person: str
    what: str
    at_ms: int


class HoldView(msgspec.Struct, frozen=True):
    """A hold as the log tells it; `agreed` are the people who have said that it may go."""

    id: str
    brand: str
    platform: str | None
    releasers_needed: int
    released_by: tuple[str, ...]
    placed_ms: int
    agreed: tuple[str, ...] = ()
    released_ms: int | None = None
    only: Narrowing = ALL_POSTS
    protects: str = ""
    ask_again_min: int | None = None
    one_of: str = ""

    @property
    def in_force(self) -> bool:
        """Whether it still holds posts back."""
        return self.released_ms is None
