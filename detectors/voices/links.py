"""Shared links as people may see them: host and path, and nothing that hides where they lead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

#: What is shown of a link.
LONGEST_LINK: Final = 100
_LINK: Final = re.compile(r"https?://(?:[^/?#\s@]*@)?([A-Za-z0-9.\-]{1,253})(?::\d{1,5})?(/[!-~]*)?", re.IGNORECASE)
_IN_TEXT: Final = re.compile(r"https?://[!-~]+", re.IGNORECASE)
#: Neither markup nor quotes nor an entity.
_UNFIT: Final = re.compile(r"""[<>"'`&\\{}|^]""")
_TEXT_LOOKED_AT: Final = 1_000


def shown(link: str) -> str | None:
    """Host and path of a web link, or None where it is none.

    The scheme, a user name before the host, the port, the query and the fragment go: two people who share a page share
    it whatever their trackers, and a name before an `@` is there to deceive. Only ASCII is left.

    >>> shown("https://acme.example:443@Evil.example:8080/a/b?utm_source=x#top")
    'evil.example/a/b'
    >>> shown("javascript:alert(1)") is None
    True
    """
    found = _LINK.match(link)
    host = found[1].lower().strip(".") if found else ""
    if found is None or "." not in host:
        return None
    path = _UNFIT.sub("", (found[2] or "").partition("?")[0].partition("#")[0]).rstrip("/.,;:!)")
    return (host + path)[:LONGEST_LINK]


def is_shown(link: str) -> bool:
    """Whether a string is one that `shown` could have made."""
    return shown(f"https://{link}") == link


def links_of(links: Sequence[str], text: str) -> set[str]:
    """The links that a post carries, or where it lists none, those in its text.

    >>> sorted(links_of((), "see http://a.example/x and https://b.example."))
    ['a.example/x', 'b.example']
    """
    if not links and "http" not in text:
        return set()
    return {link for one in links or _IN_TEXT.findall(text[:_TEXT_LOOKED_AT]) if (link := shown(one))}
