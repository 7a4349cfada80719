"""What can be heard from another program, and why it is not listened to."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from playbooks.labels import Channel, DeliveryOutcome


class Unheard(StrEnum):
    """Why a request changes nothing."""

    NOT_SIGNED = "not_signed"
    TOO_OLD = "too_old"
    NOT_UNDERSTOOD = "not_understood"
    NOTHING_TO_DO = "nothing_to_do"

    @property
    def status(self) -> int:
        """The HTTP status it is answered with. What is signed and needs nothing done is well.

        >>> Unheard.NOT_SIGNED.status, Unheard.NOTHING_TO_DO.status
        (403, 204)
        """
        match self:
            case Unheard.NOT_SIGNED | Unheard.TOO_OLD:
                return 403
            case Unheard.NOT_UNDERSTOOD:
                return 400
            case Unheard.NOTHING_TO_DO:
                return 204


class Pressed(msgspec.Struct, frozen=True):
    """Somebody pressed the button in a message: `member` has `incident`.

    `answer_to` is where the service takes what is to be said about it; `blocks` is the message as it stands there.
    """

    incident: str
    member: str
    answer_to: str
    blocks: list[dict[str, object]]


class TakenThere(msgspec.Struct, frozen=True):
    """Somebody acknowledged at a service of their own: `user` has `incident`."""

    incident: str
    user: str


class Report(msgspec.Struct, frozen=True):
    """What became of one send, later: the row of the ledger that it belongs to, and the word for it.

    `detail` is for people, in our words.
    """

    action: str
    attempt: int
    person: str
    channel: Channel
    outcome: DeliveryOutcome
    detail: str


class Dialled(msgspec.Struct, frozen=True):
    """Somebody who is on the telephone dialled a digit; empty where they dialled none."""

    report: Report
    incident: str
    digit: str
