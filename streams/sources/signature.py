"""Signed requests: who sends them knows the secret, sent them just now, and sent them once.

The signature is the hexadecimal HMAC-SHA256, under the shared secret, of the timestamp (seconds since 1970 UTC, as it
stands in its header), a full stop, and the body as it is sent.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final

from playbooks.secret import Secret

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"[0-9a-fA-F]{64}")


class Unsigned(StrEnum):
    """Why a request is not believed. The same word is in the answer."""

    NO_TIMESTAMP = "no_timestamp"
    NO_SIGNATURE = "no_signature"
    OUTSIDE_WINDOW = "outside_window"
    WRONG_SIGNATURE = "wrong_signature"


def sign(secret: Secret, timestamp: str, body: bytes) -> str:
    """The signature of a body.

    >>> sign(Secret("s"), "1767603600", b"{}")[:16]
    '1002dd00b076f9ed'
    """
    return hmac.new(secret.reveal().encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def check_headers(timestamp: str | None, signature: str | None, now_s: float, window_s: float) -> Unsigned | None:
    """What can be seen before the body is read: both headers are there, and the time is within `window_s` of ours.

    >>> check_headers("100", "a" * 64, 400.0, 300.0), check_headers("100", "a" * 64, 400.1, 300.0)
    (None, <Unsigned.OUTSIDE_WINDOW: 'outside_window'>)
    """
    if timestamp is None or not _TIMESTAMP.fullmatch(timestamp):
        return Unsigned.NO_TIMESTAMP
    if signature is None or not _SIGNATURE.fullmatch(signature):
        return Unsigned.NO_SIGNATURE
    if abs(now_s - int(timestamp)) > window_s:
        return Unsigned.OUTSIDE_WINDOW
    return None


def is_signed(secret: Secret, timestamp: str, signature: str, body: bytes) -> bool:
    """Whether the signature is the body's; takes the same time wherever it differs."""
    return hmac.compare_digest(sign(secret, timestamp, body), signature.lower())


class SeenSignatures:
    """The signatures taken within the window, so that a request that was overheard is not taken again.

    Each is kept until its own timestamp would be refused anyway. At most `most` are kept; where more come in a window
    further ones are refused rather than old ones forgotten. Nothing is remembered over a restart: what is taken twice
    then is dropped as a repeat downstream.

    >>> seen = SeenSignatures(window_s=300.0, most=2)
    >>> seen.take("a", 100, 100.0), seen.take("a", 100, 399.0), seen.take("b", 100, 399.0), seen.is_full(400.0)
    (True, False, True, True)
    >>> seen.is_full(400.1), seen.take("a", 100, 400.1)
    (False, True)
    """

    def __init__(self, window_s: float, most: int) -> None:
        self._window_s = window_s
        self._most = most
        self._ends: list[tuple[float, str]] = []
        self._taken: set[str] = set()

    def take(self, signature: str, timestamp: int, now_s: float) -> bool:
        """Take a signature; False where it was taken before. Letters of either case are the same."""
        self._forget(now_s)
        signature = signature.lower()
        if signature in self._taken:
            return False
        self._taken.add(signature)
        heappush(self._ends, (timestamp + self._window_s, signature))
        return True

    def give_back(self, signature: str) -> None:
        """The request was not carried out after all: its sender may try again with the same signature."""
        self._taken.discard(signature.lower())

    def is_full(self, now_s: float) -> bool:
        """Whether no further signature can be remembered now."""
        self._forget(now_s)
        return len(self._ends) >= self._most

    def _forget(self, now_s: float) -> None:
        while self._ends and self._ends[0][0] < now_s:
            self._taken.discard(heappop(self._ends)[1])
