"""Whether the playbooks can be read, page somebody, and were looked at in time. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from playbooks.content.catalog import Library
from playbooks.content.schema import Playbook, PlaybookError
from playbooks.labels import ActionKind
from playbooks.readiness.finding import Area, Finding, Reason, Weight

#: So long before its review date somebody is asked to look at a playbook.
SOON_DAYS = 14


def library_findings(library: Library, faults: Sequence[PlaybookError], day: date) -> Iterator[Finding]:
    """What is found about the library on a day. `faults` are what keeps the processes from starting with it."""
    for fault in faults:
        yield _found(Weight.FAILS, Reason.LIBRARY_BROKEN, f"No process starts with this library: {fault}", "Mend it.")
    in_use = [pinned.playbook for pinned in library.in_use(day)]
    if not any(step.action is ActionKind.PAGE for playbook in in_use for step in playbook.steps):
        to_do = "Release a playbook that pages: firebreak playbook release ID"
        yield _found(Weight.FAILS, Reason.NOTHING_PAGES, "No playbook in use pages anybody.", to_do)
    looks = [found for playbook in in_use for found in _reviewed(playbook, day)]
    yield from looks
    known = {playbook.id for playbook in in_use}
    for playbook in (pinned.playbook for pinned in library.newest()):
        yield from _deprecated(playbook, known, day)
    if in_use and not faults and not looks:
        text = f"{len(in_use)} playbooks in use, all valid and reviewed in time."
        yield _found(Weight.WELL, Reason.LIBRARY_IN_ORDER, text, "")


def _reviewed(playbook: Playbook, day: date) -> Iterator[Finding]:
    named = f"{playbook.id} {playbook.version}"
    to_do = f"{playbook.owner} looks through it and releases a version with a new review date."
    if playbook.review_by < day:
        text = f"{named} was to be reviewed by {playbook.review_by.isoformat()}."
        yield _found(Weight.LOOK, Reason.REVIEW_OVERDUE, text, to_do)
    elif playbook.review_by < day + timedelta(days=SOON_DAYS):
        text = f"{named} is to be reviewed by {playbook.review_by.isoformat()}."
        yield _found(Weight.LOOK, Reason.REVIEW_SOON, text, to_do)


def _deprecated(playbook: Playbook, in_use: Collection[str], day: date) -> Iterator[Finding]:
    ends = playbook.deprecated
    if ends is None or (ends.on <= day and ends.use in in_use):
        return  # it has ended, and what stands in for it is there
    opens = "opens nothing any more" if ends.on <= day else "opens no incident from then on"
    text = f"{playbook.id} is deprecated from {ends.on.isoformat()}, for {ends.use}; it {opens}."
    to_do = f"See that {ends.use} is released and fires for what it was for."
    yield _found(Weight.LOOK, Reason.DEPRECATED, text, to_do)


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.PLAYBOOKS, reason=reason, text=text, to_do=to_do)
