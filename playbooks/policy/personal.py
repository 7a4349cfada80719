"""People's data in an outgoing post: addresses, telephone, card, account and insurance numbers.

What the brand itself gives out (`own`) is nobody's: its addresses, its domains, its numbers. Numbers that cost the
caller nothing are a service's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found

_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63})+)\b")
#: As people write them: with a plus, a bracket or a nought before, or in the groups of North America.
_PHONE: Final = re.compile(
    r"(?<![\w.,/#$-])(?:(?:\+|\(|0)\(?\d(?:[ ./()-]{0,2}\d){7,14}|(?:1[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4})(?![ .-]?\w)"
)
_FREE: Final = re.compile(r"\+?1?(?:800|833|844|855|866|877|888)\d{7}\Z|(?:\+?44|0)(?:800|808)\d{6,7}\Z|\+?800\d{8}\Z")
_CARD: Final = re.compile(r"(?<!\d)(?:(?:\d[ -]?){12,18}\d|\d{4}(?:\.\d{4}){2}\.\d{1,7}|\d{4}\.\d{6}\.\d{4,5})(?!\d)")
#: How people write an address so that no program reads it: "jo [at] mail [dot] example".
_AT: Final = re.compile(r"\s{0,3}[\[({]\s?(?:at|@)\s?[\])}]\s{0,3}", re.IGNORECASE)
_DOT: Final = re.compile(r"\s{0,3}[\[({]\s?(?:dot|\.)\s?[\])}]\s{0,3}", re.IGNORECASE)
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_INSURANCE: Final = re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b")
_LINK: Final = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_SHORTEST_PHONE, _LONGEST_PHONE = 10, 15


def personal_data_in(text: str, own: Collection[str] = ()) -> Iterator[Finding]:
    """What looks like data of a person; `own` are the brand's addresses, mail domains and telephone numbers.

    >>> [finding.verdict.value for finding in personal_data_in("Write to jo@acme.example or call +49 30 1234567")]
    ['hold', 'hold']
    >>> list(personal_data_in("Write to jo@acme.example", ["acme.example"]))
    []
    """
    bare = _DOT.sub(".", _AT.sub("@", _LINK.sub(" ", text)))
    known = {entry.lower() for entry in own}
    for what, verdict, is_there in (
        ("a payment card's number", Verdict.REJECT, any(map(_is_card, _digits(_CARD, bare)))),
        ("a bank account's number", Verdict.HOLD, any(map(_is_iban, _IBAN.findall(bare)))),
        ("a social security number", Verdict.REJECT, bool(_INSURANCE.search(bare))),
        ("an e-mail address", Verdict.HOLD, any(_is_foreign(match, known) for match in _MAIL.finditer(bare))),
        ("a telephone number", Verdict.HOLD, _has_phone(_IBAN.sub(" ", bare), {_number(entry) for entry in known})),
    ):
        if is_there:
            yield found(PolicyReason.PERSONAL_DATA, verdict, what)


def _digits(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (re.sub(r"\D", "", match[0]) for match in pattern.finditer(text))


def _is_foreign(match: re.Match[str], known: Collection[str]) -> bool:
    host = match[1].lower()
    return match[0].lower() not in known and not any(host == own or host.endswith("." + own) for own in known)


def _has_phone(text: str, known: Collection[str]) -> bool:
    for match in _PHONE.finditer(
        _CARD.sub(lambda card: " " if _is_card(re.sub(r"\D", "", card[0])) else card[0], text)
    ):
        number = _number(match[0])
        written_as_one = match[0].lstrip("+").isdigit() and not match[0].startswith(("+", "0"))
        if (
            _SHORTEST_PHONE <= len(number.lstrip("+")) <= _LONGEST_PHONE
            and not written_as_one
            and not _FREE.match(number)
            and number not in known
        ):
            return True
    return False


def _number(written: str) -> str:
    return re.sub(r"[^\d+]", "", written)


def _is_card(digits: str) -> bool:
    """Whether the check digit of a card is right (Luhn, 1960; ISO/IEC 7812), and it is not one digit again and again.

    >>> _is_card("4111111111111111"), _is_card("4111111111111112")
    (True, False)
    """
    if digits[0] not in "23456" or len(set(digits)) < 2 or len(digits) < 13:
        return False
    doubled = (2 * int(digit) if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _is_iban(written: str) -> bool:
    """Whether the check digits of an account number are right (ISO 13616, modulo 97).

    >>> _is_iban("DE89 3704 0044 0532 0130 00"), _is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    bare = written.replace(" ", "")
    return len(bare) >= 15 and int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1
