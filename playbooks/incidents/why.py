"""Why a signal was raised, in figures and words that anybody can read who was just woken. Pure.

How it was found (which detector, which odds) stands on the incident's page and in the facts beside the text.

Of posts only single words and links are told, the ones that stand out, cleaned and never to be tapped on; the posts
are named on the incident's page, where hostile text is shown as text.
"""

from __future__ import annotations

from typing import assert_never

from detectors.mention import rfc3339
from detectors.reason import Reason
from detectors.signal import Evidence, Signal, SignalKind
from playbooks.effects.plain_text import one_line

#: From this share on copies and young accounts are worth a line.
ODD_SHARE = 0.25
#: With less behind it than this, what is usual for a brand is not well known.
WEEK_DAYS = 7.0

_WHAT = {
    SignalKind.UNANSWERED: "complaints without an answer",
    SignalKind.BACKLASH: "people turn against what the brand said",
    SignalKind.IMPERSONATION: "accounts that pose as the brand",
    SignalKind.TAKEOVER: "things done with the brand's accounts that nobody planned",
}
_COPIERS = {
    Reason.REPEATED_BY_PEOPLE: "- people who say the same words: few new accounts, and few that post again and again",
    Reason.AGES_UNKNOWN: "- how old the accounts are is not known, so they may be people who say the same words",
}
#: From this tail on (-log10 of a probability) chance is no explanation worth a figure.
NEVER = 6.0


def why(signal: Signal) -> str:
    """Why a signal was raised, line by line: seen, usual, by how many, since when, how sure."""
    place = signal.platform or "all platforms together"
    if signal.kind is SignalKind.REPORTED:
        return f"Reported by a person, on {place}, at {rfc3339(signal.at_ms)}. Severity {signal.severity} of 5."
    match signal.kind:
        case SignalKind.VOLUME | SignalKind.NEGATIVITY:
            lines = _counted(signal, place)
        case SignalKind.FLOOD:
            lines = _flooded(signal, place)
        case SignalKind.SILENCE:
            lines = _unheard(signal, place)
        case SignalKind.DEAD_LETTERS:
            lines = (_set_aside(signal),)
        case SignalKind.UNANSWERED | SignalKind.BACKLASH | SignalKind.IMPERSONATION | SignalKind.TAKEOVER:
            lines = _told(signal, place)
        case _:
            assert_never(signal.kind)
    return "\n".join(
        (
            *lines,
            f"- since {rfc3339(signal.since_ms)}, noticed {rfc3339(signal.at_ms)}",
        )
    )


def _counted(signal: Signal, place: str) -> tuple[str, ...]:
    seen = signal.evidence
    what = "complained" if signal.kind is SignalKind.NEGATIVITY else "talked about it"
    share, usual = 100 * seen.negative_share, 100 * seen.expected_negative_share
    sample = " (from a sample)" if seen.sampled else ""
    return (
        f"Seen on {place}: {_figure(signal.observed)} people {what} in {_span(seen.window_s)}; "
        f"{_figure(signal.expected)} would be usual (19 times in 20 between {_figure(seen.expected_low)} and "
        f"{_figure(seen.expected_high)}). Severity {signal.severity} of 5.",
        f"- {_by_chance(seen.tail)}",
        f"- {seen.mentions:,} posts by {seen.authors:,} people{sample}",
        f"- {seen.negative:,} of them negative: {share:.0f} %, usually {usual:.0f} %",
        *_young_brand(seen),
        *_circumstances(signal),
        *_beside(seen),
    )


def _by_chance(tail: float) -> str:
    if tail >= NEVER:
        return "by chance alone that practically never happens"
    return f"by chance alone that would happen about once in {10 ** int(tail):,} such stretches of time"


def _young_brand(seen: Evidence) -> tuple[str, ...]:
    if seen.baseline_days >= WEEK_DAYS:
        return ()
    return (f"- the brand is known for {seen.baseline_days:.1f} days only, so what is usual is not well known yet",)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def _span(seconds: float) -> str:
    return "1 minute" if seconds == 60 else f"{seconds / 60:.3g} minutes"


def _circumstances(signal: Signal) -> tuple[str, ...]:
    seen = signal.evidence
    late = (f"- {seen.late} mentions came late, counted at the time they were written",) if seen.late else ()
    if not seen.campaigns:
        return late
    return (*late, f"- planned: {', '.join(seen.campaigns)}, {seen.planned:.3g} times the usual is expected")


def _beside(seen: Evidence) -> tuple[str, ...]:
    """At most three lines: what the complaints are about, what they share, and what is no voice of its own.

    Terms and links were cleaned when they were taken from the posts. A host's dots stand in brackets, so that no reader
    makes a link of it, or fetches it for a preview.
    """
    words = ", ".join(one_line(term.text) for term in seen.terms)
    links = ", ".join(f"{_not_to_be_tapped(shared.link)} ({_posts(shared.posts)})" for shared in seen.links)
    odd = seen.duplicate_share >= ODD_SHARE or seen.young_share >= ODD_SHARE
    return (
        *((f"- words that are new in the complaints: {words}",) if words else ()),
        *((f"- shared most: {links}",) if links else ()),
        *((f"- {copies_and_young(seen)}; they hardly count",) if odd else ()),
    )


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number} posts"


def _not_to_be_tapped(link: str) -> str:
    host, slash, path = one_line(link).partition("/")
    return host.replace(".", "[.]") + slash + path


def copies_and_young(seen: Evidence) -> str:
    """How much of what was posted is no voice of its own, in words."""
    copies, young = 100 * seen.duplicate_share, 100 * seen.young_share
    return f"{copies:.0f} % of the posts are copies, {young:.0f} % by young accounts"


def _flooded(signal: Signal, place: str) -> tuple[str, ...]:
    seen = signal.evidence
    return (
        f"Seen on {place}: a flood of copies. Severity {signal.severity} of 5.",
        f"- {_figure(signal.observed)} posts in {_span(seen.window_s)} are copies, or of accounts that do not "
        f"stop; {_figure(signal.expected)} would be usual",
        f"- {seen.authors:,} accounts posted of late, the busiest {100 * seen.largest_author_share:.0f} % of all",
        f"- {seen.negative:,} of the copies are negative: {100 * seen.negative_share:.0f} %",
        *(_COPIERS[reason] for reason in seen.reasons if reason in _COPIERS),
        *_young_brand(seen),
        *_beside(seen),
    )


def _unheard(signal: Signal, place: str) -> tuple[str, ...]:
    seen = signal.evidence
    where = f"the source {seen.source}" if seen.source else place
    return (
        f"Seen: nothing from {where} for {_span(seen.window_s)}.",
        f"- {_figure(signal.expected)} posts should have come",
        f"- {_by_chance(seen.tail)}",
        *_young_brand(seen),
    )


def _told(signal: Signal, place: str) -> tuple[str, ...]:
    return (
        f"Seen on {place}: {_WHAT[signal.kind]}. Severity {signal.severity} of 5.",
        f"- {_figure(signal.observed)} seen, {_figure(signal.expected)} would be usual",
        *_beside(signal.evidence),
    )


def _set_aside(signal: Signal) -> str:
    seen = signal.evidence
    return (
        f"Seen so far: {signal.observed:.0f} of {seen.mentions} records in {seen.window_s} seconds cannot be read and "
        f"are set aside (dead letters), by the count of one worker; more than {100 * seen.threshold:.0f} % is too many."
    )
