"""Who hears that a brand was armed, and what they are told: ops, the posting team and who is on call. Pure."""

from __future__ import annotations

from typing import assert_never

import msgspec

from playbooks.armings.arming import Act, Arming
from playbooks.content.schema import POSTING_TEAM
from playbooks.effects.message import Notice
from playbooks.incidents.action import Action
from playbooks.labels import ActionKind
from playbooks.oncall.people import OPS, parts_of
from playbooks.settings import PlaybookSettings

ON_CALL = "on-call"
#: The console's page where how brands are armed is seen and changed.
BRANDS_PAGE = "brands"
#: In this order: who is always in several of these roles hears it once.
TOLD = (OPS, POSTING_TEAM, ON_CALL)


def told_of(act: Act, id: str, before: Arming, settings: PlaybookSettings) -> list[Action]:
    """The notices of an act, one to each role that the settings have; `id` is what their ids begin with."""
    known, person = settings.brands[act.brand].name, settings.people[act.person].name
    notice = Notice(
        subject=f"{known or act.brand}: {in_words(act.arming)}",
        text=_text(act, person, known or act.brand, before),
        brand=act.brand,
        page=BRANDS_PAGE,
    )
    spared: tuple[str, ...] = ()
    found = []
    for role in TOLD:
        if role not in settings.roles:
            continue
        found.append(_action(act, f"{id}:{role}", role, msgspec.structs.replace(notice, spared=spared)))
        spared = tuple(dict.fromkeys((*spared, *parts_of(settings.roles[role])[0])))
    return found


def in_words(arming: Arming) -> str:
    """How a brand is armed.

    >>> in_words(Arming.PAGE)
    'armed to page'
    """
    match arming:
        case Arming.OBSERVE:
            return "only observed"
        case Arming.PAGE:
            return "armed to page"
        case Arming.PAGE_AND_HOLD:
            return "armed to page and hold"
        case _:
            assert_never(arming)


def meaning(arming: Arming) -> str:
    """What it means for people, and for the queue of whoever posts."""
    match arming:
        case Arming.OBSERVE:
            return (
                "Incidents are opened and show what would have been done. Nobody is paged or told about them any more, "
                "and no post is held because of them. A hold that is in force stays until people let go."
            )
        case Arming.PAGE:
            return (
                "People are paged and told what is so. No post is held: whoever posts has to stop the queue by hand "
                "when they are told of a crisis. A hold that is in force stays until people let go."
            )
        case Arming.PAGE_AND_HOLD:
            return (
                "People are paged, and automated posts are held where a playbook says so, until people let go. "
                "Whatever posts by itself has to ask the gate before each post; what does not ask is not held."
            )
        case _:
            assert_never(arming)


def _text(act: Act, person: str, brand: str, before: Arming) -> str:
    early = " This is early: its first week of being observed is not over." if act.early else ""
    return (
        f"{brand} is {in_words(act.arming)} from now on; before, it was {in_words(before)}. {person} has said so: "
        f"{act.reason}\n\n{meaning(act.arming)}{early}"
    )


def _action(act: Act, id: str, role: str, notice: Notice) -> Action:
    return Action(
        id=id,
        incident="",
        run="",
        step="arming",
        action=ActionKind.NOTIFY,
        target=role,
        body=msgspec.to_builtins(notice),
        at_ms=act.at_ms,
        due_ms=act.at_ms,
    )
