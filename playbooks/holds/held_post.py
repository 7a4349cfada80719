"""A post that the gate held back, and what a person said becomes of it. Pure.

Nothing that was held goes by itself, also after the hold is released: each post needs a person's word, and what may go
goes one after another.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

import msgspec

from playbooks.content.hold_scope import plain
from playbooks.labels import PostWord

MINUTE_MS = 60_000
#: What nobody sees: control characters, and what Unicode (15.0, DerivedCoreProperties) calls ``Default_Ignorable``.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


class HeldPost(msgspec.Struct, frozen=True):
    """One post that was held. `post` is how its caller names it, `key` a hash of all that names it.

    `first_ms` and `last_ms` are when it was asked about while held, `times` how often. With a `word` of a `person`:
    `text_hash` is of the text that may go, `not_before_ms` from when on, `went_ms` when the gate let it go. `account`
    is as names are compared, empty where nobody said it; `links_hash` is of the post's links, None where an older
    version held it.
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
    links_hash: str | None = None

    def is_with(self, account: str | None, links: Iterable[str]) -> bool:
        """Whether a post of this account with these links is what was held."""
        return self.account == plain(account or "") and self.links_hash in (None, hash_of_links(links))

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


def as_read(text: str) -> str:
    """A text as people see it: what is not seen is left out, white space folded, letters in their plain form (NFKC).

    >>> as_read(" Good\\u200b  \\uff4dorning\\n")
    'Good morning'
    """
    composed = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    return " ".join(_UNSEEN.sub("", composed).split())


def hash_of_text(text: str) -> str:
    """By what a text is known again: what nobody sees makes no other text of it.

    >>> hash_of_text("Good morning") == hash_of_text("Good morning ") != hash_of_text("Good evening")
    True
    """
    return hashlib.sha256(as_read(text).encode()).hexdigest()


def hash_of_links(links: Iterable[str]) -> str:
    """By what the links of a post are known again, in any order.

    >>> hash_of_links(["a", "b"]) == hash_of_links(["b", "a"]) != hash_of_links([])
    True
    """
    return hashlib.sha256(msgspec.json.encode(sorted(set(links)))).hexdigest()


def strictest(posts: Iterable[HeldPost], text_hash: str) -> HeldPost | None:
    """Of the posts that a question may be about, the one that stands in its way longest; None where there is none.

    What was dropped counts first, then what nobody has decided about, then what was let go with another text, then what
    goes last.
    """

    def in_the_way(post: HeldPost) -> tuple[int, int]:
        if post.word is PostWord.DROP:
            return 3, 0
        if post.word is None:
            return 2, 0
        return int(post.text_hash != text_hash), 0 if post.has_gone else post.not_before_ms or 0

    return max(posts, key=in_the_way, default=None)


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
