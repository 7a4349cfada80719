"""Changes of words alone: what is said in pages, what the runbook reads, and what only concerns whoever keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playbooks.content.changes.change import AUTHORS, EVERYBODY, Changed, Changes, Weight, for_whom, paired
from playbooks.content.schema import Playbook


def _said(old: Playbook, new: Playbook) -> Changes:
    if old.title != new.title:
        yield Changed(Weight.WORDS, EVERYBODY, f"its messages are headed {new.title!r}, not {old.title!r}")
    if old.purpose.split() != new.purpose.split():
        yield Changed(Weight.WORDS, EVERYBODY, "what it is for reads otherwise")
    for was, step in paired(old, new):
        if was.words.split() != step.words.split():
            yield Changed(Weight.WORDS, for_whom(step), f"{step.id} says: {' '.join(step.words.split())}")
    kept = [[step.id for step in one.steps if step.id in _ids(old) & _ids(new)] for one in (old, new)]
    if kept[0] != kept[1]:
        yield Changed(Weight.WORDS, EVERYBODY, f"the steps stand in another order: {', '.join(kept[1])}")


def _runbook(old: Playbook, new: Playbook) -> Changes:
    before, now = _sections(old.runbook), _sections(new.runbook)
    for heading in dict.fromkeys((*before, *now)):
        if heading not in before:
            yield Changed(Weight.WORDS, EVERYBODY, f"the runbook has a new part: {heading}")
        elif heading not in now:
            yield Changed(Weight.WORDS, EVERYBODY, f"the runbook has no longer the part: {heading}")
        elif before[heading].split() != now[heading].split():
            yield Changed(Weight.WORDS, EVERYBODY, f"the runbook reads otherwise under: {heading}")


def _kept(old: Playbook, new: Playbook) -> Changes:
    for key in ("owner", "review_by"):
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield Changed(Weight.WORDS, AUTHORS, f"{key.replace('_', ' ')} is {now}, not {was}")
    before, now = ({e.what for e in (*p.examples.fires, *p.examples.quiet)} for p in (old, new))
    if added := now - before:
        yield Changed(Weight.WORDS, AUTHORS, f"new examples: {'; '.join(sorted(added))}")
    if gone := before - now:
        yield Changed(Weight.WORDS, AUTHORS, f"examples that are gone: {'; '.join(sorted(gone))}")


LOOKS: tuple[Callable[[Playbook, Playbook], Changes], ...] = (_said, _runbook, _kept)


def _ids(playbook: Playbook) -> set[str]:
    return {step.id for step in playbook.steps}


def _sections(markdown: str) -> dict[str, str]:
    """The parts of a runbook by their headings; what stands before the first has none."""
    parts = re.split(r"^#{1,6} +(.+?) *$", markdown, flags=re.MULTILINE)
    return {"the beginning": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
