"""Text from outside made harmless where only plain text is wanted: no control characters, no forged lines."""

from __future__ import annotations

import unicodedata

#: They reorder what a reader sees, so a line could read as another than it is.
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_ENDS = str.maketrans({"\x85": "\n", "\u2028": "\n", "\u2029": "\n", "\v": "\n", "\f": "\n"})


def one_line(text: str, limit: int = 200) -> str:
    """`text` as one line of at most `limit` characters, for a header, a subject or a title.

    >>> one_line("Acme\\r\\nBcc: everyone@example.org")
    'Acme Bcc: everyone@example.org'
    >>> one_line("a" * 300, limit=5)
    'aaaa…'
    """
    line = " ".join(paragraph(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def paragraph(text: str) -> str:
    """`text` with its line breaks as newlines and without what is not text: control characters, lone surrogates.

    >>> paragraph("one\\r\\ntwo\\x00\\x1b[31m\\ud800")
    'one\\ntwo[31m\\ufffd'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS)
    return "".join(_visible(character) for character in lines)


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    match unicodedata.category(character):
        case "Cc":
            return ""
        case "Cs":
            return "\ufffd"
        case _:
            return "" if character in _REORDERING else character
