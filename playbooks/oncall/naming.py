"""Whom an event of a calendar means: people write each other's names as they like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import msgspec

#: What stands between the names of a title. A key is found only where it is a whole part: ``ops`` is also a word.
_BETWEEN = re.compile(r"[,;/&+|:()\[\]]| - |–|—")


class Called(msgspec.Struct, frozen=True):
    """What a person is called, beside their key."""

    name: str
    email: str | None = None


def named(title: str, attendees: Iterable[str], people: Mapping[str, Called]) -> tuple[str, ...]:
    """The keys of the people an event means, in order; none where it means nobody known.

    Those who are invited by an e-mail address of theirs; where nobody known is, those whose name or e-mail address
    stands in the title, or whose key is one of the title's parts. Letters' case and accents' encoding do not matter.

    >>> people = {"ada": Called("Ada Lovelace", "ada@example.org"), "al": Called("Ada"), "bo": Called("Bo")}
    >>> named("On call: Ada Lovelace", [], people), named("ada / bo", [], people), named("AL", [], people)
    (('ada',), ('ada', 'al', 'bo'), ('al',))
    >>> named("Bo", ["mailto:ADA@example.org"], people), named("Boat trip", [], people)
    (('ada',), ())
    """
    invited = {_plain(address).removeprefix("mailto:") for address in attendees}
    found = {key for key, called in people.items() if called.email and _plain(called.email) in invited}
    return tuple(sorted(found or _in_title(_plain(title), people)))


def _in_title(title: str, people: Mapping[str, Called]) -> set[str]:
    keys = {part.strip() for part in _BETWEEN.split(title)}
    found = {key for key in people if key in keys}
    # The longest first and each only once, so that who is called "Ada" is not meant by "Ada Lovelace".
    words = [(_plain(word), key) for key, called in people.items() for word in (called.name, called.email) if word]
    for word, key in sorted(words, key=lambda each: (-len(each[0]), each)):
        pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
        if word and re.search(pattern, title):
            found.add(key)
            if not any(other == word and key != whose for other, whose in words):
                title = re.sub(pattern, "\x00", title)
    return found


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
