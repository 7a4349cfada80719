"""What came of one send: taken, to be tried again, or failed for good. The runner alone tries again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RetryReason(StrEnum):
    """Why a send did not succeed now but may later."""

    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    SERVER_FAULT = "server_fault"
    OWN_FAULT = "own_fault"

    @property
    def perhaps_taken(self) -> bool:
        """Whether the other side may have taken the message all the same.

        >>> RetryReason.NO_ANSWER.perhaps_taken, RetryReason.UNREACHABLE.perhaps_taken
        (True, False)
        """
        return self in (RetryReason.NO_ANSWER, RetryReason.SERVER_FAULT, RetryReason.OWN_FAULT)


class FailedReason(StrEnum):
    """Why a send failed for good: somebody has to mend something."""

    REFUSED = "refused"
    BAD_ADDRESS = "bad_address"
    BAD_CREDENTIALS = "bad_credentials"
    NOT_PRIVATE = "not_private"
    REDIRECTED = "redirected"
    NOT_UNDERSTOOD = "not_understood"
    NOT_CONFIGURED = "not_configured"
    ATTEMPTS_USED_UP = "attempts_used_up"
    NOBODY_REACHABLE = "nobody_reachable"


class Known(StrEnum):
    """How far a message is known to have come. No channel says more than it can know.

    `ACCEPTED`: the other side took it. `DELIVERED`: it reached the device or the inbox. `READ`: the person answered it.
    """

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side said yes; `answer` is its code, in our words, and `known` what that yes means."""

    answer: str
    known: Known = field(default=Known.ACCEPTED, repr=False)


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now. `after_s` is how long the other side asks to be left alone, in seconds, None where it does not say."""

    reason: RetryReason
    answer: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Not at all: the same message will be refused again."""

    reason: FailedReason
    answer: str


Outcome = Delivered | Retry | Failed
