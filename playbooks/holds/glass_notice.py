"""Who is paged when somebody lets one held post go, and what they are told. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from detectors.mention import rfc3339
from playbooks.effects.message import Notice
from playbooks.incidents.action import Action
from playbooks.incidents.called import THE_BRAND
from playbooks.labels import ActionKind
from playbooks.oncall.people import OPS


class Standing(msgspec.Struct, frozen=True):
    """A hold that stands in the way: its incident, the run it is of, and the roles that may release it."""

    incident: str
    run: str
    released_by: tuple[str, ...]


class Broken(msgspec.Struct, frozen=True):
    """Whose word it is, for which post, and until when it is good; `id` is the word's own.

    `unasked`: nobody had asked the gate about the post, so its text is theirs.
    """

    id: str
    name: str
    reason: str
    brand: str
    platform: str
    post: str
    expires_ms: int
    unasked: bool = False


def told_of_glass(broken: Broken, holds: Sequence[Standing], now_ms: int) -> list[Action]:
    """A page to ops, and one to each role that may release the holds; each in the incident of the hold."""
    first = holds[0] if holds else Standing("", "", ())
    wanted: dict[str, Standing] = {OPS: first}
    for hold in holds:
        for role in hold.released_by:
            wanted.setdefault(role, hold)
    return [_page(broken, role, hold, now_ms) for role, hold in wanted.items()]


def _page(broken: Broken, role: str, hold: Standing, now_ms: int) -> Action:
    text = (
        f"{broken.name} has broken the glass for the post {broken.post} on {broken.platform}, and said: "
        f"{broken.reason}\n\nThis one post may go once until {rfc3339(broken.expires_ms)}, although posts for "
        f"{THE_BRAND} are held. Nothing else may; the hold stays in force. If that is not right, call them now."
    )
    if broken.unasked:
        text += (
            "\n\nNobody has asked the gate about this post: it was not among those that are held, and its text is "
            f"the one that {broken.name} gave."
        )
    notice = Notice(
        subject=f"{THE_BRAND}: one post is let go although posts are held",
        text=text,
        brand=broken.brand,
        platform=broken.platform,
        severity=4,
        incident=hold.incident,
        page="holds",
    )
    return Action(
        id=f"{broken.id}:{role}",
        incident=hold.incident,
        run=hold.run,
        step="break-glass",
        action=ActionKind.PAGE,
        target=role,
        body=msgspec.to_builtins(notice),
        at_ms=now_ms,
        due_ms=now_ms,
    )
