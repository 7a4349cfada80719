"""The settings of the gate: who may ask it, who releases what it holds, and what it says where it does not know."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from playbooks.settings.section import Name, Port, Positive, SecretFrom, Section


class Otherwise(StrEnum):
    """What the gate says where it does not know enough."""

    HOLD = "hold"
    ALLOW = "allow"


class CallerSettings(Section, frozen=True):
    """Somebody who asks the gate with a token of their own."""

    token: SecretFrom
    crisis_team: bool = False


class BreakGlassSettings(Section, frozen=True):
    """Who may let one held post go, once, and for how long that is good. Without `roles` nobody may."""

    roles: tuple[Name, ...] = ()
    valid_min: Positive = 15.0


class GateSettings(Section, frozen=True):
    """What schedulers ask before they post. Loopback unless said otherwise.

    `releasers` and `released_by` say who lets go of what was held by hand, or while detection was dead. `audit_days` is
    for how long decisions are kept, 0 for ever.
    """

    host: str = "127.0.0.1"
    port: Port = 8081
    token: SecretFrom = SecretFrom(env="FIREBREAK_GATE_TOKEN")
    callers: dict[Name, CallerSettings] = {}
    releasers: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    released_by: tuple[Name, ...] = ("on-call",)
    ask_again_min: Annotated[int, msgspec.Meta(ge=5, le=10_080)] = 240
    spacing_min: Positive = 10.0
    detection_dead_min: Positive = 10.0
    without_text: Otherwise = Otherwise.HOLD
    break_glass: BreakGlassSettings = BreakGlassSettings()
    audit_key: SecretFrom | None = None
    audit_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0
