"""Which language a text is scored in: what its source says; where that is nothing, English in Latin script."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Language(StrEnum):
    """A language with a free word list, and so one in which negativity can be scored."""

    ENGLISH = "en"
    FRENCH = "fr"
    DANISH = "da"


_KNOWN: Final[dict[str | None, Language]] = {language.value: language for language in Language}
#: BCP 47's words for "not known", "several" and "no language"; and private ones, which platforms use for bare links.
_SAYS_NOTHING: Final = frozenset(("", "und", "un", "mul", "mis", "zxx"))
_LETTERS: Final = re.compile(r"[^\W\d_]")
_OTHER_SCRIPT: Final = re.compile(r"(?=[^\W\d_])[^\u0000-\u024f\u1e00-\u1eff\uff21-\uff5a\U0001d400-\U0001d7ff]")


def language_of(tag: str | None, text: str) -> Language | None:
    """The language to score `text` in, from the BCP 47 `tag` of its source; None where there is no word list for it.

    Without a tag a text counts as English, unless more than half of its letters are of another script than Latin's.

    >>> language_of("en-GB", "hm"), language_of(None, "late again"), language_of("de", "zu sp\u00e4t")
    (<Language.ENGLISH: 'en'>, <Language.ENGLISH: 'en'>, None)
    >>> language_of(None, "\u043e\u043f\u044f\u0442\u044c \u043f\u043e\u0437\u0434\u043d\u043e") is None
    True
    """
    if tag in _KNOWN:
        return _KNOWN[tag]
    primary = "" if tag is None else tag.replace("_", "-").partition("-")[0].lower()
    if primary not in _SAYS_NOTHING and not (len(primary) == 3 and primary[0] == "q"):
        return _KNOWN.get(primary)
    if text.isascii() or 2 * len(_OTHER_SCRIPT.findall(text)) <= len(_LETTERS.findall(text)):
        return Language.ENGLISH
    return None
