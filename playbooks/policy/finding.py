"""What a check of an outgoing post found: a reason, how bad it is, and words for the person who wrote the post."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from playbooks.labels import Verdict


class PolicyReason(StrEnum):
    """Why a post is held or rejected. The same word is the code for programs, the metric label and the log's field."""

    SLUR = "slur"
    HATE = "hate"
    HARASSMENT = "harassment"
    THREAT = "threat"
    OBSCENITY = "obscenity"
    TONE = "tone"
    LIKE_REFUSED = "like_refused"
    SELF_HARM = "self_harm"
    TRAGEDY = "tragedy"
    SECRET = "secret"  # noqa: S105
    PERSONAL_DATA = "personal_data"
    LOOKALIKE_DOMAIN = "lookalike_domain"
    BRAND_WORD = "brand_word"
    TOPIC_NOT_APPROVED = "topic_not_approved"
    TOO_LONG = "too_long"
    TOO_MANY_TAGS = "too_many_tags"
    NOT_READ_WHOLE = "not_read_whole"
    OVERRIDDEN = "overridden"
    TOPIC_APPROVED = "topic_approved"


#: What each reason says to the person whose post it is.
MEANING: Final[dict[PolicyReason, str]] = {
    PolicyReason.SLUR: "It holds a word that insults people for what they are.",
    PolicyReason.HATE: "It speaks of a group of people as of something to be got rid of.",
    PolicyReason.HARASSMENT: "It insults or mocks somebody.",
    PolicyReason.THREAT: "It threatens, or wishes somebody violence or death.",
    PolicyReason.OBSCENITY: "It holds swearing or sexual words.",
    PolicyReason.TONE: "Its tone is harsh: several words that are mild by themselves come together.",
    PolicyReason.LIKE_REFUSED: "It is like posts that your editors refused.",
    PolicyReason.SELF_HARM: "It speaks of suicide or self-harm. If it is meant to help, an editor lets it go.",
    PolicyReason.TRAGEDY: "It uses grief or anger of others to be seen.",
    PolicyReason.SECRET: "It holds what looks like a password or a key. Whoever has seen the draft has it: change it.",
    PolicyReason.PERSONAL_DATA: "It holds what looks like a person's data.",
    PolicyReason.LOOKALIKE_DOMAIN: "It links to an address that looks like one of yours and is not.",
    PolicyReason.BRAND_WORD: "It holds a word that this brand does not use.",
    PolicyReason.TOPIC_NOT_APPROVED: "It is about something that has to be approved first.",
    PolicyReason.TOO_LONG: "It is longer than the platform takes.",
    PolicyReason.TOO_MANY_TAGS: "It has more hashtags than the platform takes.",
    PolicyReason.NOT_READ_WHOLE: "It is longer than what is read, so nobody knows what stands at its end.",
    PolicyReason.OVERRIDDEN: "An editor let it go all the same.",
    PolicyReason.TOPIC_APPROVED: "It was approved by somebody who may.",
}

#: So much of what was found is shown.
LONGEST_SHOWN: Final = 60
_RANK: Final = (Verdict.ALLOW, Verdict.HOLD, Verdict.REJECT)


class Finding(msgspec.Struct, frozen=True):
    """One thing that a post is held or rejected for. `text` is for people, and never repeats a secret.

    `topic` is the one that has to be approved, where that is what it is about.
    """

    reason: PolicyReason
    verdict: Verdict
    text: str
    topic: str = ""


def found(reason: PolicyReason, verdict: Verdict, what: str = "", topic: str = "") -> Finding:
    """A finding with the meaning of its reason and, where it helps, `what` was found.

    >>> found(PolicyReason.TOO_LONG, Verdict.REJECT, "300 of at most 280").text
    'It is longer than the platform takes. (300 of at most 280)'
    """
    return Finding(reason, verdict, f"{MEANING[reason]} ({what})" if what else MEANING[reason], topic)


def shown(words: Iterable[str]) -> str:
    """Some of a post's own words, quoted, each once and not too many.

    >>> shown(["damn", "fool", "damn"])
    '"damn", "fool"'
    """
    quoted = ", ".join(f'"{word[:LONGEST_SHOWN]}"' for word in dict.fromkeys(words))
    return quoted if len(quoted) <= 2 * LONGEST_SHOWN else quoted[: 2 * LONGEST_SHOWN] + "..."


def worst(findings: Iterable[Finding]) -> Verdict:
    """The verdict on a post with these findings.

    >>> worst([]), worst([found(PolicyReason.HATE, Verdict.HOLD), found(PolicyReason.SECRET, Verdict.REJECT)])
    (<Verdict.ALLOW: 'allow'>, <Verdict.REJECT: 'reject'>)
    """
    return max((finding.verdict for finding in findings), key=_RANK.index, default=Verdict.ALLOW)
