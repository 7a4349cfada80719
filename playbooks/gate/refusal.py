"""What the gate answers instead of a decision. It always means: do not post."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from playbooks.labels import GateReason


class GateError(msgspec.Struct, frozen=True):
    """What is answered instead of a decision; it always means: do not post."""

    code: GateReason
    message: str


class Refused(Exception):
    """The question cannot be answered; `status` and `reason` go to the caller."""

    def __init__(self, status: HTTPStatus, reason: GateReason, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
