"""When a playbook fires: kinds of signal, how severe, where, what the evidence must show, which words rise in it."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from detectors.mention import PlatformName
from detectors.signal import Signal, SignalKind
from playbooks.settings.section import Section

Severity = Annotated[int, Meta(ge=1, le=5)]
#: One word as it stands in the evidence: lower case, without spaces.
TermWord = Annotated[str, Meta(pattern=r"^[^\sA-Z]{1,40}\Z")]

#: A rising word of fewer people than this fires nothing: two friends could have agreed on it.
FEWEST_SAYING_IT = 3


class EvidenceField(StrEnum):
    """The figures of a signal that a condition may look at.

    `TIMES_USUAL` is what was observed over what was expected, in the detector's own count; `LASTING` is 1 where the
    mood has changed for good, as far as can be seen, and 0 elsewhere. The others are those of `Evidence`.
    """

    TAIL = "tail"
    MENTIONS = "mentions"
    NEGATIVE = "negative"
    NEGATIVE_SHARE = "negative_share"
    AUTHORS = "authors"
    BASELINE_DAYS = "baseline_days"
    TIMES_USUAL = "times_usual"
    DUPLICATE_SHARE = "duplicate_share"
    YOUNG_SHARE = "young_share"
    LARGEST_AUTHOR_SHARE = "largest_author_share"
    REACH = "reach"
    LASTING = "lasting"


class Condition(Section, frozen=True):
    """A figure of the evidence must lie between two bounds, both included; one of them may be left out."""

    field: Annotated[EvidenceField, Meta(description="The figure that is looked at.")]
    at_least: Annotated[float | None, Meta(description="It must not be lower. Raising it: fires less often.")] = None
    at_most: Annotated[float | None, Meta(description="It must not be higher. Lowering it: fires less often.")] = None

    def holds_for(self, signal: Signal) -> bool:
        """Whether the evidence is as it must be.

        Raising `at_least` or lowering `at_most` makes the playbook fire less often.
        """
        figure = figure_of(signal, self.field)
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)


class Trigger(Section, frozen=True):
    """What fires a playbook: every line must be met.

    `platforms` empty means any, the brand as a whole among them. `terms`, where there are any, ask that one of these
    words rises among the complaints. What a named person reports (the kind `reported`) needs no figures: neither
    severity nor conditions are held against it. `quiet_h`: when so long nothing has fired an open incident, it is
    over, and the next signal opens a new one and pages again.
    """

    kinds: Annotated[
        tuple[SignalKind, ...],
        Meta(min_length=1, description="The kinds of signal; `reported` is what a named person opens it with by hand."),
    ]
    min_severity: Annotated[Severity, Meta(description="From this severity on, 1 to 5.")]
    platforms: Annotated[
        tuple[PlatformName, ...], Meta(description="Only there; none means any, and the brand as a whole.")
    ] = ()
    conditions: Annotated[
        tuple[Condition, ...], Meta(description="What the evidence must show; every one of them.")
    ] = ()
    terms: Annotated[
        tuple[TermWord, ...], Meta(description="One of these words must rise among the complaints, of three people.")
    ] = ()
    quiet_h: Annotated[
        float,
        Meta(gt=0, le=24 * 14, description="After so many hours without a signal the incident is over."),
    ] = 6.0


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
    if signal.kind is SignalKind.REPORTED:
        return Match.FIRES
    if signal.severity < trigger.min_severity:
        return Match.TOO_MILD
    if trigger.platforms and signal.platform not in trigger.platforms:
        return Match.OTHER_PLATFORM
    if not all(condition.holds_for(signal) for condition in trigger.conditions) or not _said(trigger, signal):
        return Match.EVIDENCE_SHORT
    return Match.FIRES


def figure_of(signal: Signal, field: EvidenceField) -> float:
    """The figure that a condition on `field` looks at."""
    if field is EvidenceField.TIMES_USUAL:
        if signal.expected > 0:
            return signal.observed / signal.expected
        return math.inf if signal.observed > 0 else 0.0
    return float(getattr(signal.evidence, field.value))


def _said(trigger: Trigger, signal: Signal) -> bool:
    """Whether enough people say one of the words; a hash sign before a word is no part of it."""
    if not trigger.terms:
        return True
    rising = {term.text.removeprefix("#") for term in signal.evidence.terms if term.people >= FEWEST_SAYING_IT}
    return not rising.isdisjoint(trigger.terms)
