"""Messages for the tests of effects."""

from __future__ import annotations

from detectors.run import LIVE
from playbooks.effects.message import Links, Message, Moment, Notice, Reachable, Reference
from playbooks.labels import ActionKind

AT_MS = 1_767_603_600_000

NOTICE = Notice(
    subject="Acme: complaints far above the usual",
    text="120 mentions in five minutes, 14 expected.",
    brand="acme",
    platform="x",
    severity=4,
    incident="inc-1",
    playbook="complaint-storm",
    version="1.0.0",
    runbook="# First hour\n\n1. Stop scheduled posts.\n",
    moment=Moment.PAGE,
)
LINKS = Links(
    incident="https://fire.example.org/incidents/inc-1",
    runbook="https://fire.example.org/runbooks/complaint-storm/1.0.0?incident=inc-1",
)


def message(
    address: str = "ada@example.org",
    *,
    run: Reachable = LIVE,
    notice: Notice = NOTICE,
    links: Links | None = LINKS,
    person: str = "Ada Lovelace",
    action: ActionKind = ActionKind.PAGE,
    sending_ms: int = AT_MS + 2_000,
    earlier: tuple[str, ...] = (),
) -> Message:
    """A page to Ada, unless said otherwise."""
    return Message(
        key="firebreak-0123",
        run=run,
        action=action,
        person=person,
        address=address,
        notice=notice,
        links=links,
        at_ms=AT_MS,
        sending_ms=sending_ms,
        reference=Reference("act-1", 1, "ada"),
        earlier=earlier,
    )
