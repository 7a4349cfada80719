"""Why a step of a playbook is not carried out, or is without a signal, in words. Pure."""

from __future__ import annotations

from typing import assert_never

from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import ActionPlanned, PlannedBecause


def not_done(decision: ActionDecision) -> str:
    """Why something is only written down; empty where it is done, or asked of people.

    >>> not_done(ActionDecision.BRAND_OBSERVES)
    'this brand is only observed'
    """
    match decision:
        case ActionDecision.DUE | ActionDecision.FOR_PEOPLE:
            return ""
        case ActionDecision.BRAND_OBSERVES:
            return "this brand is only observed"
        case ActionDecision.BRAND_NOT_ARMED_TO_HOLD:
            return "this brand is not armed to hold"
        case ActionDecision.MUTED:
            return "it is muted"
        case ActionDecision.NOTHING_HELD:
            return "nothing is held"
        case _:
            assert_never(decision)


def called_for(planned: ActionPlanned) -> str:
    """What called for a step where no signal did, in a sentence; empty where a signal did.

    >>> from playbooks.labels import ActionKind
    >>> page = "inc-1:page:1:up1", "page", ActionKind.PAGE, "second", ActionDecision.DUE, 0
    >>> called_for(ActionPlanned(*page, why=PlannedBecause.NOT_ACKNOWLEDGED))
    'Nobody had acknowledged.'
    """
    unheard = "Not everybody who has to had acknowledged" if planned.each else "Nobody had acknowledged"
    match planned.why:
        case None:
            return ""
        case PlannedBecause.NOT_ACKNOWLEDGED:
            return f"{unheard}."
        case PlannedBecause.LAST_RESORT:
            return f"{unheard}, and everybody else was paged: the last resort."
        case PlannedBecause.FORGOTTEN:
            return "Nothing was done for too long after it was acknowledged."
        case PlannedBecause.REOPENED:
            return "It was opened again."
        case PlannedBecause.ASKED_FOR:
            return "Called before their time."
        case PlannedBecause.ARMED:
            return "The brand is armed now."
        case PlannedBecause.UNMUTED:
            return "It is not muted any more."
        case _:
            assert_never(planned.why)
