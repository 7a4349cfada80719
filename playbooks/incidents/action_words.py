"""Why a step of a playbook is not carried out, in words. Pure."""

from __future__ import annotations

from typing import assert_never

from playbooks.incidents.action import ActionDecision


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
