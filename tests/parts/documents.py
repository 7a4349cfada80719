"""The documents, and what stands in them: commands, links, blocks of code, paths, tables."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.parts.require import CHECKOUT

README = CHECKOUT / "README.md"
#: Every document, with what is made from code among them.
DOCUMENTS = sorted(
    [README, CHECKOUT / "CHANGELOG.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").rglob("*.md")]
)

_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def text_of(path: Path) -> str:
    """A document's text."""
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    """A document's name, for a message."""
    return str(path.relative_to(CHECKOUT))


def blocks(path: Path, language: str) -> list[Block]:
    """The fenced blocks in a language."""
    found = (Block(language, textwrap.dedent(body)) for _, language, body in _FENCE.findall(text_of(path)))
    return [block for block in found if block.language == language]


def spans(path: Path) -> list[str]:
    """What stands between backticks within lines, fenced blocks left out."""
    return _SPAN.findall(_FENCE.sub("", text_of(path)))


def links(path: Path) -> list[str]:
    """Where links and pictures lead, within the project."""
    found: list[str] = _LINK.findall(_FENCE.sub("", text_of(path)))
    return [link for link in found if not link.startswith(("http://", "https://"))]


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(path: Path) -> Iterator[str]:
    """Every command line of ours that a document shows, comments cut off."""
    for block in blocks(path, "sh"):
        for line in block.text.splitlines():
            yield from _ours(line.partition(" #")[0].strip())
    for span in spans(path):
        yield from _ours(span)


def _ours(line: str) -> Iterator[str]:
    if re.match(r"(firebreak|make) ", line):
        yield line


def rows(path: Path, header: str) -> list[list[str]]:
    """The cells of the table whose header line begins with `header`."""
    lines = iter(text_of(path).splitlines())
    for line in lines:
        if line.startswith(header):
            break
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found[1:]
