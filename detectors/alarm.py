"""From a score that moves every ten seconds to few signals: one when it begins, one each time it gets worse."""

from __future__ import annotations

from typing import Final

import msgspec

from detectors.finding import Finding

#: The alarm ends when the score has stayed below this for so long.
CALM_SCORE: Final = 0.6
CALM_MS: Final = 45 * 60_000
#: Multiples of the threshold, and how many authors each severity needs at least.
_SEVERITIES: Final = ((5, 4.0, 100), (4, 2.0, 20), (3, 1.0, 5))
_LOW_SEVERITY: Final = 2


class AlarmState(msgspec.Struct):
    """Severity signalled so far (0: quiet), since when, and when the score was last high."""

    severity: int = 0
    since_ms: int = 0
    high_ms: int = 0


def severity_of(finding: Finding, authors: int) -> int:
    """How bad, 1 to 5: how far beyond the threshold, and how many different people.

    >>> severity_of(Finding(25.0, 10.0, 300, 40, 4, voices=50), authors=35)
    4
    """
    for severity, score, people in _SEVERITIES:
        if finding.score >= score and authors >= people:
            return severity
    return _LOW_SEVERITY


def advance(state: AlarmState, finding: Finding | None, authors: int, at_ms: int) -> int | None:
    """Move the alarm on by one bucket; the severity to signal now, or None.

    Raised when the score reaches 1, signalled again only at a higher severity, over when the score has been below
    `CALM_SCORE` for `CALM_MS`.

    >>> state = AlarmState()
    >>> high = Finding(12.0, 10.0, 300, 40, 4, voices=50)
    >>> advance(state, high, 9, 0), advance(state, high, 9, 10_000)
    (3, None)
    >>> advance(state, None, 0, CALM_MS * 2), state.severity
    (None, 0)
    """
    score = finding.score if finding else 0.0
    if score >= CALM_SCORE:
        state.high_ms = at_ms
    if state.severity and at_ms - state.high_ms >= CALM_MS:
        state.severity = 0
    if finding is None or score < 1.0:
        return None
    severity = severity_of(finding, authors)
    if severity <= state.severity:
        return None
    if not state.severity:
        state.since_ms = at_ms - finding.span_s * 1000
    state.severity = severity
    return severity
