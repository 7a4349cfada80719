"""The check of one outgoing post: everything it is read for, and the verdict of it all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

import msgspec

from playbooks.labels import Verdict
from playbooks.policy.domains import lookalikes_in
from playbooks.policy.finding import Finding, PolicyReason, found, worst
from playbooks.policy.limits import known_as, over_the_limit
from playbooks.policy.personal import personal_data_in
from playbooks.policy.reading import visible
from playbooks.policy.secrets import secrets_in
from playbooks.policy.tone import ToneModel
from playbooks.policy.topics import Approval, house_words, topics_without_approval
from playbooks.policy.tragedy import Mood, rides_on_tragedy
from playbooks.settings.brands import LimitSettings, PolicySettings

#: The longest text that is read, more than any platform that we know takes. What is longer is held at the least.
LONGEST_READ: Final = 70_000
#: Of a post that is rejected for its length so much is read, which says what else is wrong with it.
READ_OF_TOO_LONG: Final = 4_000


_SERVER: Final = re.compile(r"(?m)^\s*(?:[a-z]+:)?//[^/?#\s]*|^[\w.:@-]+\.[\w:]+(?=[/?#]|$)", re.IGNORECASE)


class Surroundings(msgspec.Struct, frozen=True):
    """What is known beside the post: the moods under hashtags just now, and who approved which topic in it."""

    moods: Mapping[str, Mood] = {}
    approvals: tuple[Approval, ...] = ()


class Checked(msgspec.Struct, frozen=True):
    """The verdict on a post, and everything that was found; without a finding it may go."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of what was found, each once."""
        return tuple(dict.fromkeys(finding.reason.value for finding in self.findings))


NOTHING_KNOWN = Surroundings()


def check(
    text: str,
    platform: str,
    model: ToneModel,
    now_ms: int,
    *,
    links: tuple[str, ...] = (),
    rules: PolicySettings = PolicySettings(),  # noqa: B008
    around: Surroundings = NOTHING_KNOWN,
) -> Checked:
    """Read a post for everything; `model` is what editors taught, or the shipped one.

    >>> model = ToneModel()
    >>> check("Our new boats are here", "x", model, 0).verdict.value
    'allow'
    >>> check("Our new boats are here, you morons. Key: AKIAIOSFODNN7EXAMPLE", "x", model, 0).reasons
    ('harassment', 'secret')
    """
    limit = rules.limits.get(platform) or rules.limits.get(known_as(platform), LimitSettings())
    refused = tuple(over_the_limit(text, platform, limit.chars, limit.tags))
    too_long = any(finding.reason is PolicyReason.TOO_LONG for finding in refused)
    read = text[: READ_OF_TOO_LONG if too_long else LONGEST_READ]
    reading = model.read(read)
    listed = "\n".join(links)[:READ_OF_TOO_LONG]
    seen = visible(f"{read}\n{listed}")
    findings = (
        *model.findings(reading),
        *(model.findings(model.read(_words_of_links(listed))) if listed else ()),
        *rides_on_tragedy(reading, around.moods, now_ms),
        *secrets_in(seen),
        *personal_data_in(seen, (*rules.domains, *rules.contacts)),
        *lookalikes_in(read, links, rules.domains),
        *house_words(read, rules),
        *topics_without_approval(read, rules, around.approvals),
        *refused,
        *(() if too_long else _unread(text)),
    )
    return Checked(worst(findings), findings)


def _words_of_links(links: str) -> str:
    """What listed links say to people: their words without the addresses of their servers."""
    return re.sub(r"[-_/?&=+]+", " ", unquote(_SERVER.sub(" ", links)))


def _unread(text: str) -> Iterator[Finding]:
    if len(text) > LONGEST_READ:
        yield found(PolicyReason.NOT_READ_WHOLE, Verdict.HOLD, f"{len(text):,} characters, {LONGEST_READ:,} are read")
