"""What a brand wants to look at twice: words that it does not use, and topics that named people approve first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

import msgspec

from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found
from playbooks.policy.reading import plain
from playbooks.settings.brands import PolicySettings, TopicSettings

_BLANKS: Final = re.compile(r"\s+")


class Approval(msgspec.Struct, frozen=True):
    """Somebody approved a topic in a post. The approver is a key of the settings' people; `roles` are theirs."""

    topic: str
    person: str
    roles: frozenset[str] = frozenset()


def house_words(text: str, rules: PolicySettings) -> Iterator[Finding]:
    """Words that the brand does not use, each with the reason that its settings give.

    >>> rules = PolicySettings(words={"cheap": "we say affordable"})
    >>> [finding.text for finding in house_words("Cheap flights", rules)]
    ['It holds a word that this brand does not use. ("cheap": we say affordable)']
    """
    for word, why in rules.words.items():
        if _stands_in(word, text):
            yield found(PolicyReason.BRAND_WORD, Verdict.HOLD, f'"{word}": {why}')


def topics_without_approval(text: str, rules: PolicySettings, approvals: Collection[Approval]) -> Iterator[Finding]:
    """Topics and claims of the post that nobody approved who may; the author's own approval is no business of ours.

    >>> rules = PolicySettings(topics={"health": TopicSettings(words=("cures*",), approvers=("legal",))})
    >>> [finding.reason.value for finding in topics_without_approval("Our tea cures colds", rules, [])]
    ['topic_not_approved']
    >>> list(topics_without_approval("Our tea cures colds", rules, [Approval("health", "ada", frozenset(["legal"]))]))
    []
    """
    for name, topic in rules.topics.items():
        words = [word for word in topic.words if _stands_in(word, text)]
        if words and not _is_approved(name, topic, approvals):
            said = ", ".join(f'"{word}"' for word in words)
            who = " or ".join(topic.approvers)
            yield found(PolicyReason.TOPIC_NOT_APPROVED, Verdict.HOLD, f"{name}, for {said}: ask {who}", topic=name)


def _is_approved(name: str, topic: TopicSettings, approvals: Collection[Approval]) -> bool:
    may = set(topic.approvers)
    return any(one.topic == name and (one.person in may or not may.isdisjoint(one.roles)) for one in approvals)


def _stands_in(word: str, text: str) -> bool:
    return _pattern(word).search(_BLANKS.sub(" ", plain(text))) is not None


@lru_cache(maxsize=4_096)
def _pattern(word: str) -> re.Pattern[str]:
    """A word as it may stand in a post: whole, in any case of letters, also as a hashtag without its blanks."""
    bare = plain(word.removesuffix("*"))
    ending = r"\w*" if word.endswith("*") else r"(?!\w)"
    either = "|".join(dict.fromkeys((re.escape(bare), "#" + re.escape(bare.replace(" ", "")))))
    return re.compile(rf"(?<!\w)(?:{either}){ending}", re.IGNORECASE)
