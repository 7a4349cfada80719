"""Signed links in messages, by which a person acts without signing in: for one incident, one person and one thing.

Whoever holds the link may do that one thing until it expires, as with a key that was sent by mail. The page behind it
asks before it acts, because mail scanners follow links: looking (GET) changes nothing, only the button (POST) does.
The signature is HMAC-SHA256, cut to 128 bits so that a text message stays short (RFC 2104, section 5, allows half).

Pure: no clock, no store, no web. Whether the incident is still open, and the person still known, is asked elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from enum import StrEnum

import msgspec

from playbooks.secret import Secret

#: The address of the page that asks, below the console's public address.
PATH = "/act/{token}"
#: More than any token we make: what is longer is not looked at.
MAX_TOKEN_CHARS = 1_000
#: A secret shorter than this could be guessed.
MIN_SECRET_CHARS = 16

_SIGNED_BYTES = 16
#: Keeps these signatures apart from any other that is made with the same secret.
_PURPOSE = b"firebreak action link 1\0"


class What(StrEnum):
    """What a link is for; it serves for nothing else."""

    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    CONFIRM = "confirm"


class LinkRefused(StrEnum):
    """Why a link does nothing."""

    NOT_OURS = "not_ours"
    EXPIRED = "expired"

    @property
    def words(self) -> str:
        """For the person who followed it.

        >>> LinkRefused.EXPIRED.words
        'This link has expired. Sign in to the console, or use the link of a newer message.'
        """
        if self is LinkRefused.EXPIRED:
            return "This link has expired. Sign in to the console, or use the link of a newer message."
        return "This link is not one of ours, or part of it is missing. Copy the whole of it from the message."


class ActionLink(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a link says: `person` (a key of the settings' people) may do `what` about `incident` before `expires_s`.

    To confirm is said of a test message, whose id then stands in the place of an incident's.

    `expires_s` is in seconds since 1970 UTC. There are no other powers in it: it opens no hold and no page.
    """

    incident: str
    person: str
    what: What
    expires_s: int


def token_of(link: ActionLink, secret: Secret) -> str:
    """The link's last part, safe in an address. The same link and secret make the same token.

    >>> token_of(ActionLink("inc-1", "ada", What.ACKNOWLEDGE, 1_767_603_600), Secret("k" * 16))[-22:]
    'frRmykHn5Gg9SjhE_pKG_A'
    """
    said = msgspec.json.encode(link)
    return f"{_text(said)}.{_text(_signature(said, secret))}"


def read_token(token: str, secret: Secret, now_ms: int) -> ActionLink | LinkRefused:
    """The link behind a token at `now_ms`, or why it does nothing. A forged one is not told from a broken one.

    >>> link = ActionLink("inc-1", "ada", What.ACKNOWLEDGE, 1_767_603_600)
    >>> token = token_of(link, Secret("k" * 16))
    >>> read_token(token, Secret("k" * 16), 1_767_603_599_999) == link
    True
    >>> read_token(token, Secret("k" * 16), 1_767_603_600_000)
    <LinkRefused.EXPIRED: 'expired'>
    >>> read_token(token, Secret("another secret..."), 0)
    <LinkRefused.NOT_OURS: 'not_ours'>
    """
    said, dot, signature = token.partition(".")
    if len(token) > MAX_TOKEN_CHARS or not dot:
        return LinkRefused.NOT_OURS
    try:
        raw, signed = _raw(said), _raw(signature)
    except (binascii.Error, ValueError):
        return LinkRefused.NOT_OURS
    if not hmac.compare_digest(signed, _signature(raw, secret)) or (_text(raw), _text(signed)) != (said, signature):
        return LinkRefused.NOT_OURS
    try:
        link = msgspec.json.decode(raw, type=ActionLink)
    except msgspec.DecodeError:
        return LinkRefused.NOT_OURS
    return link if now_ms < link.expires_s * 1000 else LinkRefused.EXPIRED


def address_of(public_url: str, link: ActionLink, secret: Secret) -> str:
    """The whole address, for a message.

    >>> link = ActionLink("inc-1", "ada", What.ESCALATE, 1_767_603_600)
    >>> address_of("https://fire.example.org/", link, Secret("k" * 16)).partition("act/")[0]
    'https://fire.example.org/'
    """
    return public_url.rstrip("/") + PATH.format(token=token_of(link, secret))


def _signature(said: bytes, secret: Secret) -> bytes:
    return hmac.new(secret.reveal().encode(), _PURPOSE + said, hashlib.sha256).digest()[:_SIGNED_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
