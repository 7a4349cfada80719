"""What is wrong with an address of the web that stands in the settings, in words. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

WEB: Final = ("http", "https")
#: Beginnings that may be repeated in a message: none of them is a part of somebody's secret.
_KNOWN: Final = frozenset({"data", "file", "ftp", "javascript", "mailto", "tel", "vbscript", "webcal", "ws", "wss"})
#: What no address holds as it stands; `urlsplit` takes line breaks out without a word.
_NEVER: Final = re.compile(r"""[\s\x00-\x1f\x7f-\x9f"<>\\^`{|}]""")


def address_fault(address: str, *, schemes: tuple[str, ...] = WEB, login: bool = False) -> str:
    """What is wrong with `address`, as what follows its name in a sentence; empty where nothing is.

    `login` says whether a name and password may stand in it. The address is not repeated: it may hold a secret.

    >>> address_fault("https://example.org/hooks/1"), address_fault("javascript:alert(1)")
    ('', "is no http or https address, it begins with 'javascript:'; write one like https://host")
    >>> address_fault("https://ada:hunter2@example.org")
    'holds a login; write one like https://host, without it'
    """
    like = f"{schemes[-1]}://host"
    wanted = f"is no {_either(schemes)} address"
    try:
        parts = urlsplit(address)
        right = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return f"{wanted}; write one like {like}"
    if _NEVER.search(address):
        return f"{wanted}: it holds a space, a line break or a sign that no address holds; write one like {like}"
    if not right:
        begins = f", it begins with '{parts.scheme}:'" if parts.scheme in _KNOWN.difference(schemes) else ""
        return f"{wanted}{begins}; write one like {like}"
    return f"holds a login; write one like {like}, without it" if "@" in parts.netloc and not login else ""


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
