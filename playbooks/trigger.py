"""When a playbook fires: kinds of signal, how severe, where, and what the evidence must show."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from detectors.mention import PlatformName
from detectors.signal import Evidence, Signal, SignalKind
from playbooks.settings import Section

Severity = Annotated[int, msgspec.Meta(ge=1, le=5)]


class EvidenceField(StrEnum):
    """The figures of a signal's evidence that a condition may look at."""

    TAIL = "tail"
    MENTIONS = "mentions"
    NEGATIVE = "negative"
    NEGATIVE_SHARE = "negative_share"
    AUTHORS = "authors"
    BASELINE_DAYS = "baseline_days"


class Condition(Section, frozen=True):
    """A figure of the evidence must lie between two bounds, both included; one of them may be left out."""

    field: EvidenceField
    at_least: float | None = None
    at_most: float | None = None

    def holds_for(self, evidence: Evidence) -> bool:
        """Whether the evidence is as it must be.

        Raising `at_least` or lowering `at_most` makes the playbook fire less often.
        """
        figure: float = getattr(evidence, self.field.value)
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)


class Trigger(Section, frozen=True):
    """What fires a playbook: every line must be met.

    `platforms` empty means any, the brand as a whole among them. `quiet_h`: when so long nothing has fired an open
    incident, it is over, and the next signal opens a new one and pages again.
    """

    kinds: Annotated[tuple[SignalKind, ...], msgspec.Meta(min_length=1)]
    min_severity: Severity
    platforms: tuple[PlatformName, ...] = ()
    conditions: tuple[Condition, ...] = ()
    quiet_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 14)] = 6.0


class Match(StrEnum):
    """What a trigger makes of a signal, and why."""

    FIRES = "fires"
    OTHER_KIND = "other_kind"
    TOO_MILD = "too_mild"
    OTHER_PLATFORM = "other_platform"
    EVIDENCE_SHORT = "evidence_short"


def match(trigger: Trigger, signal: Signal) -> Match:
    """Whether `signal` fires `trigger`, or the first line that it does not meet."""
    if signal.kind not in trigger.kinds:
        return Match.OTHER_KIND
    if signal.severity < trigger.min_severity:
        return Match.TOO_MILD
    if trigger.platforms and signal.platform not in trigger.platforms:
        return Match.OTHER_PLATFORM
    if not all(condition.holds_for(signal.evidence) for condition in trigger.conditions):
        return Match.EVIDENCE_SHORT
    return Match.FIRES
