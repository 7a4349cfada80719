"""What a pattern asks for, in words, for whoever wrote a name that is refused: a regular expression is no answer.

>>> in_words("Expected `str` matching regex '^[a-z0-9_-]{1,64}\\\\\\\\Z'")
'Expected 1 to 64 of a-z, 0-9, _ and -'
"""

from __future__ import annotations

import re
from typing import Final

_PATTERN: Final = re.compile(r"`str(?: \| null)?` matching regex (['\"])(.*?)\1")
_LENGTH: Final = re.compile(r"`array` of length >= (\d+)")
#: What msgspec says of a bound and of a date, and what people say.
_PLAINER: Final = (
    ("`int` ", "a whole number "),
    ("`float` ", "a number "),
    ("`str` of", "text of"),
    ("Invalid RFC3339 encoded date", "Expected a day such as 2026-12-24"),
)
_RUN: Final = re.compile(r"\^\[(?P<set>[^\]]+)\]\{(?P<least>\d+),(?P<most>\d+)\}\$")
_SETS: Final = {
    "a-z0-9_-": "a-z, 0-9, _ and -",
    "A-Za-z0-9._:-": "A-Z, a-z, 0-9, full stop, _, : and -",
}
_OTHERS: Final = {
    "^[a-z][a-z0-9-]{0,63}$": "1 to 64 of a-z, 0-9 and -, the first a letter",
    "^[a-z][a-z0-9-]{0,31}$": "1 to 32 of a-z, 0-9 and -, the first a letter",
    "^(0|[1-9][0-9]{0,3})([.](0|[1-9][0-9]{0,3})){2}$": "a version of three numbers, such as 1.0.2",
    r"^[^\x00-\x1f\x7f-\x9f]*$": "text without control characters",
    r"^[^\x00-\x1f\x7f]{1,200}$": "one line of 1 to 200 characters",
    r"^[^\x00-\x08\x0b-\x1f\x7f]*$": "text without control characters",
    "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "a language, such as en or fr-CA",
    r"^[^\sA-Z]{1,40}$": "one word of 1 to 40 characters, in lower case",
    r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,200}$": "one line of 1 to 200 characters, with "
    "something to see in it, and without line breaks or control characters",
    r"""^[^\s\x00-\x1f\x7f-\x9f@<>()\[\]\\,:;"]{1,64}@[^\s\x00-\x1f\x7f-\x9f@<>()\[\]\\,:;"]{1,255}$""": "one e-mail "
    "address, such as ada@example.org",
    r"^\+[1-9][0-9]{5,14}$": "a telephone number with its country, such as '+4930123456' (in quotes)",
    "^[UW][A-Z0-9]{4,20}$": "a member id of Slack, such as U024BE7LH",
    "^[A-Z0-9]{4,20}$": "a user id of PagerDuty, such as PXPGF42",
    "^AC[0-9a-f]{32}$": "an account SID of Twilio, AC and 32 of 0-9 and a-f",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time from '00:00' to '23:59'",
    r"^20\d\d-\d\d-\d\d[ T]([01]\d|2[0-3]):[0-5]\d(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?$": "a moment such as "
    "2026-12-24 09:00",
}


def in_words(message: str) -> str:
    """`message`, in which each pattern of ours is put into words; one that is not known stays as it is."""
    plain = _LENGTH.sub(r"a list of at least \1", _PATTERN.sub(lambda found: _words(found[2]) or found[0], message))
    for said, meant in _PLAINER:
        plain = plain.replace(said, meant)
    return plain


def _words(pattern: str) -> str:
    plain = pattern.replace("\\\\", "\\").replace(r"\Z", "$")
    run = _RUN.fullmatch(plain)
    if run is None or run["set"] not in _SETS:
        return _OTHERS.get(plain, "")
    return f"{run['least']} to {run['most']} of {_SETS[run['set']]}"
