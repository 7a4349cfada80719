"""What the settings say about deciding, and when detection counts as dead. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from detectors.mention import rfc3339
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import PolicySettings
from playbooks.settings.gate import Otherwise

MINUTE_MS = 60_000


class GateRules(msgspec.Struct, frozen=True):
    """What the gate goes by: for each brand what it says while detection is dead and what posts are read for; times.

    `dead_after_ms` None means that nobody looks whether detection lives. A brand without a `policy` of its own is read
    for what no brand says. `called` is all that each person may be called by whoever says who wrote a post.
    """

    brands: Mapping[str, Otherwise]
    spacing_ms: int
    dead_after_ms: int | None = None
    policy: Mapping[str, PolicySettings] = {}
    called: Mapping[str, tuple[str, ...]] = {}

    def blind_for(self, brand: str, seen_ms: int | None, now_ms: int) -> str | None:
        """Why an automated post of `brand` is held for want of detection; None where it is not.

        `seen_ms` is up to when watch has seen everything, None where it never was heard of.

        >>> rules = GateRules({"acme": Otherwise.HOLD}, 0, 600_000)
        >>> rules.blind_for("acme", 0, 599_999), rules.blind_for("acme", None, 0)
        (None, 'watch was never heard of')
        """
        if not self.is_dead(seen_ms, now_ms) or self.brands.get(brand, Otherwise.HOLD) is Otherwise.ALLOW:
            return None
        return "watch was never heard of" if seen_ms is None else f"watch has seen nothing since {rfc3339(seen_ms)}"

    def may_pass_rejected(self, brand: str) -> bool:
        """Whether the brand's editors may let go what the policy rejects."""
        rules = self.policy.get(brand)
        return rules is not None and rules.override_rejected

    def is_dead(self, seen_ms: int | None, now_ms: int) -> bool:
        """Whether detection counts as dead."""
        if self.dead_after_ms is None:
            return False
        return seen_ms is None or now_ms - seen_ms >= self.dead_after_ms


def rules_of(settings: PlaybookSettings) -> GateRules:
    """What the settings say."""
    return GateRules(
        brands={name: brand.when_detection_is_dead for name, brand in settings.brands.items()},
        spacing_ms=int(settings.gate.spacing_min * MINUTE_MS),
        dead_after_ms=int(settings.gate.detection_dead_min * MINUTE_MS),
        policy={name: brand.policy for name, brand in settings.brands.items()},
        called={person: called(person, settings) for person in settings.people},
    )


def called(person: str, settings: PlaybookSettings) -> tuple[str, ...]:
    """All that somebody may be called by whoever says who wrote a post: key, name and e-mail address."""
    known = settings.people.get(person)
    return tuple(name for name in (person, known.name, known.email) if name) if known else (person,)
