"""A post in a scheduler, where it stands there, and why something could not be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Spot(StrEnum):
    """Where a post stands in its scheduler, as it was read there.

    `SCHEDULED` goes out by itself at its time, `PENDING` when somebody there approves it. `SENDING` is on its way.
    `STOPPED` is a draft, or rejected: without a person it stays. `GONE`: the scheduler does not have it.
    """

    SCHEDULED = "scheduled"
    PENDING = "pending"
    SENDING = "sending"
    STOPPED = "stopped"
    SENT = "sent"
    GONE = "gone"

    @property
    def goes(self) -> bool:
        """Whether it would go out without anybody's word to Firebreak, and can still be stopped.

        >>> Spot.PENDING.goes, Spot.SENDING.goes, Spot.STOPPED.goes
        (True, False, False)
        """
        return self in (Spot.SCHEDULED, Spot.PENDING)


class Means(StrEnum):
    """How a post is stopped: made a draft, put off beyond any hold, rejected, or (kept before) deleted."""

    DRAFT = "draft"
    POSTPONE = "postpone"
    REJECT = "reject"
    DELETE = "delete"


class Why(StrEnum):
    """Why a scheduler did not do, or did not say, what was asked."""

    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    SERVER_FAULT = "server_fault"
    BAD_CREDENTIALS = "bad_credentials"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    NOT_THERE = "not_there"
    NOT_UNDERSTOOD = "not_understood"
    NO_EFFECT = "no_effect"
    GATE_OPEN = "gate_open"

    @property
    def passes(self) -> bool:
        """Whether the same may work a little later, without anybody mending anything.

        >>> Why.BUSY.passes, Why.BAD_CREDENTIALS.passes
        (True, False)
        """
        return self in (Why.UNREACHABLE, Why.NO_ANSWER, Why.BUSY, Why.SERVER_FAULT)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, in our words: `answer` repeats nothing of the other side's but its codes.

    `after_s` is how long it asks to be left alone, in seconds, None where it does not say.
    """

    why: Why
    answer: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A post as its scheduler has it. `due_ms` is by the scheduler's clock; `body` is what it takes to make it anew."""

    id: str
    spot: Spot
    due_ms: int
    text: str = field(default="", repr=False)
    body: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What was read of an account: everything of it up to a time, unless `trouble` says why it is not all.

    `ahead_ms` is how far the scheduler's clock is ahead of ours, None where it did not say.
    """

    posts: tuple[Found, ...]
    trouble: Trouble | None = None
    ahead_ms: int | None = None
