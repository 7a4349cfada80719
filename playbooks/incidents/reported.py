"""An incident that a named person reports: a signal without figures, and what they say beside it."""

from __future__ import annotations

import msgspec

from detectors.signal import Evidence, Signal, SignalKind, signal_id
from playbooks.incidents.plan import Plan

#: The detector's name of what people report.
BY_HAND = "by_hand"


def reported(brand: str, platform: str | None, severity: int, person: str, at_ms: int) -> Signal:
    """The signal of a report; `severity` is 1 to 5, as the person sees it.

    >>> reported("acme", None, 4, "ada", 0).kind.value
    'reported'
    """
    return Signal(
        id=signal_id("", brand, platform, f"{SignalKind.REPORTED.value}:{person}", at_ms, 1),
        run="",
        brand=brand,
        platform=platform,
        kind=SignalKind.REPORTED,
        at_ms=at_ms,
        since_ms=at_ms,
        severity=severity,
        score=1.0,
        observed=1.0,
        expected=0.0,
        detector=BY_HAND,
        detector_version=1,
        evidence=Evidence(
            window_s=0,
            tail=0.0,
            threshold=0.0,
            expected_low=0.0,
            expected_high=0.0,
            mentions=0,
            negative=0,
            negative_share=0.0,
            expected_negative_share=0.0,
            authors=0,
            baseline_days=0.0,
        ),
    )


def with_words(plan: Plan, told: str) -> Plan:
    """The plan with who reports it and what they say at the top of everything that is sent because of it."""
    due = tuple(
        msgspec.structs.replace(action, body=action.body | {"text": f"{told}\n\n{action.body['text']}"})
        for action in plan.due
    )
    return msgspec.structs.replace(plan, due=due)
