"""What an HTTP status says about a message that was posted: taken, to be tried again, or never."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason

#: "Not now" among the 4xx: request time-out, the same key is being worked on, too early, too many.
_LATER = frozenset({408, 409, 425, 429})
_CREDENTIALS = frozenset({401, 403, 407})


def by_status(status: int, retry_after: str | None, now_ms: int, name: str = "") -> Outcome:
    """What an HTTP status means for a message; `name` is whose answer it is, for the ledger.

    >>> by_status(204, None, 0), by_status(429, "7", 0).after_s, by_status(503, None, 0).reason.value
    (Delivered(answer='HTTP 204'), 7.0, 'server_fault')
    """
    answer = f"{name}: HTTP {status}" if name else f"HTTP {status}"
    if 200 <= status <= 299:
        return Delivered(answer)
    if status in _LATER:
        return Retry(RetryReason.BUSY, answer, retry_after_s(retry_after, now_ms))
    if 500 <= status <= 599:
        return Retry(RetryReason.SERVER_FAULT, answer, retry_after_s(retry_after, now_ms))
    if 300 <= status <= 399:
        return Failed(FailedReason.REDIRECTED, answer)
    if 400 <= status <= 499:
        return Failed(FailedReason.BAD_CREDENTIALS if status in _CREDENTIALS else FailedReason.REFUSED, answer)
    return Failed(FailedReason.NOT_UNDERSTOOD, answer)


def retry_after_s(header: str | None, now_ms: int) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, as a number or as a date; None where it says nothing sensible.

    >>> retry_after_s("120", 0), retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", 30_000), retry_after_s("soon", 0)
    (120.0, 30.0, None)
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds())
