"""What a draft still says in the words of the form it was begun from: nobody has filled it in there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from playbooks.content.drafting import SAY_WHY, first_version
from playbooks.content.schema import Playbook, PlaybookError
from playbooks.strict_yaml import line_of, parse

#: The runbook's line that no runbook keeps.
_HEADING: Final = "# The title again"


def unfilled(source: str, path: Path, playbook: Playbook) -> list[PlaybookError]:
    """Each place of `playbook`, which is written in `source`, that still has the form's words, from top to bottom.

    Statements, examples and lines of the runbook may keep them: they are right as they stand, and somebody can mean
    them.
    """
    form = _form_words()
    places = (*_places(playbook), ("$.changelog[0].change", playbook.changelog[0].change))
    found = [(line_of(source, where), where, words) for where, words in places if _plain(words) in form]
    if _plain(playbook.runbook) in form or _HEADING in map(str.strip, playbook.runbook.splitlines()):
        found.append((line_of(source, "$.runbook"), "$.runbook", playbook.runbook))
    return [
        PlaybookError(path, line, f"{where.removeprefix('$.')} still says what the form does, “{_begin(words)}”")
        for line, where, words in sorted(found)
    ]


@cache
def _form_words() -> frozenset[str]:
    form = parse(first_version("form", "nobody", date(2000, 1, 1)), Path("form.yaml"), Playbook)
    return frozenset(_plain(words) for words in (*(words for _, words in _places(form)), form.runbook, SAY_WHY))


def _places(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """Where people write what they mean, and what stands there."""
    yield "$.title", playbook.title
    yield "$.purpose", playbook.purpose
    yield from ((f"$.roles.{role}", words) for role, words in playbook.roles.items())
    for n, step in enumerate(playbook.steps):
        yield f"$.steps[{n}].words", step.words
        yield from ((f"$.steps[{n}].options[{m}]", option) for m, option in enumerate(step.options))


def _plain(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip().casefold()


def _begin(words: str) -> str:
    line = words.strip().splitlines()[0]
    return line if len(line) <= 60 else f"{line[:59]}…"
