"""What people say of posts that were held back in schedulers, and whether they may: whoever may release their hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine

from playbooks.holds.rights import releasers
from playbooks.schedulers.kept import Kept, Wish
from playbooks.settings import PlaybookSettings
from playbooks.store.holds.holds import read_hold
from playbooks.store.incidents.incidents import incident_view
from playbooks.store.schedules.posts import WAITING, Asked, kept_posts, wish


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
    may = _may(engine, kept.hold, person, settings, roles)
    return wish(engine, scheduler, {post: at_ms}, said, person, reason, now_ms) if may is Asked.DONE else may


def say_of_all_scheduled(
    engine: Engine,
    scheduler: str,
    said: Wish,
    at_ms: int | None,
    person: str,
    reason: str,
    settings: PlaybookSettings,
    roles: Mapping[str, Iterable[str]],
    now_ms: int,
    looked: int,
) -> Asked:
    """As `say_of_scheduled`, of every post of an account that waits and of which nobody has said anything yet.

    `looked` is how many of them the person has seen: where there are more by now, they look again. With
    `Wish.SCHEDULE` each goes at `at_ms`, or without it at its own time; none nearer to another than the spacing.
    """
    waits = [post for post in kept_posts(engine, scheduler, WAITING).values() if post.wish is None]
    if not waits:
        return Asked.NOT_HELD_BACK
    if len(waits) > looked:
        return Asked.NOT_LOOKED
    for hold in {post.hold for post in waits}:
        may = _may(engine, hold, person, settings, roles)
        if may is not Asked.DONE:
            return may
    times = {post.post: _when(post, said, at_ms) for post in waits}
    return wish(engine, scheduler, times, said, person, reason, now_ms)


def _when(post: Kept, said: Wish, at_ms: int | None) -> int | None:
    if said is not Wish.SCHEDULE:
        return None
    return at_ms if at_ms is not None else post.due_ms


def who_may(engine: Engine, hold: str, settings: PlaybookSettings, roles: Mapping[str, Iterable[str]]) -> list[str]:
    """The people who may say what becomes of what a hold held in schedulers."""
    found = read_hold(engine, hold)
    view = incident_view(engine, found.incident) if found and found.incident else None
    named = [role for known in view.holds if known.id == hold for role in known.released_by] if view else []
    return [
        person
        for person in releasers(named or settings.gate.released_by, roles)
        if found is None or person != found.protects
    ]


def _may(
    engine: Engine, hold: str, person: str, settings: PlaybookSettings, roles: Mapping[str, Iterable[str]]
) -> Asked:
    found = read_hold(engine, hold)
    if found is not None and found.protects == person:
        return Asked.IS_PROTECTED
    return Asked.DONE if person in who_may(engine, hold, settings, roles) else Asked.NOT_IN_THE_ROLES
