"""From a score that moves every ten seconds to few signals: one when it begins, one each time it gets worse.

Hysteresis: an alarm is raised where the score reaches 1, and is over only when it has stayed well below for
three quarters of an hour. In between it is one story, told again only at a higher severity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from detectors.finding import Finding
from detectors.watch.severity import Circumstances, Severity, severity_of

#: The alarm ends when the score has stayed below this for so long.
CALM_SCORE: Final = 0.6
CALM_MS: Final = 45 * 60_000


class AlarmState(msgspec.Struct):
    """Severity signalled so far (0: quiet), since when, and when the score was last high."""

    severity: int = 0
    since_ms: int = 0
    high_ms: int = 0


def advance(state: AlarmState, finding: Finding | None, seen: Circumstances, at_ms: int) -> Severity | None:
    """Move the alarm on by one bucket; what to signal now, or None.

    Raised when the score reaches 1, signalled again only at a higher severity, over when the score has been below
    `CALM_SCORE` for `CALM_MS`.

    >>> state = AlarmState()
    >>> high = Finding(12.0, 10.0, 300, 40, 4, voices=50, negative=40, negative_share=0.8)
    >>> advance(state, high, Circumstances(9), 0).level, advance(state, high, Circumstances(9), 10_000)
    (3, None)
    >>> advance(state, None, Circumstances(), CALM_MS * 2), state.severity
    (None, 0)
    """
    score = finding.score if finding else 0.0
    if score >= CALM_SCORE:
        state.high_ms = at_ms
    if state.severity and at_ms - state.high_ms >= CALM_MS:
        state.severity = 0
    if finding is None or score < 1.0:
        return None
    if state.severity:
        seen = replace(seen, begun_ms=state.since_ms)
    severity = severity_of(finding, seen, at_ms)
    if severity.level <= state.severity:
        return None
    if not state.severity:
        state.since_ms = at_ms - finding.span_s * 1000
    state.severity = severity.level
    return severity
