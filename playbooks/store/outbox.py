"""The outbox: actions that are due, carried out under a lease, with a ledger of what the other side answered."""

from __future__ import annotations

from enum import StrEnum


class OutboxState(StrEnum):
    """Where an action stands. New rows are `DUE`; nothing is due before its ``due_ms``."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    PARTLY = "partly"
    RECORDED = "recorded"
    FAILED = "failed"
