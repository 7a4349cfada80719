"""The check of one outgoing post: everything it is read for, and the verdict of it all."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from playbooks.labels import Verdict
from playbooks.policy.domains import lookalikes_in
from playbooks.policy.finding import Finding, worst
from playbooks.policy.limits import over_the_limit
from playbooks.policy.personal import personal_data_in
from playbooks.policy.secrets import secrets_in
from playbooks.policy.tone import ToneModel
from playbooks.policy.topics import Approval, house_words, topics_without_approval
from playbooks.policy.tragedy import Mood, rides_on_tragedy
from playbooks.settings.brands import LimitSettings, PolicySettings

#: The longest text that is read; a post beyond it is more than any platform takes, and is cut for the reading only.
LONGEST_READ = 70_000


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
    read = text[:LONGEST_READ]
    reading = model.read(read)
    limit = rules.limits.get(platform, LimitSettings())
    findings = (
        *model.findings(reading),
        *rides_on_tragedy(reading, around.moods, now_ms),
        *secrets_in(read),
        *personal_data_in(read, (*rules.domains, *rules.contacts)),
        *lookalikes_in(read, links, rules.domains),
        *house_words(read, rules),
        *topics_without_approval(read, rules, around.approvals),
        *over_the_limit(text, platform, limit.chars, limit.tags),
    )
    return Checked(worst(findings), findings)
