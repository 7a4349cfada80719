"""What Twilio reports of texts and calls, and the digit that somebody dials.

Twilio signs the whole address that it asks, as it was told it, and the form's fields in the order of their names
(HMAC-SHA1 by the account's auth token). What the address says of the ledger's row is therefore ours.

Sources: Twilio, "Webhooks security"; "Track outbound message status"; "StatusCallback of the Calls resource".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from playbooks.incoming.heard import Dialled, Report, Unheard
from playbooks.labels import Channel, DeliveryOutcome
from playbooks.secret import Secret

#: Twilio sends some forty fields.
MAX_FIELDS = 200

_PORTS = {"https": 443, "http": 80}
_TEXTS = {
    "delivered": DeliveryOutcome.DELIVERED,
    "read": DeliveryOutcome.READ,
    "undelivered": DeliveryOutcome.FAILED,
    "failed": DeliveryOutcome.FAILED,
}
_CALLS = {
    "completed": DeliveryOutcome.DELIVERED,
    "busy": DeliveryOutcome.FAILED,
    "no-answer": DeliveryOutcome.FAILED,
    "canceled": DeliveryOutcome.FAILED,
    "failed": DeliveryOutcome.FAILED,
}

Fields = list[tuple[str, str]]


def heard(url: str, body: bytes, signed: str, token: Secret) -> tuple[dict[str, str], dict[str, str]] | Unheard:
    """What the address and the form say, or why nothing follows. `url` is the whole address, as Twilio was told it."""
    try:
        form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return Unheard.NOT_UNDERSTOOD
    # Twilio leaves a standard port out or puts it in, as the case may be.
    wanted = [signature(token, spelling, form) for spelling in _spellings(url)]
    if not any(hmac.compare_digest(signed.encode(), one.encode()) for one in wanted):
        return Unheard.NOT_SIGNED
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)), dict(form)


def signature(token: Secret, url: str, form: Iterable[tuple[str, str]]) -> str:
    """What ``X-Twilio-Signature`` must be. The example is the one of Twilio's documentation.

    >>> form = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675310"), ("Digits", "1234"),
    ...         ("From", "+14158675310"), ("To", "+18005551212")]
    >>> signature(Secret("12345"), "https://mycompany.com/myapp.php?foo=1&bar=2", form)
    'GvWf1cFY/Q7PnoempGyD5oXAezc='
    """
    said = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.reveal().encode(), said.encode(), hashlib.sha1).digest()).decode()


def report_of(named: dict[str, str], form: dict[str, str]) -> Report | Unheard:
    """What became of a text or a call; nothing follows while it is under way.

    >>> named = {"of": "act-1", "try": "1", "to": "ada", "by": "sms"}
    >>> report_of(named, {"MessageStatus": "undelivered", "ErrorCode": "30003"}).detail
    'Twilio: undelivered, error 30003'
    """
    call = named.get("by") == Channel.VOICE
    status = form.get("CallStatus" if call else "MessageStatus", "")
    outcome = (_CALLS if call else _TEXTS).get(status)
    if outcome is None:
        return Unheard.NOTHING_TO_DO
    error = form.get("ErrorCode", "")
    code = f", error {error}" if error.isascii() and error.isdigit() and len(error) <= 6 and error != "0" else ""
    return _row(named, outcome, f"Twilio: {status}{code}")


def dialled(named: dict[str, str], form: dict[str, str]) -> Dialled | Unheard:
    """What somebody dialled: whoever dials has heard the call.

    >>> dialled({"of": "act-1", "try": "1", "to": "ada", "by": "voice", "incident": "inc-1"}, {"Digits": "4"}).digit
    '4'
    """
    row = _row(named, DeliveryOutcome.READ, "Twilio: a digit was dialled")
    if isinstance(row, Unheard):
        return row
    digit = form.get("Digits", "")
    return Dialled(row, named.get("incident", ""), digit if digit in tuple("0123456789#*") else "")


def _row(named: dict[str, str], outcome: DeliveryOutcome, detail: str) -> Report | Unheard:
    attempt = named.get("try", "")
    if not (attempt.isascii() and attempt.isdigit() and len(attempt) <= 6 and {"of", "to", "by"} <= named.keys()):
        return Unheard.NOT_UNDERSTOOD
    try:
        return Report(named["of"], int(attempt), named["to"], Channel(named["by"]), outcome, detail)
    except ValueError:
        return Unheard.NOT_UNDERSTOOD


def _spellings(url: str) -> list[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return [url]
    standard = _PORTS.get(parts.scheme)
    if port is None and standard is not None:
        return [url, parts._replace(netloc=f"{parts.netloc}:{standard}").geturl()]
    if port is not None and port == standard:
        return [url, parts._replace(netloc=parts.netloc.removesuffix(f":{port}")).geturl()]
    return [url]
