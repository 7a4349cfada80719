"""What a webhook carries, how it is signed, and what each HTTP status means."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
import pytest

from detectors.run import Drill
from playbooks.effects.http_answer import by_status, retry_after_s
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Retry, RetryReason
from playbooks.effects.webhook import payload, signature, signed_headers
from playbooks.secret import Secret
from tests.parts.messages import LINKS, NOTICE, message

LATER = {408, 409, 425, 429}


def expected(status: int) -> type[Delivered | Retry | Failed]:
    if 200 <= status <= 299:
        return Delivered
    return Retry if status in LATER or 500 <= status <= 599 else Failed


def test_every_status_has_its_meaning() -> None:
    wrong = [status for status in range(100, 1000) if type(by_status(status, None, 0)) is not expected(status)]
    assert wrong == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, FailedReason.REDIRECTED),
        (400, FailedReason.REFUSED),
        (401, FailedReason.BAD_CREDENTIALS),
        (403, FailedReason.BAD_CREDENTIALS),
        (404, FailedReason.REFUSED),
        (410, FailedReason.REFUSED),
        (429, RetryReason.BUSY),
        (500, RetryReason.SERVER_FAULT),
        (999, FailedReason.NOT_UNDERSTOOD),
    ],
)
def test_a_status_says_why(status: int, reason: RetryReason | FailedReason) -> None:
    outcome = by_status(status, None, 0)
    assert isinstance(outcome, Retry | Failed)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        ("soon", None),
        ("9" * 400, 999_999_999.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:02:00", 60.0),
        ("Thu, 99 Jan 1970 00:02:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, 60_000) == seconds


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks() -> None:
    outcome = by_status(429, "17", 0)
    assert isinstance(outcome, Retry)
    assert outcome.after_s == 17.0


def test_the_signature_is_what_the_document_says() -> None:
    signed = hmac.new(b"key", b'12.{"a":1}', hashlib.sha256).hexdigest()
    assert signature(Secret("key"), 12, b'{"a":1}') == signed


def test_the_body_is_the_same_to_the_byte_in_every_try() -> None:
    first, second = (msgspec.json.encode(payload(message(sending_ms=moment))) for moment in (0, 99_000))
    assert first == second


def test_the_headers_carry_key_time_and_signature() -> None:
    headers = signed_headers("k-1", b"{}", 12, Secret("key"))
    assert headers["Idempotency-Key"] == "k-1"
    assert headers["X-Firebreak-Timestamp"] == "12"
    assert headers["X-Firebreak-Signature"] == signature(Secret("key"), 12, b"{}")


def test_the_payload_carries_notice_and_links() -> None:
    sent = payload(message())
    assert (sent.subject, sent.incident, sent.severity) == (NOTICE.subject, "inc-1", 4)
    assert (sent.incident_url, sent.runbook_url) == (LINKS.incident, LINKS.runbook)


def test_without_a_public_address_the_links_are_null() -> None:
    sent = payload(message(links=None))
    assert (sent.incident_url, sent.runbook_url) == (None, None)


def test_a_drill_says_so_in_its_mark_and_in_its_words() -> None:
    sent = payload(message(run=Drill("drill-7")))
    assert sent.drill
    assert sent.run == "drill-7"
    assert sent.subject.startswith("DRILL: ")
    assert sent.text.startswith("DRILL: ")


def test_life_is_no_drill() -> None:
    assert not payload(message()).drill
