"""Whom a due action concerns: contact points to be sent to, and what the ledger notes about everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from detectors.mention import rfc3339
from detectors.run import Drill, Live, Replay, Run
from playbooks.delivery.roads import by_roads
from playbooks.delivery.standing import Point
from playbooks.effects.message import AddressOf, Stage
from playbooks.effects.outcome import FailedReason
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.oncall.people import Contact, Reach, reach
from playbooks.oncall.rotas import Rotas
from playbooks.settings import PlaybookSettings


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the ledger about somebody who is not sent to."""

    point: Point
    outcome: DeliveryOutcome
    detail: str


class Whom(NamedTuple):
    """The contact points an action is sent to, and notes about everybody and everything else it concerns.

    `queued_until_ms`: nobody is in the role now, and that is when somebody comes on call.
    """

    contacts: tuple[Contact, ...]
    notes: list[Note]
    queued_until_ms: int | None = None


def whom(
    due: DueAction,
    run: Run,
    stage: Stage,
    settings: PlaybookSettings,
    addresses: Mapping[Channel, AddressOf],
    rotas: Rotas,
    at_ms: int,
) -> Whom:
    """Whom an action concerns at `at_ms`."""
    match due.action:
        case ActionKind.PAGE | ActionKind.NOTIFY:
            found = reach(run, due.target, settings, addresses, rotas, at_ms)
            if stage is Stage.ACKNOWLEDGED:
                # Nobody waits for it: it stops what rings, and who cannot be reached is not rung.
                return Whom(by_roads(found.to_send, due.action, stage), [])
            if stage is Stage.RESOLVED:
                # Nobody has to come for it: who is in the role by now, and (`once_reached.py`) who has heard of it.
                return Whom(
                    by_roads(found.to_send, due.action, stage), _notes(due, run, Reach(to_record=found.to_record))
                )
            until_ms = next((miss.next_ms for miss in found.missed if not miss.person), None)
            if until_ms is not None:
                return Whom((), [_queued(due.target, until_ms)], until_ms)
            return Whom(by_roads(found.to_send, due.action, stage), _notes(due, run, found))
        case ActionKind.HOLD:
            return Whom((), [Note(("", Channel.NONE), *_hold_note(run))])
        case ActionKind.ANNOTATE:
            return Whom(*_graphs(run, addresses))
        case ActionKind.TASK | ActionKind.DECISION | ActionKind.STATEMENT:
            why = "for people to do; nothing is sent for it"
            return Whom((), [Note(("", Channel.NONE), DeliveryOutcome.RECORDED, why)])
        case _:
            assert_never(due.action)


def never_told(due: DueAction) -> Note:
    """What the ledger says of a merge or an end that is not told to a role because it never heard of the incident."""
    detail = f"not told: no message of the incident has gone to the role {due.target!r}"
    return Note(("", Channel.NONE), DeliveryOutcome.RECORDED, detail)


def _notes(due: DueAction, run: Run, found: Reach) -> list[Note]:
    why = "a replay reaches nobody" if isinstance(run, Replay) else "did not agree to drills"
    on_paper = [Note(contact.point, DeliveryOutcome.RECORDED, why) for contact in found.to_record]
    reason = FailedReason.NOBODY_REACHABLE.value
    missed = [
        Note(
            (miss.person, Channel.NONE),
            DeliveryOutcome.FAILED,
            f"{reason}: {miss.why.in_words(due.target, miss.person)}",
        )
        for miss in found.missed
    ]
    return on_paper + missed


def _queued(role: str, until_ms: int) -> Note:
    detail = f"nobody is on call for {role!r} now; it waits for whoever comes next, at {rfc3339(until_ms)}"
    return Note(("", Channel.NONE), DeliveryOutcome.RECORDED, detail)


def _hold_note(run: Run) -> tuple[DeliveryOutcome, str]:
    match run:
        case Live() | Drill():
            return DeliveryOutcome.DELIVERED, "in force since the transaction that decided it"
        case Replay():
            return DeliveryOutcome.RECORDED, "a replay holds nothing back"
        case _:
            assert_never(run)


def _graphs(run: Run, addresses: Mapping[Channel, AddressOf]) -> tuple[tuple[Contact, ...], list[Note]]:
    contact = Contact("", "Grafana", Channel.GRAFANA, "")
    match run:
        case Replay():
            return (), [Note(contact.point, DeliveryOutcome.RECORDED, "a replay is not drawn on graphs")]
        case Live() | Drill():
            if Channel.GRAFANA in addresses:
                return (contact,), []
            return (), [Note(contact.point, DeliveryOutcome.RECORDED, "no Grafana is set up")]
        case _:
            assert_never(run)
