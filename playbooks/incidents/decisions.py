"""The lines of a DECISIONS file: what the detectors saw and what would have been done, one JSON object a line."""

from __future__ import annotations

import msgspec

from detectors.mention import rfc3339
from detectors.signal import Evidence, Signal, SignalKind, without_words
from playbooks.incidents.action import Action
from playbooks.labels import ActionKind


class SignalLine(msgspec.Struct, frozen=True, tag_field="type", tag="signal"):
    """A detector's finding; `at` is when a live system would have known, `platform` null the brand as a whole."""

    at: str
    brand: str
    platform: str | None
    kind: SignalKind
    severity: int
    score: float
    observed: float
    expected: float
    since: str
    evidence: Evidence


class IncidentLine(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="incident"):
    """An incident opens, or changes so that somebody is paged or posting is held.

    It changes by getting worse: by a higher severity, or because the signal fires a playbook that comes before the
    incident's own. That one is then named as `outranked_by`, which no other line has.
    """

    at: str
    brand: str
    incident: str
    playbook: str
    version: str
    kind: SignalKind
    severity: int
    pages: bool
    holds: bool
    outranked_by: str = ""


class ActionLine(msgspec.Struct, frozen=True, tag_field="type", tag="action"):
    """An action falls due."""

    at: str
    incident: str
    action: ActionKind
    target: str
    step: str


class SummaryLine(msgspec.Struct, frozen=True, tag_field="type", tag="summary"):
    """The last line: how many mentions were read in how many seconds, and what came of them."""

    mentions: int
    seconds: float
    signals: int
    incidents: int
    pages: int


Line = SignalLine | IncidentLine | ActionLine | SummaryLine


def signal_line(signal: Signal) -> SignalLine:
    """The line of a signal; posts are named in it and not quoted."""
    return SignalLine(
        at=rfc3339(signal.at_ms),
        brand=signal.brand,
        platform=signal.platform,
        kind=signal.kind,
        severity=signal.severity,
        score=signal.score,
        observed=signal.observed,
        expected=signal.expected,
        since=rfc3339(signal.since_ms),
        evidence=without_words(signal).evidence,
    )


def action_line(action: Action) -> ActionLine:
    """The line of a due action, at its event time.

    >>> action = Action(
    ...     id="a", incident="i", run="", step="s", action=ActionKind.PAGE, target="on-call", body={}, at_ms=0, due_ms=5
    ... )
    >>> encode(action_line(action))
    b'{"type":"action","at":"1970-01-01T00:00:00.000Z","incident":"i","action":"page","target":"on-call","step":"s"}'
    """
    return ActionLine(rfc3339(action.at_ms), action.incident, action.action, action.target, action.step)


encode = msgspec.json.Encoder().encode
