"""Whether a draft may be released: what stands in the way, in words; and the release itself, one entry in the lock."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from playbooks.content.catalog import Library, Pinned, beside_each_other, path_of
from playbooks.content.changes import Weight, changes, least_version, weight_of
from playbooks.content.lock_file import add_to_lock
from playbooks.content.rules.texts import as_numbers, of_one
from playbooks.content.schema import Playbook
from playbooks.content.unfilled import unfilled

#: A release needs so many different people who stand by it.
PEOPLE: Final = 2

_WHY: Final = {
    Weight.BY_ITSELF: "something else happens by itself",
    Weight.ASKED: "people are asked for something else",
    Weight.WORDS: "only words changed",
}


def before_it(library: Library, playbook: Playbook) -> Pinned | None:
    """The newest released version before this one, None where it is the first."""
    released = [one for one in library.versions(playbook.id) if one.released]
    older = [one for one in released if as_numbers(one.playbook.version) < as_numbers(playbook.version)]
    return older[-1] if older else None


def obstacles(folder: Path, library: Library, draft: Pinned, today: date) -> list[str]:
    """What stands in the way of releasing `draft` today, each with its file; empty where nothing does."""
    playbook = draft.playbook
    path = path_of(folder, playbook)
    if draft.released:
        return [f"{path}: {playbook.id} {playbook.version} is released already, and never changes; make a new version"]
    found = [
        *_approvals(playbook, today),
        *_days(playbook, today),
        *_number(library, playbook),
        *_others(folder, library, draft),
    ]
    as_the_form = unfilled(path.read_text(encoding="utf-8"), path, playbook)
    return [*map(str, as_the_form), *(f"{path}: {obstacle}" for obstacle in found)]


def release(folder: Path, draft: Pinned) -> None:
    """Write the draft into the lock. From then on new incidents are opened with it, and its file never changes.

    Raises `PlaybookError` where it stands there already. Programs that run go on with what they loaded.
    """
    add_to_lock(folder, path_of(folder, draft.playbook).relative_to(folder).as_posix(), draft.hash)


def _approvals(playbook: Playbook, today: date) -> list[str]:
    people = {of_one(approval.name) for approval in playbook.approvals}
    found = []
    if len(people) < PEOPLE:
        found.append(
            f"{len(people)} of {PEOPLE} people stand by it; add to the file, for each: "
            "approvals: [{name: ..., role: ..., on: YYYY-MM-DD}]"
        )
    found += [
        f"{approval.name} approved it on {approval.on}, which is still to come"
        for approval in playbook.approvals
        if approval.on > today
    ]
    return found


def _days(playbook: Playbook, today: date) -> list[str]:
    found = []
    if playbook.review_by <= today:
        found.append(f"its review was due on {playbook.review_by}; read it again and say when next")
    found += [
        f"the words {statement.id!r} are approved on {statement.approved_on}, which is still to come"
        for statement in playbook.statements
        if statement.approved_on > today
    ]
    if playbook.changelog[0].day > today:
        found.append(f"the changelog says {playbook.changelog[0].day}, which is still to come")
    return found


def _number(library: Library, playbook: Playbook) -> list[str]:
    released = [one.playbook for one in library.versions(playbook.id) if one.released]
    if not released:
        return []
    newest = released[-1]
    if as_numbers(playbook.version) < as_numbers(newest.version):
        return [f"{newest.version} is released and newer; give this one a higher version"]
    weight = weight_of(changes(newest, playbook))
    least = least_version(newest.version, weight)
    if as_numbers(playbook.version) < as_numbers(least):
        return [
            f"{_WHY[weight]} since {newest.version}, so it is at least {least} (see firebreak playbook diff); "
            "rename the file, and change version and changelog"
        ]
    return []


def _others(folder: Path, library: Library, draft: Pinned) -> list[str]:
    """What would be wrong with the library if this were its newest."""
    newest = [one for one in library.newest() if one.playbook.id != draft.playbook.id]
    return [str(fault) for fault in beside_each_other(folder, [*newest, draft])]
