"""The words that a playbook has approved before they are needed, as plain text for whoever has only a mail. Pure."""

from __future__ import annotations

from playbooks.content.schema import Audience, Playbook, Statement
from playbooks.incidents.unwrapped import unwrapped


def approved_words(playbook: Playbook, platform: str | None) -> str:
    """What may be said on `platform` (None: on any) by whom each was approved, one below the other; empty for none."""
    fitting = [one for one in playbook.statements if platform is None or not one.platforms or platform in one.platforms]
    return "\n\n".join(_shown(one) for one in fitting)


def whom(audience: Audience) -> str:
    """Whom words are for.

    >>> whom(Audience.PUBLIC), whom(Audience.STAFF)
    ('the public', 'staff')
    """
    return f"the {audience.value}" if audience in (Audience.PUBLIC, Audience.PRESS) else audience.value


def _shown(one: Statement) -> str:
    where = f" on {', '.join(one.platforms)}" if one.platforms else ""
    whose = f"approved by {one.approved_by} on {one.approved_on.isoformat()}"
    words = "\n".join(f"    {line}".rstrip() for line in unwrapped(one.words).splitlines())
    return f"For {whom(one.audience)}{where} ({one.lang}), {whose}:\n\n{words}"
