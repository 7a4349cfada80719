"""What a program that asks the gate makes of the answer: anything but a clear and fresh yes is a no. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import msgspec

from detectors.mention import to_ms
from playbooks.gate.decision import VALID_MS

TIMEOUT_S = 2.0
MAX_ANSWER_BYTES = 1024 * 1024


class Outcome(StrEnum):
    """What came of asking. Only `ALLOWED` lets a post go."""

    ALLOWED = "allowed"
    HELD = "held"
    REJECTED = "rejected"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"


class Answer(msgspec.Struct, frozen=True):
    """Whether the post may go, why, and until when (`good_until_ms`, 0 where it may not)."""

    outcome: Outcome
    reasons: tuple[str, ...]
    hold: str | None = None
    good_until_ms: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the post may go if it goes at once; later, ask `good_at` or ask anew."""
        return self.outcome is Outcome.ALLOWED

    def good_at(self, at_ms: int) -> bool:
        """Whether the post may still go at `at_ms`."""
        return self.allowed and at_ms < self.good_until_ms


#: A text with half of a surrogate pair in it is none in any encoding, so it can neither be asked about nor posted.
NO_TEXT_AT_ALL = Answer(
    Outcome.UNREADABLE, ("the question cannot be written as UTF-8: half of a surrogate pair stands in it",)
)


class _Reason(msgspec.Struct):
    text: str


class _Body(msgspec.Struct):
    decision: str
    reasons: list[_Reason]
    valid_until: Annotated[datetime, msgspec.Meta(tz=True)]
    hold: str | None = None


def judge(status: int, body: bytes, asked_ms: int, now_ms: int) -> Answer:
    """What an HTTP answer means to somebody who asked at `asked_ms` and has the answer at `now_ms`.

    An allow counts from the asking and for `VALID_MS` at most, whatever the gate's clock says.

    >>> judge(200, b"[]", 0, 0).outcome.value
    'unreadable'
    """
    if status != HTTPStatus.OK:
        return no(Outcome.REFUSED, f"the gate answered {status}: {_message(body)}")
    try:
        said = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return no(Outcome.UNREADABLE, "the gate's answer cannot be read")
    reasons = tuple(reason.text for reason in said.reasons)
    match said.decision, said.hold:
        case "allow", None:
            good_until_ms = min(to_ms(said.valid_until), asked_ms + VALID_MS)
        case "hold", _:
            return Answer(Outcome.HELD, reasons, said.hold)
        case "reject", _:
            return Answer(Outcome.REJECTED, reasons, said.hold)
        case _:
            return no(Outcome.UNREADABLE, "the gate's answer is none of: allow without a hold, hold, reject")
    if now_ms >= good_until_ms:
        return no(Outcome.EXPIRED, "the gate's yes was no longer good when it came; compare the two clocks")
    return Answer(Outcome.ALLOWED, reasons, None, good_until_ms)


def no(outcome: Outcome, why: str) -> Answer:
    """The post may not go, and `why`, in words for people."""
    return Answer(outcome, (why,))


class _Refusal(msgspec.Struct):
    message: str


def _message(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Refusal).message[:500]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "without a reason"
