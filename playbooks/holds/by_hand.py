"""A hold that a named person places: the incident that it stands in, and who hears of it. Pure.

It stands in an incident of its own, so that its release, its words and its timeline are where those of every hold are.
No signal joins that incident, and it is over when its hold is released.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import msgspec

from playbooks.content.hold_scope import ALL_POSTS, Narrowing, plain
from playbooks.content.schema import POSTING_TEAM
from playbooks.effects.message import Notice
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.called import THE_BRAND
from playbooks.incidents.hold_lease import lease_wake
from playbooks.incidents.log_entry import ActionPlanned, HoldPlaced, LogEntry, Noted, Opened
from playbooks.incidents.plan import incident_id
from playbooks.incidents.reported import reported
from playbooks.incidents.timers import Wake
from playbooks.labels import ActionKind
from playbooks.oncall.people import OPS

#: In place of a playbook's id: the hold is nobody's but the person's.
BY_HAND: Final = "held-by-hand"
#: No version and no file: there is no runbook, and nothing to open again.
_VERSION: Final = ""
_SEVERITY: Final = 3
_PLATFORM: Final = re.compile(r"[a-z0-9_-]{1,32}")


class ByHand(msgspec.Struct, frozen=True):
    """What somebody wants held. `protects` is a person who may not release it, `released_by` the roles that may."""

    brand: str
    released_by: tuple[str, ...]
    platform: str | None = None
    only: Narrowing = ALL_POSTS
    releasers: int = 1
    protects: str = ""
    ask_again_min: int = 240


def as_asked(about: ByHand) -> ByHand:
    """The hold with its platform as whatever asks the gate writes it.

    >>> as_asked(ByHand("acme", ("on-call",), " X ")).platform
    'x'
    """
    return about if about.platform is None else msgspec.structs.replace(about, platform=plain(about.platform))


def can_be_a_platform(platform: str | None) -> bool:
    """Whether something could be asked about that platform; None is every one.

    >>> can_be_a_platform("x"), can_be_a_platform("twitter.com"), can_be_a_platform("")
    (True, False, False)
    """
    return platform is None or _PLATFORM.fullmatch(platform) is not None


def names_nothing(only: Narrowing) -> bool:
    """Whether one of the names is none: a hold on it would cover only posts that say nothing of themselves.

    >>> names_nothing(Narrowing(tags=("#",))), names_nothing(Narrowing(tags=("#sale",)))
    (True, False)
    """
    return not all(plain(name) for name in (*only.accounts, *only.campaigns, *only.tags))


class Placing(msgspec.Struct, frozen=True):
    """What follows: the hold's id, the incident's, its log, who hears of it, and when it is asked about again."""

    hold: str
    incident: str
    opened: Opened
    entries: tuple[LogEntry, ...]
    due: tuple[Action, ...]
    wakes: tuple[Wake, ...]


def placing(about: ByHand, person: str, name: str, reason: str, roles: Collection[str], now_ms: int) -> Placing:
    """What follows where `person`, who is called `name`, places a hold; `roles` are those that the settings have."""
    signal = reported(about.brand, about.platform, _SEVERITY, person, now_ms)
    incident = incident_id("", about.brand, BY_HAND, f"{signal.id}\x1f{about}")
    hold = f"{incident}:hold"
    opened = Opened(
        run="",
        brand=about.brand,
        playbook=BY_HAND,
        version=_VERSION,
        hash="",
        title="Posts are held by hand",
        signal=signal,
        cause=BY_HAND,
    )
    placed = HoldPlaced(
        hold,
        about.brand,
        about.platform,
        about.releasers,
        about.released_by,
        only=about.only,
        protects=about.protects,
        ask_again_min=about.ask_again_min,
    )
    told = [role for role in dict.fromkeys((POSTING_TEAM, *about.released_by, OPS)) if role in roles]
    due = tuple(_told(about, incident, role, n, name, reason, now_ms) for n, role in enumerate(told, 1))
    planned = [
        ActionPlanned(one.id, one.step, one.action, one.target, ActionDecision.DUE, now_ms, with_hold=True)
        for one in due
    ]
    wakes = lease_wake(incident, "", hold, about.ask_again_min, now_ms)
    return Placing(hold, incident, opened, (Noted(reason), placed, *planned), due, wakes)


def _told(about: ByHand, incident: str, role: str, n: int, name: str, reason: str, now_ms: int) -> Action:
    where = f"on {about.platform}" if about.platform else "on every platform"
    only = about.only.in_words()
    needed = "1 person" if about.releasers == 1 else f"{about.releasers} people"
    held = f"{THE_BRAND} {where}{f', {only}' if only else ''}"
    text = (
        f"{name} holds automated posts for {held}, and said: {reason}\n\n"
        "Whatever asks the gate gets a no, from now on. Posts that fall due meanwhile are not sent later in one go: "
        f"each needs a person's word. It stays until {needed} ({' or '.join(about.released_by)}) let go; time does not "
        "open it. Please stop by hand what does not ask the gate: boosted posts, advertisements, and posts that are "
        "scheduled inside a platform's own app."
    )
    notice = Notice(
        subject=f"{THE_BRAND}: automated posts are held by hand",
        text=text,
        brand=about.brand,
        platform=about.platform,
        severity=_SEVERITY,
        incident=incident,
        playbook=BY_HAND,
        version=_VERSION,
    )
    return Action(
        id=f"{incident}:told:{n}",
        incident=incident,
        run="",
        step="tell-of-hold",
        action=ActionKind.NOTIFY,
        target=role,
        body=msgspec.to_builtins(notice),
        at_ms=now_ms,
        due_ms=now_ms,
    )
