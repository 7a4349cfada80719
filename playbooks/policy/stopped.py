"""A text that the policy held or rejected, as it is kept until an editor has looked at it. Pure."""

from __future__ import annotations

import hashlib

import msgspec

from playbooks.labels import Verdict
from playbooks.policy.check import Checked
from playbooks.policy.finding import Finding
from playbooks.policy.override import Standing, Word

#: So many names of whoever wrote a post are kept.
_AUTHORS = 20


class Stopped(msgspec.Struct, frozen=True):
    """One text of a brand on a platform: who asked last and what was found last; `authors` are all that were named.

    `salted_hash` is the audit's of the text under `text_ref`. `text_hash` is of text and links; where the text was
    erased it is None, and so are `links` and `findings`. `went_ms` is when the gate first let it go by a person's word.
    """

    id: str
    run: str
    brand: str
    platform: str
    account: str
    post: str
    caller: str
    authors: tuple[str, ...]
    text_ref: str
    salted_hash: str
    text_hash: str | None
    links: tuple[str, ...] | None
    findings: tuple[Finding, ...] | None
    verdict: Verdict
    reasons: tuple[str, ...]
    topics: tuple[str, ...]
    first_ms: int
    last_ms: int
    times: int = 1
    went_ms: int | None = None

    @property
    def standing(self) -> Standing:
        """How it stands, for whoever wants to say a word."""
        return Standing(self.verdict, self.reasons, self.topics, self.authors)


class Given(msgspec.Struct, frozen=True):
    """A word that was given about a text: what it says, when, and when a gate wrote it into its audit."""

    id: str
    post: str
    word: Word
    verdict: Verdict
    said_ms: int
    audited_ms: int | None = None


def hash_of_post(text: str, links: tuple[str, ...]) -> str:
    """By what a text is known again; with other links it is another.

    >>> hash_of_post("Look", ()) == hash_of_post("Look", ("https://acme.example",))
    False
    """
    return hashlib.sha256(msgspec.json.encode((text, links))).hexdigest()


def topics_of(checked: Checked) -> tuple[str, ...]:
    """The topics that nobody has approved."""
    return tuple(dict.fromkeys(finding.topic for finding in checked.findings if finding.topic))


def authors_with(authors: tuple[str, ...], actor: str | None) -> tuple[str, ...]:
    """The names of whoever wrote it, with one more.

    >>> authors_with(("bob",), "ada"), authors_with(("bob",), None)
    (('bob', 'ada'), ('bob',))
    """
    return tuple(dict.fromkeys((*authors, actor)))[-_AUTHORS:] if actor else authors
