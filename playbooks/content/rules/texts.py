"""Rules about what people wrote: statements, changelog, review, approvals, deprecation."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Final

from playbooks.content.rules.fault import Faults, RuleFault
from playbooks.content.schema import Playbook

#: A playbook is read again within a year and a month.
LONGEST_UNREAD: Final = timedelta(days=400)

#: What looks like a placeholder of some other program and would go out as it stands.
_OTHERS_PLACEHOLDER: Final = re.compile(r"\{[^}\n]*\}|\[[^\]\n]*\]|%\(?\w+\)?s?|\$\w+|_{3,}|\bX{3,}\b|\b(?:TBD|TODO)\b")
_PLACEHOLDER: Final = re.compile(r"<([^<>]*)>")


def _statements_have_their_own_ids(playbook: Playbook) -> Faults:
    times = Counter(statement.id for statement in playbook.statements)
    for n, statement in enumerate(playbook.statements):
        if times[statement.id] > 1:
            yield RuleFault(
                f"$.statements[{n}].id", f"the statement {statement.id!r} is there {times[statement.id]} times"
            )


def _a_statement_leaves_gaps_that_people_see(playbook: Playbook) -> Faults:
    for n, statement in enumerate(playbook.statements):
        where = f"$.statements[{n}].words"
        if other := _OTHERS_PLACEHOLDER.search(_PLACEHOLDER.sub("", statement.words)):
            yield RuleFault(where, f"found {other[0]!r}; what only the moment knows is written <what it is>")
        if any(not gap.strip() for gap in _PLACEHOLDER.findall(statement.words)):
            yield RuleFault(where, "found '<>'; say between the brackets what belongs there")
        elif set("<>") & set(_PLACEHOLDER.sub("", statement.words)):
            yield RuleFault(where, "a < without its >, or the other way; what only the moment knows is <what it is>")


def _the_changelog_begins_with_this_version(playbook: Playbook) -> Faults:
    newest = playbook.changelog[0].version
    if newest != playbook.version:
        yield RuleFault(
            "$.changelog[0].version", f"found {newest}; the newest entry is about this version, {playbook.version}"
        )


def _the_changelog_goes_back_in_time(playbook: Playbook) -> Faults:
    for n, (newer, older) in enumerate(pairwise(playbook.changelog), 1):
        if as_numbers(older.version) >= as_numbers(newer.version):
            yield RuleFault(
                f"$.changelog[{n}].version", f"found {older.version} below {newer.version}; the newest stands first"
            )
        if older.day > newer.day:
            yield RuleFault(f"$.changelog[{n}].day", f"found {older.day}, after {newer.day} of the newer version")


def _it_is_read_again_in_time(playbook: Playbook) -> Faults:
    written = playbook.changelog[0].day
    if playbook.review_by <= written:
        yield RuleFault("$.review_by", f"found {playbook.review_by}, but it was written on {written}")
    elif playbook.review_by - written > LONGEST_UNREAD:
        yield RuleFault(
            "$.review_by",
            f"found {playbook.review_by}, more than {LONGEST_UNREAD.days} days after it was written, {written}; "
            "what nobody reads is wrong when it is needed",
        )


def _approvals_are_by_different_people(playbook: Playbook) -> Faults:
    times = Counter(of_one(approval.name) for approval in playbook.approvals)
    for n, approval in enumerate(playbook.approvals):
        if times[of_one(approval.name)] > 1:
            yield RuleFault(f"$.approvals[{n}].name", f"{approval.name!r} approves it twice; it takes different people")


def of_one(name: str) -> str:
    """A person's name as it is compared: without its case, with one blank between words, without what cannot be seen.

    >>> of_one("Ada Lovelace") == of_one(" ada  LOVELACE\\u200b")
    True
    """
    seen = "".join(char for char in unicodedata.normalize("NFKC", name) if unicodedata.category(char) != "Cf")
    return " ".join(seen.casefold().split())


def _what_stands_in_is_another(playbook: Playbook) -> Faults:
    if playbook.deprecated is not None and playbook.deprecated.use == playbook.id:
        yield RuleFault("$.deprecated.use", f"found {playbook.id!r}, which is itself; name the one to use instead")


def as_numbers(version: str) -> tuple[int, ...]:
    """A version for comparing: numbers, not letters.

    >>> as_numbers("1.10.0") > as_numbers("1.9.9")
    True
    """
    return tuple(int(part) for part in version.split("."))


RULES: tuple[Callable[[Playbook], Faults], ...] = (
    _statements_have_their_own_ids,
    _a_statement_leaves_gaps_that_people_see,
    _the_changelog_begins_with_this_version,
    _the_changelog_goes_back_in_time,
    _it_is_read_again_in_time,
    _approvals_are_by_different_people,
    _what_stands_in_is_another,
)
