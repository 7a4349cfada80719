"""What came of a send, in the ledger's words."""

from __future__ import annotations

from typing import assert_never

from playbooks.delivery.standing import Entry, Point, entry_of
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry
from playbooks.incidents.action import DueAction
from playbooks.labels import Channel, DeliveryOutcome


def word_of(outcome: Outcome) -> DeliveryOutcome:
    """The ledger's word for what came of a send.

    >>> from playbooks.effects.outcome import RetryReason
    >>> word_of(Retry(RetryReason.NO_ANSWER, "")), word_of(Retry(RetryReason.BUSY, ""))
    (<DeliveryOutcome.PERHAPS: 'perhaps'>, <DeliveryOutcome.RETRY: 'retry'>)
    """
    match outcome:
        case Delivered():
            return DeliveryOutcome(outcome.known)
        case Retry():
            return DeliveryOutcome.PERHAPS if outcome.reason.perhaps_taken else DeliveryOutcome.RETRY
        case Failed():
            return DeliveryOutcome.FAILED
        case _:
            assert_never(outcome)


def in_words(outcome: Outcome, channel: Channel, *, repeats: bool) -> str:
    """What the ledger says of it to a person.

    >>> in_words(Failed(FailedReason.REFUSED, "SMTP 550"), Channel.EMAIL, repeats=True)
    'refused: SMTP 550'
    >>> from playbooks.effects.outcome import RetryReason
    >>> in_words(Retry(RetryReason.NO_ANSWER, "Slack"), Channel.SLACK, repeats=True)
    'no_answer: Slack; perhaps taken, sent again, and may come twice'
    """
    match outcome:
        case Delivered():
            return outcome.answer
        case Retry() if outcome.reason.perhaps_taken:
            again = " with the same idempotency key" if channel.tells_repeats else ", and may come twice"
            what = f"sent again{again}" if repeats else "not made again"
            return f"{outcome.reason.value}: {outcome.answer}; perhaps taken, {what}"
        case _:
            return f"{outcome.reason.value}: {outcome.answer}"


def given_up(due: DueAction, point: Point, most: int, now_ms: int) -> Entry:
    """The last word about a contact point that nothing more is sent to, though nobody was reached there."""
    detail = f"{FailedReason.ATTEMPTS_USED_UP.value}: at most {most} sends, or no longer one of those it is for"
    return entry_of(due, point, DeliveryOutcome.FAILED, detail, now_ms)
