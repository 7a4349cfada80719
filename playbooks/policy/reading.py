"""A post as words, whatever it is dressed up in: signs for letters, other alphabets, stars, blanks, hashtags.

Nothing is guessed about innocent text: a disguise is only taken off where a listed word is under it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from playbooks.policy.letters import LATIN_FOR, LETTER_OF

#: Whether a word is one that somebody would hide; given a pattern with `.` for hidden letters, the word that fits it.
Unmask = Callable[[str], str | None]

_WORD: Final = re.compile(r"#\w+|@\w+|[^\W_]+(?:'[^\W_]+)*(?:/\d+)?|[\U0001f300-\U0001faff]")
#: Also an address without its scheme, where it cannot be words between dots.
_LINK: Final = re.compile(
    r"https?://\S+|www\.\S+|(?<![\w@.-])(?:[\w-]{2,63}\.){2,9}(?:com|net|org|info|io|example)\b(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_LOW: Final = "a-z0-9\u00df-\u00f6\u00f8-\u00ff"
_DISGUISED: Final = re.compile(rf"(?=.*[a-z])(?=.*[*@$!#%\d])[{_LOW}$][{_LOW}*@$!#%]{{2,20}}")
#: Dashes in a row for letters.
_DASHED: Final = re.compile(r"[a-z]{1,10}(?:--|__)[-_]*[a-z]{1,10}")
_HIDDEN: Final = re.compile(r"[*#%]")
_MONEY: Final = re.compile(r"[$@]")
#: Of three letters one could be any: "f*n" is fun.
_SHORTEST_HIDDEN: Final = 4
_SIGNS: Final = str.maketrans("01345789$@!", "oieastbgsai")
_SPACED: Final = re.compile(r"(?<!\S)(?:[^\W\d_][ .\-_]){2,12}[^\W\d_](?!\w)")
#: Of ASCII, what is no text and no blank; all else in it is plain.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_EDGES: Final = ".,;:!?\"'()[]\u2026"


def plain(text: str) -> str:
    """The text without what only deceives: look-alike letters, invisible characters, marks over letters of no use.

    >>> plain("f\u0443\u200bck the \uff46\uff4f\uff4f\uff4c")
    'fyck the fool'
    """
    if text.isascii():
        return " ".join(_CONTROL.sub("", text).split())
    composed = unicodedata.normalize("NFKC", text).translate(LETTER_OF).replace("\u2019", "'")
    kept = "".join(sign for sign in composed if unicodedata.category(sign) not in ("Cf", "Mn", "Cc") or sign.isspace())
    return " ".join(_one_alphabet(word) for word in kept.split())


def visible(text: str) -> str:
    """The text with digits and letters as plain ones, and without what nobody sees; its lines stay.

    >>> visible("\uff14\uff11\u200b11")
    '4111'
    """
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")


def words_of(text: str, tags: Callable[[str], tuple[str, ...]], unmask: Unmask) -> list[str]:
    """The words of a `plain` text in lower case; links and handles left out, hashtags taken apart.

    `tags` knows hashtags that are phrases without capitals; `unmask` gives the listed word that a disguise hides.

    >>> words_of("You're a f**l #BuildIt @acme https://x.example", lambda tag: (tag,), {"f..l": "fool"}.get)
    ["you're", 'a', 'fool', 'build', 'it']
    """
    text = _LINK.sub(" ", text)
    text = _SPACED.sub(lambda found: _joined(found[0], unmask), text)
    return [word for chunk in text.split() for word in _words_in(chunk, tags, unmask)]


def _one_alphabet(word: str) -> str:
    """A word that mixes Latin letters with others that look like them, in Latin letters; any other as it is."""
    if word.isascii() or not any("a" <= sign.lower() <= "z" for sign in word):
        return word
    return "".join(LATIN_FOR.get(sign, sign) for sign in word)


def _joined(spaced: str, unmask: Unmask) -> str:
    joined = "".join(sign for sign in spaced if sign.isalpha())
    return joined if unmask(joined.lower()) else spaced


def _words_in(chunk: str, tags: Callable[[str], tuple[str, ...]], unmask: Unmask) -> Iterator[str]:
    bare = chunk.strip(_EDGES).lower()
    if _DISGUISED.fullmatch(bare) and (word := _undressed(bare, unmask)):
        yield word
        return
    if _DASHED.fullmatch(bare) and (word := unmask(re.sub(r"[-_]", ".", bare))):
        yield word
        return
    if not bare.isascii() and bare.isalpha() and not unmask(bare) and (word := unmask(_without_marks(bare))):
        yield word
        return
    for found in _WORD.findall(chunk):
        if found[0] == "#":
            parts = _CAMEL.sub(" ", found[1:].replace("_", " ")).lower().split()
            yield from parts if len(parts) > 1 else tags(found[1:].lower())
        elif found[0] != "@":
            yield _short(found.lower(), unmask)


def _without_marks(word: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))


def _undressed(word: str, unmask: Unmask) -> str | None:
    """The listed word under stars and signs; None where there is none."""
    if len(word) < _SHORTEST_HIDDEN and not _MONEY.search(word):
        return None
    if not _HIDDEN.search(word):
        return unmask(word.translate(_SIGNS))
    return unmask(_HIDDEN.sub(".", word).translate(_SIGNS)) if len(word) >= _SHORTEST_HIDDEN else None


def _short(word: str, unmask: Unmask) -> str:
    """A drawn-out word as it is written: of three and more of a letter two are left, or one where that is listed."""
    if not _STRETCHED.search(word):
        return word
    once = "".join(letter for letter, _ in groupby(word))
    return once if unmask(once) else _STRETCHED.sub(r"\1\1", word)
