"""Whom an action is for: from a role to its people to the contact points they can be reached at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from detectors.run import Drill, Live, Replay, Run
from playbooks.effects.message import AddressOf
from playbooks.labels import Channel
from playbooks.settings import Person, PlaybookSettings

OPS = "ops"


class Unreachable(StrEnum):
    """Why somebody an action is for cannot be reached at all. It is a condition of its own, told to ops."""

    NO_SUCH_ROLE = "no_such_role"
    EMPTY_ROLE = "empty_role"
    NO_CONTACT_POINT = "no_contact_point"

    def in_words(self, role: str, person: str) -> str:
        """For the ledger and for ops.

        >>> Unreachable.EMPTY_ROLE.in_words("on-call", "")
        "nobody is in the role 'on-call'"
        """
        match self:
            case Unreachable.NO_SUCH_ROLE:
                return f"there is no role {role!r} in the settings"
            case Unreachable.EMPTY_ROLE:
                return f"nobody is in the role {role!r}"
            case Unreachable.NO_CONTACT_POINT:
                return f"{person!r} has no contact point on a channel that is set up"
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Contact:
    """One person on one channel. `person` is their key in the settings, `name` what they are called."""

    person: str
    name: str
    channel: Channel
    address: str = field(repr=False)

    @property
    def point(self) -> tuple[str, Channel]:
        """How the ledger names it."""
        return self.person, self.channel


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody, or (`person` empty) a whole role, that cannot be reached."""

    person: str
    why: Unreachable


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an action reaches: `to_send` really, `to_record` only on paper, `missed` not at all."""

    to_send: tuple[Contact, ...] = ()
    to_record: tuple[Contact, ...] = ()
    missed: tuple[Missed, ...] = ()


def reach(run: Run, role: str, settings: PlaybookSettings, addresses: Mapping[Channel, AddressOf]) -> Reach:
    """The contact points of everybody in `role`, and which of them `run` may really reach.

    Life reaches everybody. A drill reaches the people who agreed to drills; for the others it is recorded what would
    have been sent. A replay reaches nobody. `addresses` are the channels that are set up.
    """
    everybody = _members(role, settings)
    if isinstance(everybody, Unreachable):
        return Reach(missed=(Missed("", everybody),))
    contacts = {key: _contacts(key, person, addresses) for key, person in everybody.items()}
    found = tuple(contact for points in contacts.values() for contact in points)
    missed = tuple(Missed(key, Unreachable.NO_CONTACT_POINT) for key, points in contacts.items() if not points)
    match run:
        case Live():
            return Reach(to_send=found, missed=missed)
        case Drill():
            agreed = tuple(contact for contact in found if everybody[contact.person].drills)
            others = tuple(contact for contact in found if not everybody[contact.person].drills)
            return Reach(agreed, others, tuple(miss for miss in missed if everybody[miss.person].drills))
        case Replay():
            return Reach(to_record=found)
        case _:
            assert_never(run)


def _members(role: str, settings: PlaybookSettings) -> dict[str, Person] | Unreachable:
    names = settings.roles.get(role)
    if names is None:
        return Unreachable.NO_SUCH_ROLE
    if not names:
        return Unreachable.EMPTY_ROLE
    return {name: settings.people[name] for name in names}


def _contacts(key: str, person: Person, addresses: Mapping[Channel, AddressOf]) -> tuple[Contact, ...]:
    found = ((channel, address_of(person)) for channel, address_of in addresses.items())
    return tuple(Contact(key, person.name, channel, address) for channel, address in found if address)
