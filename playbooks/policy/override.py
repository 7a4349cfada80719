"""What people say of a post that was held for its words: an editor lets it go, an approver approves its topic.

Two questions, both pure. When the word is given: may this person give it (`refused`)? When the post is asked about
again: what is left against it after the words that were given about this very text (`after`)? A word is of what had
been found by then: where more is found later, people are asked anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from playbooks.content.hold_scope import plain
from playbooks.labels import EditorialWord, Verdict
from playbooks.policy.check import Checked
from playbooks.policy.finding import Finding, PolicyReason, worst

#: Nobody's word opens these: a secret has to be taken out and changed, a topic has approvers of its own.
_NOT_AN_EDITORS = (PolicyReason.SECRET, PolicyReason.TOPIC_NOT_APPROVED)


class Told(StrEnum):
    """What came of a person's word. Only with `DONE` it counts."""

    DONE = "done"
    NO_PERSON = "no_person"
    NO_SUCH_POST = "no_such_post"
    ERASED = "erased"
    NOT_ALLOWED = "not_allowed"
    OWN_POST = "own_post"
    NO_REASON = "no_reason"
    SECRET = "secret"  # noqa: S105
    REJECTED = "rejected"
    NOTHING_TO_SAY = "nothing_to_say"


#: What each says to the person whose word it was.
TOLD: Final[dict[Told, str]] = {
    Told.DONE: "It is in the record under your name, and counts within seconds: the post may be asked about again.",
    Told.NO_PERSON: "It takes a person who is named in the settings.",
    Told.NO_SUCH_POST: "There is no such post; firebreak editor list shows which there are.",
    Told.ERASED: "Its text was erased, so nobody could know it again: it has to be asked about anew.",
    Told.NOT_ALLOWED: "It takes somebody else: the brand's settings name its editors, and who approves each topic.",
    Told.OWN_POST: "You wrote it, so somebody else decides.",
    Told.NO_REASON: "Say why; nothing has changed.",
    Told.SECRET: "Nobody lets a secret go. Take it out of the post, and change it: whoever has seen the draft has it.",
    Told.REJECTED: "It is rejected, so it has to be changed: editors of this brand let go only what is held.",
    Told.NOTHING_TO_SAY: "There is nothing about it that this word would open.",
}


class Word(msgspec.Struct, frozen=True):
    """A person's word about one text. `name` is what they are called.

    `reasons` are the codes that an editor has seen and lets go; `topic` is what an approver approves.
    """

    kind: EditorialWord
    person: str
    name: str
    reason: str
    reasons: tuple[str, ...] = ()
    topic: str = ""


class Standing(msgspec.Struct, frozen=True):
    """How a post stands: the verdict, the codes of what was found and the topics to approve.

    `authors` is what its callers have called whoever wrote it; nobody where none of them said.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def refused_to_let_go(
    standing: Standing, person: Collection[str], reason: str, *, is_editor: bool, may_pass_rejected: bool
) -> Told | None:
    """Why an editor's word does not count; None where it does. `person` is all that they are called by.

    >>> held = Standing(Verdict.HOLD, ("obscenity",), authors=("Bob",))
    >>> refused_to_let_go(held, ["ada"], "our tone", is_editor=True, may_pass_rejected=False)
    >>> refused_to_let_go(held, ["bob"], "our tone", is_editor=True, may_pass_rejected=False).value
    'own_post'
    """
    if not is_editor:
        return Told.NOT_ALLOWED
    if _is_author(standing, person):
        return Told.OWN_POST
    if not reason.strip():
        return Told.NO_REASON
    if PolicyReason.SECRET in standing.reasons:
        return Told.SECRET
    if standing.verdict is Verdict.REJECT and not may_pass_rejected:
        return Told.REJECTED
    return None if _for_editors(standing.reasons) else Told.NOTHING_TO_SAY


def refused_to_approve(
    standing: Standing, topic: str, person: Collection[str], reason: str, *, is_approver: bool
) -> Told | None:
    """Why an approver's word does not count; None where it does."""
    if not is_approver:
        return Told.NOT_ALLOWED
    if _is_author(standing, person):
        return Told.OWN_POST
    if not reason.strip():
        return Told.NO_REASON
    return None if topic in standing.topics else Told.NOTHING_TO_SAY


def after(
    checked: Checked,
    words: Iterable[Word],
    author: str | None,
    *,
    may_pass_rejected: bool = False,
    called: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Checked:
    """What is left of what was found, after people's words about this very text; each word that counted is told.

    `called` is all that each person may be called by whoever says who wrote a post: nobody passes their own. An
    editor's word counts only where it was given with everything in view that is found now.

    >>> from playbooks.policy.check import check
    >>> from playbooks.policy.tone import ToneModel
    >>> held = check("It is damn cold", "x", ToneModel(), 0)
    >>> word = Word(EditorialWord.LET_GO, "ada", "Ada", "our tone of voice", held.reasons)
    >>> held.verdict.value, after(held, [word], None).verdict.value, after(held, [word], None).reasons
    ('hold', 'allow', ('overridden',))
    >>> after(held, [word], "ada").verdict.value
    'hold'
    """
    given = [
        word
        for word in words
        if not any(_same(name, author) for name in (word.person, word.name, *called.get(word.person, ())))
    ]
    left, said = list(checked.findings), list[Finding]()
    for word in given:
        gone = [finding for finding in left if _opens(word, finding, checked, may_pass_rejected)]
        if gone:
            left = [finding for finding in left if finding not in gone]
            said.append(_told(word))
    return Checked(worst(left), (*left, *said))


def _opens(word: Word, finding: Finding, checked: Checked, may_pass_rejected: bool) -> bool:
    if word.kind is EditorialWord.APPROVE:
        return finding.reason is PolicyReason.TOPIC_NOT_APPROVED and finding.topic == word.topic
    all_seen = set(_for_editors(checked.reasons)) <= set(word.reasons)
    no_secret = PolicyReason.SECRET not in checked.reasons
    may = may_pass_rejected or checked.verdict is not Verdict.REJECT
    return all_seen and no_secret and may and finding.reason not in _NOT_AN_EDITORS


def _for_editors(reasons: Iterable[str]) -> list[str]:
    return [reason for reason in reasons if reason not in _NOT_AN_EDITORS]


def _told(word: Word) -> Finding:
    if word.kind is EditorialWord.APPROVE:
        text = f"{word.name} approved {word.topic}: {word.reason}"
        return Finding(PolicyReason.TOPIC_APPROVED, Verdict.ALLOW, text)
    return Finding(PolicyReason.OVERRIDDEN, Verdict.ALLOW, f"{word.name} let it go all the same: {word.reason}")


def _is_author(standing: Standing, person: Collection[str]) -> bool:
    return any(_same(name, author) for name in person for author in standing.authors)


def _same(name: str, author: str | None) -> bool:
    return bool(author) and plain(name) == plain(author or "")
