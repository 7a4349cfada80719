"""What messages of every channel say alike: the subject with its mark, the facts, and where there is no link."""

from __future__ import annotations

from detectors.signal import Signal, SignalKind
from playbooks.effects.message import Message
from playbooks.effects.plain_text import one_line

DRILL = "DRILL: "
UNNAMED = "Firebreak: look at the incident"
DRILL_LINE = "DRILL. This is a fire drill: nothing below is real, and nothing has to be done outside the drill."
NO_LINK = "There is no link: this Firebreak has no public address (console.public_url)."


def marked_subject(message: Message, limit: int = 200) -> str:
    """The subject, one line; a drill's begins with DRILL. It is never empty: services refuse what has none."""
    return one_line((DRILL if message.is_drill else "") + (one_line(message.notice.subject) or UNNAMED), limit)


def place_word(message: Message) -> str:
    """What the page is called that a message leads to."""
    return "Incident" if message.notice.incident else "Console"


def where_to_look(message: Message) -> str:
    """The links of a message, each with what it is for, a line each; that there is none where there is none."""
    links = message.links
    if links is None:
        return NO_LINK
    shown = (
        (place_word(message), links.incident),
        ("Runbook", links.runbook),
        ("You have it (the page asks first)", links.acknowledge),
        ("Call the next person (the page asks first)", links.escalate),
        ("This is a test. Press here to confirm that it reached you (the page asks first)", links.confirm),
    )
    return "\n".join(f"{words}: {address}" for words, address in shown if address)


def facts(message: Message) -> list[tuple[str, str]]:
    """What a message is about, name by name, each one line; what is not known is left out."""
    notice = message.notice
    named = (
        ("Brand", notice.brand_name or notice.brand),
        ("Platform", notice.platform or ("all of them" if notice.brand else "")),
        ("Severity", f"{notice.severity} of 5" if notice.severity else ""),
        ("Playbook", f"{notice.playbook} {notice.version}".strip()),
        ("Incident", notice.incident),
        ("Found by", _found_by(notice.signal) if notice.signal else ""),
        ("Drill", message.run.id),
    )
    return [(name, one_line(value)) for name, value in named if value]


def _found_by(signal: Signal) -> str:
    if signal.kind is SignalKind.REPORTED:
        return "a person, who reported it"
    return f"{signal.detector} {signal.detector_version}"
