"""The list of holds that the gate shows to whoever asks what is held back."""

from __future__ import annotations

import msgspec

from playbooks.content.hold_scope import ALL_POSTS, Narrowing
from playbooks.gate.decision import Brand, Label, Platform, what_it_holds, who_opens_it
from playbooks.holds.hold import Hold


class HoldsQuery(msgspec.Struct, frozen=True):
    """What `GET /v1/gate/holds` may be narrowed by; what is left out or empty matches every hold."""

    brand: Brand | None = None
    platform: Platform | None = None
    run: Label | None = None


class ListedHold(msgspec.Struct, frozen=True):
    """One hold in force and what it holds back."""

    id: str
    incident: str
    run: str
    brand: str
    platform: str | None
    reason: str
    placed_ms: int
    holds_back: str
    release: str
    only: Narrowing = ALL_POSTS


class HoldsAnswer(msgspec.Struct, frozen=True):
    """The answer to `GET /v1/gate/holds`."""

    holds: tuple[ListedHold, ...]


def listed(hold: Hold) -> ListedHold:
    """A hold as it is listed."""
    return ListedHold(
        id=hold.id,
        incident=hold.incident,
        run=hold.run,
        brand=hold.brand,
        platform=hold.platform,
        reason=hold.reason,
        placed_ms=hold.placed_ms,
        holds_back=what_it_holds(hold),
        release=who_opens_it(hold),
        only=hold.only,
    )
