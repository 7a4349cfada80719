"""What messages say: the playbook's words, and beside them why, in figures that anybody can read.

Nothing here comes from a post: posts are named on the incident's page, where hostile text is shown as text.
"""

from __future__ import annotations

import re
from typing import assert_never

from detectors.mention import rfc3339
from detectors.signal import Signal, SignalKind
from playbooks.effects.message import Moment, Notice
from playbooks.incident import HoldView, IncidentView
from playbooks.labels import ActionKind
from playbooks.schema import Playbook, Step


def notice(incident: str, playbook: Playbook, step: Step, signal: Signal, *, worse: bool) -> Notice:
    """What one step of a playbook says about a signal. `worse` says that it is said again because it got worse."""
    to_people = step.action in (ActionKind.PAGE, ActionKind.NOTIFY)
    return Notice(
        subject=subject(playbook.title, signal, worse=worse),
        text=f"{unwrapped(step.words)}\n\n{why(signal)}\nPlaybook {playbook.id} {playbook.version}.",
        brand=signal.brand,
        platform=signal.platform,
        severity=signal.severity,
        incident=incident,
        playbook=playbook.id,
        version=playbook.version,
        signal=signal,
        runbook=playbook.runbook if to_people else "",
        moment=Moment.SIGNAL if step.action is ActionKind.ANNOTATE else None,
    )


def released(view: IncidentView, hold: HoldView, person: str, reason: str, *, mark: bool) -> Notice:
    """What is said when people have let a hold go; `mark` asks for the words of a mark on the graphs."""
    place = f"{hold.brand} on {hold.platform}" if hold.platform else hold.brand
    return Notice(
        subject=f"{hold.brand}: posts are no longer held",
        text=(
            f"{', '.join(hold.agreed)} let go of the hold for {place}. The last to agree, {person}, said: {reason}\n\n"
            "Nothing that was held back is sent by itself, and nothing goes out in a burst: look at each post first. "
            "Another hold may still be in force; the gate knows."
        ),
        brand=hold.brand,
        platform=hold.platform,
        severity=view.severity,
        incident=view.id,
        playbook=view.playbook,
        version=view.version,
        moment=Moment.RELEASE if mark else None,
    )


def subject(title: str, signal: Signal, *, worse: bool) -> str:
    """One line: whose, what, how severe."""
    place = f" on {signal.platform}" if signal.platform else ""
    what = f"{title[0].lower()}{title[1:]}"
    return f"{signal.brand}{place}: {'worse, ' if worse else ''}{what} (severity {signal.severity} of 5)"


def why(signal: Signal) -> str:
    """Why a signal was raised, line by line: seen, expected, how unlikely, by how many, since when, how sure."""
    place = signal.platform or "all platforms together"
    match signal.kind:
        case SignalKind.VOLUME | SignalKind.NEGATIVITY:
            lines = (f"Seen: {signal.kind.value} on {place}, severity {signal.severity} of 5.", *_counted(signal))
        case SignalKind.DEAD_LETTERS:
            lines = (_set_aside(signal),)
        case _:
            assert_never(signal.kind)
    return "\n".join(
        (
            *lines,
            f"- since {rfc3339(signal.since_ms)}, known at {rfc3339(signal.at_ms)}",
            f"- detector {signal.detector} version {signal.detector_version}",
        )
    )


def unwrapped(words: str) -> str:
    """A playbook's words without the line breaks of its file; paragraphs and the items of lists stay apart.

    >>> unwrapped("Please acknowledge\\nwithin five minutes.\\n\\nThen:\\n- read\\n")
    'Please acknowledge within five minutes.\\n\\nThen:\\n- read'
    """
    return re.sub(r"(?<!\n)[ \t]*\n(?!\n|[-*] |\d+\. )", " ", words.strip())


def _counted(signal: Signal) -> tuple[str, ...]:
    seen, band = signal.evidence, f"{signal.evidence.expected_low:.3g} to {signal.evidence.expected_high:.3g}"
    share, usual = 100 * seen.negative_share, 100 * seen.expected_negative_share
    sample = " (from a sample)" if seen.sampled else ""
    span = "1 minute" if seen.window_s == 60 else f"{seen.window_s / 60:.3g} minutes"
    return (
        f"- observed {signal.observed:.3g}, expected {signal.expected:.3g} ({band} in 95 of 100 cases)",
        f"- by chance about once in 10^{seen.tail:.0f} times; it counts from 10^{seen.threshold:.0f} on",
        f"- {seen.mentions} mentions by {seen.authors} authors in {span}{sample}",
        f"- {seen.negative} of them negative: {share:.0f} %, usually {usual:.0f} %",
        f"- the brand has been known for {seen.baseline_days:.1f} days",
    )


def _set_aside(signal: Signal) -> str:
    seen = signal.evidence
    return (
        f"Seen: {signal.observed:.0f} of {seen.mentions} records in {seen.window_s} seconds are dead letters; "
        f"at most {signal.expected:.0f} are put up with."
    )
