"""A post that the gate held back, and what a person said becomes of it. Pure.

Nothing that was held goes by itself, also after the hold is released: each post needs a person's word, and what may go
goes one after another.
"""

from __future__ import annotations

import hashlib

import msgspec

from playbooks.labels import PostWord

MINUTE_MS = 60_000


class HeldPost(msgspec.Struct, frozen=True):
    """One post that was held. `post` is how its caller names it, `key` a hash of all that names it.

    `first_ms` and `last_ms` are when it was asked about while held, `times` how often. With a `word` of a `person`:
    `text_hash` is of the text that may go, `not_before_ms` from when on, `went_ms` when the gate let it go.
    """

    key: str
    run: str
    brand: str
    platform: str
    account: str
    post: str
    caller: str
    text_ref: str
    text_hash: str | None
    first_ms: int
    last_ms: int
    times: int = 1
    scheduled_ms: int | None = None
    word: PostWord | None = None
    person: str = ""
    reason: str = ""
    said_ms: int | None = None
    not_before_ms: int | None = None
    went_ms: int | None = None

    @property
    def may_go(self) -> bool:
        """Whether a person said that it may, now or later."""
        return self.word is not None and self.word is not PostWord.DROP

    @property
    def has_gone(self) -> bool:
        """Whether the gate has let it go."""
        return self.went_ms is not None


def post_key(run: str, brand: str, platform: str, post: str) -> str:
    """What names a post: a hash, so that whatever a caller names it by fits a row.

    >>> post_key("", "acme", "x", "1") == post_key("", "acme", "x", "1") != post_key("", "acme", "x", "2")
    True
    """
    return hashlib.sha256("\x1f".join((run, brand, platform, post)).encode()).hexdigest()[:40]


def hash_of_text(text: str) -> str:
    """By what a text is known again.

    >>> len(hash_of_text("Good morning"))
    64
    """
    return hashlib.sha256(text.encode()).hexdigest()


def spaced(asked_ms: list[int], taken_ms: list[int], spacing_ms: int) -> list[int]:
    """Times for posts of one account: none before it was asked for, none nearer to another than `spacing_ms`.

    `taken_ms` are the times that are given away already. The posts keep their order.

    >>> spaced([0, 0, 50], [], 20), spaced([0, 0], [10], 20)
    ([0, 20, 50], [30, 50])
    """
    found: list[int] = []
    for at_ms in asked_ms:
        at_ms = max([at_ms, *(one + spacing_ms for one in found[-1:])])
        while near := [one for one in taken_ms if abs(one - at_ms) < spacing_ms]:
            at_ms = max(near) + spacing_ms
        found.append(at_ms)
    return found
