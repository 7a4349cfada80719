"""What people say of posts that were held back in schedulers, and whether they may: whoever may release their hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine

from playbooks.holds.rights import releasers
from playbooks.schedulers.kept import Wish
from playbooks.settings import PlaybookSettings
from playbooks.store.holds.holds import read_hold
from playbooks.store.incidents.incidents import incident_view
from playbooks.store.schedules.posts import Asked, kept_posts, wish


def say_of_scheduled(
    engine: Engine,
    scheduler: str,
    post: str,
    said: Wish,
    at_ms: int | None,
    person: str,
    reason: str,
    settings: PlaybookSettings,
    roles: Mapping[str, Iterable[str]],
    now_ms: int,
) -> Asked:
    """Note what `person` wants of a post, if they are in a role that may release its hold, and are not protected by it.

    `roles` are the people of each role now. The runner does it once no hold covers the account.
    """
    kept = kept_posts(engine, scheduler).get(post)
    if kept is None:
        return Asked.NO_SUCH_POST
    hold = read_hold(engine, kept.hold)
    view = incident_view(engine, hold.incident) if hold and hold.incident else None
    named = [role for known in view.holds if known.id == kept.hold for role in known.released_by] if view else []
    if person not in releasers(named or settings.gate.released_by, roles):
        return Asked.NOT_IN_THE_ROLES
    if hold is not None and hold.protects == person:
        return Asked.IS_PROTECTED
    return wish(engine, scheduler, post, said, at_ms, person, reason, now_ms)
