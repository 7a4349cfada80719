"""An action: something the planner wants done, by somebody else, from a certain moment on."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from playbooks.labels import ActionKind


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be carried out from `due_ms` (wall clock) on; `at_ms` is when it falls due in event time.

    `id` is also the idempotency key. `incident` is empty where it is about none. `target` is a role, or what a hold or
    an annotation is for. `body` is an `effects.message.Notice` as plain data.
    """

    id: str
    incident: str
    run: str
    step: str
    action: ActionKind
    target: str
    body: dict[str, Any]
    at_ms: int
    due_ms: int


class ActionDecision(StrEnum):
    """Whether a step of a playbook is carried out, and if not, why it is only written down."""

    DUE = "due"
    BRAND_OBSERVES = "brand_observes"
    BRAND_NOT_ARMED_TO_HOLD = "brand_not_armed_to_hold"
    MUTED = "muted"
    NOTHING_HELD = "nothing_held"
    FOR_PEOPLE = "for_people"


class DueAction(Action, frozen=True, kw_only=True):
    """An action that `owner` may carry out until `lease_until_ms`. `attempt` counts the claims, from 1."""

    attempt: int
    owner: str
    lease_until_ms: int
