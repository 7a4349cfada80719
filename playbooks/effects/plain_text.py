"""Text from outside made harmless where only plain text is wanted: no control characters, no forged lines."""

from __future__ import annotations

import re

#: Unicode's control characters (Cc) but tab and newline; and the signs that reorder what a reader sees, so that a line
#: could read as another than it is. Searched and not looked at one by one: a mail with its runbook has thousands.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: Half a pair (Cs), which no program can send.
_HALF = re.compile("[\ud800-\udfff]")
#: A dot inside what could be a host's name, and the other dots that browsers take for one.
_HOST_DOT = re.compile(r"(?<=[^\W_])[.\u3002\uff0e\uff61](?=[^\W\d_]{2})")
_OPENED = re.compile(r"<(?=[!#＠/A-Za-z])")
_LINE_ENDS = str.maketrans({"\x85": "\n", "\u2028": "\n", "\u2029": "\n", "\v": "\n", "\f": "\n"})


def one_line(text: str, limit: int = 200) -> str:
    """`text` as one line of at most `limit` characters, for a header, a subject or a title.

    >>> one_line("Acme\\r\\nBcc: everyone@example.org")
    'Acme Bcc: everyone@example.org'
    >>> one_line("a" * 300, limit=5)
    'aaaa…'
    """
    line = " ".join(paragraph(text).split())
    return clipped(line, limit)


def paragraph(text: str) -> str:
    """`text` with its line breaks as newlines and without what is not text: control characters, lone surrogates.

    >>> paragraph("one\\r\\ntwo\\x00\\x1b[31m\\ud800")
    'one\\ntwo[31m\\ufffd'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS)
    return _HALF.sub("\ufffd", _HIDDEN.sub("", lines))


def unlinked(text: str) -> str:
    """`text` in which nothing calls anybody and nothing is a link that a program would fetch for a preview.

    The sign before a name becomes its wide form, which reads alike and names nobody; a dot inside what could be a
    host's name stands in brackets; what opens a tag, or one of Slack's calls, opens a quotation. For roads that make
    links and mentions of plain text, or hand it on to others that do: chats, phones, pagers.

    >>> unlinked("@channel see http://evil.example/x at 10.5 %, Ada. Then 1 < 2")
    '＠channel see http[:]//evil[.]example/x at 10.5 %, Ada. Then 1 < 2'
    >>> unlinked("<!here> <b>")
    '‹!here> ‹b>'
    """
    named = _OPENED.sub("‹", text.replace("@", "＠").replace("://", "[:]//"))
    return _HOST_DOT.sub("[.]", named)


def encodable(text: str) -> str:
    """`text` as it is, but for lone surrogates, which no program can send.

    >>> encodable("\\ud800 @channel")
    '? @channel'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def clipped(text: str, limit: int) -> str:
    """`text` of at most `limit` characters.

    >>> clipped("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"
