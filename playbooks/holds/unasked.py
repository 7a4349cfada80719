"""A post that a person lets go before anybody asked the gate about it: what it has to be, to the letter. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from playbooks.content.hold_scope import plain


def hash_unasked(text: str, account: str | None, links: Iterable[str]) -> str:
    """By what such a post is known when it is asked about: its text, its account and its links, in any order.

    >>> hash_unasked("Hi", "@Acme", []) == hash_unasked("Hi", "acme", []) != hash_unasked("Hi", "acme", ["https://a"])
    True
    """
    said = msgspec.json.encode(["unasked", text, plain(account or ""), sorted(set(links))])
    return hashlib.sha256(said).hexdigest()
