"""An editor lets a post go although it was held or rejected: who, why, which text; and the row that is kept of it.

The seam for whoever asks the policy: what is kept is written in the same transaction as the answer that it changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from enum import StrEnum

import msgspec

from playbooks.labels import Verdict
from playbooks.policy.check import Checked
from playbooks.policy.finding import Finding, PolicyReason


class Refusal(StrEnum):
    """Why an override does not count."""

    NO_EDITOR = "no_editor"
    OWN_POST = "own_post"
    NO_REASON = "no_reason"
    OTHER_TEXT = "other_text"
    SECRET = "secret"  # noqa: S105


class Override(msgspec.Struct, frozen=True):
    """An editor's word about one text, by its hash: another text is another post."""

    person: str
    reason: str
    text_hash: str
    at_ms: int


class OverrideRow(msgspec.Struct, frozen=True):
    """What is kept: the editor's word, the verdict that it changed, and what had been found."""

    person: str
    reason: str
    text_hash: str
    at_ms: int
    verdict: Verdict
    reasons: tuple[str, ...]


def text_hash(text: str) -> str:
    """What an override knows a text by (SHA-256)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def overridden(
    checked: Checked, text: str, word: Override, editors: Collection[str], author: str | None
) -> tuple[Checked, OverrideRow] | Refusal:
    """The post after an editor's word, with the row to keep; or why the word does not count.

    `editors` are the people who may (of the settings' `editors`, roles resolved); nobody passes a post of their own. A
    secret is not passed by anybody: it is to be taken out and changed.

    >>> from playbooks.policy.check import check
    >>> from playbooks.policy.tone import ToneModel
    >>> held = check("It is damn cold", "x", ToneModel(), 0)
    >>> word = Override("ada", "our tone of voice", text_hash("It is damn cold"), at_ms=1)
    >>> after, row = overridden(held, "It is damn cold", word, {"ada"}, author="bob")
    >>> held.verdict.value, after.verdict.value, row.reasons
    ('hold', 'allow', ('obscenity',))
    """
    if refusal := _refused(checked, text, word, editors, author):
        return refusal
    row = OverrideRow(word.person, word.reason, word.text_hash, word.at_ms, checked.verdict, checked.reasons)
    said = Finding(PolicyReason.OVERRIDDEN, Verdict.ALLOW, f"{word.person} let it go all the same: {word.reason}")
    return Checked(Verdict.ALLOW, (said, *checked.findings)), row


def _refused(
    checked: Checked, text: str, word: Override, editors: Collection[str], author: str | None
) -> Refusal | None:
    if word.person not in editors:
        return Refusal.NO_EDITOR
    if author is None or word.person == author:
        return Refusal.OWN_POST
    if not word.reason.strip():
        return Refusal.NO_REASON
    if word.text_hash != text_hash(text):
        return Refusal.OTHER_TEXT
    if PolicyReason.SECRET in checked.reasons:
        return Refusal.SECRET
    return None
