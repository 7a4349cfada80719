"""Who may open a hold: the people in the roles that its playbook names. Pure; the store counts the people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from playbooks.holds.hold import Hold


class MayRelease(StrEnum):
    """Whether a person may agree to a release, and why not."""

    YES = "yes"
    NOT_IN_THE_ROLES = "not_in_the_roles"
    HAS_AGREED = "has_agreed"
    IS_PROTECTED = "is_protected"
    IS_RELEASED = "is_released"


def releasers(released_by: Iterable[str], roles: Mapping[str, Iterable[str]]) -> list[str]:
    """The people who may open a hold, in the order of `released_by`; `roles` are those of the settings.

    A role that the settings do not know has nobody in it, so a hold may wait for people to be named.

    >>> releasers(["on-call", "legal"], {"on-call": ["ada", "bo"], "ops": ["cy"]})
    ['ada', 'bo']
    """
    return list(dict.fromkeys(person for role in released_by for person in roles.get(role, ())))


def roles_of(person: str, roles: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The roles that a person is in; `roles` are those of the settings.

    >>> roles_of("ada", {"on-call": ["ada", "bo"], "legal": ["cy"], "executives": ["ada"]})
    ('executives', 'on-call')
    """
    return tuple(sorted(role for role, people in roles.items() if person in people))


def may_release(hold: Hold, person: str, released_by: Iterable[str], roles: Mapping[str, Iterable[str]]) -> MayRelease:
    """Whether `person` may agree to the release of `hold` now."""
    if not hold.in_force:
        return MayRelease.IS_RELEASED
    if person and person == hold.protects:
        return MayRelease.IS_PROTECTED
    if person not in releasers(released_by, roles):
        return MayRelease.NOT_IN_THE_ROLES
    if any(agreement.person == person for agreement in hold.agreements):
        return MayRelease.HAS_AGREED
    return MayRelease.YES
