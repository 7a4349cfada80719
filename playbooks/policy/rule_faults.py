"""What is wrong with a brand's rules for posts that the types cannot say: names nobody has, domains that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from playbooks.settings import PlaybookSettings

_DOMAIN: Final = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")


def policy_faults(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    """Each fault of the brands' policies: where it stands in the settings, and what is wrong.

    >>> from playbooks.settings.brands import BrandSettings, PolicySettings
    >>> brands = {"acme": BrandSettings(policy=PolicySettings(domains=("https://acme.example",)))}
    >>> [where for where, _ in policy_faults(PlaybookSettings(brands=brands))]
    ['$.brands.acme.policy.domains[0]']
    """
    known = {*settings.people, *settings.roles}
    for brand, rules in ((name, brand.policy) for name, brand in settings.brands.items()):
        here = f"$.brands.{brand}.policy"
        for place, domain in enumerate(rules.domains):
            if not _DOMAIN.fullmatch(domain):
                yield (
                    f"{here}.domains[{place}]",
                    f"'{domain}' is no domain; write it without https:// and without a path, such as acme.example",
                )
        for place, name in enumerate(rules.editors):
            if name not in known:
                yield f"{here}.editors[{place}]", _nobody(name, known)
        for topic, asks in rules.topics.items():
            for place, name in enumerate(asks.approvers):
                if name not in known:
                    yield f"{here}.topics.{topic}.approvers[{place}]", _nobody(name, known)


def _nobody(name: str, known: set[str]) -> str:
    return f"'{name}' is neither a person nor a role; there are {', '.join(sorted(known)) or 'none yet'}"
