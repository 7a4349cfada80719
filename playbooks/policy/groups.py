"""What is wished to groups of people, and what they are called, in words that are no sign by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from playbooks.policy.words import ALONE, REFUSED, Hit, Kind, Listed

#: People for what they are, not for what they think: camps are left out.
_NAMED: Final = (
    *("gays", "lesbians", "queers", "homosexuals", "jews", "muslims", "moslems", "christians", "hindus", "sikhs"),
    *("arabs", "mexicans", "africans", "asians", "blacks", "whites", "latinos", "hispanics", "indians", "pakistanis"),
    *("syrians", "turks", "roma", "gypsies", "immigrants", "migrants", "refugees", "foreigners", "women"),
)
_GROUP: Final = (
    rf"(?:{'|'.join(_NAMED)}|(?:black|white|brown|gay|trans|transgender|jewish|muslim|asian|african|arab|disabled"
    r"|foreign) (?:people|men|women|folks|kids))"
)
_FIRST: Final = frozenset((*_NAMED, "people", "men", "folks", "kids"))
_THEM: Final = r"(?:all |all of )?(?:the |these |those |our )?"
_PATTERNS: Final = tuple(
    (re.compile(rf"\b{pattern}\b"), Listed(kind, strength))
    for kind, strength, pattern in (
        (
            Kind.THREAT,
            REFUSED,
            rf"{_GROUP} (?:must|should|need to|have to|deserve to|ought to) (?:all )?"
            r"(?:burn|die|hang|be (?:killed|shot|hanged|burned|burnt|gassed|exterminated|raped|eliminated|wiped out))",
        ),
        (Kind.THREAT, REFUSED, rf"(?:kill|gas|lynch|exterminate|burn|shoot|hang) {_THEM}{_GROUP}"),
        (
            Kind.HATE,
            ALONE,
            rf"{_GROUP} are (?:all )?(?:just |nothing but |like )?(?:monkeys|apes|animals|vermin|rats|cockroaches"
            r"|parasites|pigs|dogs|subhuman|subhumans|scum|filth|trash|garbage|savages|inferior|not human"
            r"|a (?:plague|disease|cancer))",
        ),
        (Kind.HATE, ALONE, rf"(?:get|getting|be) rid of {_THEM}{_GROUP}"),
        (Kind.HATE, ALONE, rf"(?:ban|deport|expel) {_THEM}{_GROUP}"),
    )
)


def against_groups(words: Sequence[str]) -> Iterator[Hit]:
    """What of a post's words is hate, or a threat, by whom it is about.

    >>> [hit.words for hit in against_groups("we should get rid of all immigrants".split())]
    ['get rid of all immigrants']
    """
    if _FIRST.isdisjoint(words):
        return
    joined = " ".join(words)
    for pattern, listed in _PATTERNS:
        if match := pattern.search(joined):
            yield Hit(match[0], listed)
