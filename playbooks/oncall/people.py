"""Whom an action is for: from a role to its people to the contact points they can be reached at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from detectors.run import Drill, Live, Replay, Run
from playbooks.effects.message import AddressOf
from playbooks.labels import Channel
from playbooks.oncall.quiet import quiet_until_ms
from playbooks.oncall.rotas import NO_ROTAS, Known, Rotas
from playbooks.oncall.stretch import Stretch, gaps, laid, within
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import OfRota, Person, RoleSettings

OPS = "ops"
DAY_MS = 86_400_000
#: How far ahead somebody is looked for who comes on call next.
AHEAD_MS = 14 * DAY_MS
#: How long before and after their turn in a calendar somebody has a role's rights.
RIGHTS_MS = 14 * DAY_MS


class Unreachable(StrEnum):
    """Why somebody an action is for cannot be reached at all. It is a condition of its own, told to ops."""

    NO_SUCH_ROLE = "no_such_role"
    EMPTY_ROLE = "empty_role"
    NO_CONTACT_POINT = "no_contact_point"
    NOBODY_ON_CALL = "nobody_on_call"
    ROTA_NOT_READ = "rota_not_read"
    ROTA_TOO_OLD = "rota_too_old"

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
            case Unreachable.NOBODY_ON_CALL:
                return f"nobody is on call in the role {role!r} now"
            case Unreachable.ROTA_NOT_READ:
                return f"a rota of the role {role!r} cannot be read, and nobody else is in the role"
            case Unreachable.ROTA_TOO_OLD:
                return f"a calendar of the role {role!r} was read too long ago to go by, and nobody else is in the role"
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody is in a role just now. `next_ms` is when somebody comes on call, where that is known."""

    why: Unreachable
    next_ms: int | None = None


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
    """Somebody, or (`person` empty) a whole role, that cannot be reached; and when somebody comes on call, if ever."""

    person: str
    why: Unreachable
    next_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an action reaches: `to_send` really, `to_record` only on paper, `missed` not at all."""

    to_send: tuple[Contact, ...] = ()
    to_record: tuple[Contact, ...] = ()
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """A contact point that a notice is kept back from, and until when."""

    contact: Contact
    until_ms: int


def reach(
    run: Run,
    role: str,
    settings: PlaybookSettings,
    addresses: Mapping[Channel, AddressOf],
    rotas: Rotas = NO_ROTAS,
    at_ms: int = 0,
) -> Reach:
    """The contact points of everybody in `role` at `at_ms`, and which of them `run` may really reach.

    Life reaches everybody. A drill reaches the people who agreed to drills; for the others it is recorded what would
    have been sent. A replay reaches nobody. `addresses` are the channels that are set up.
    """
    everybody = members(role, settings, rotas, at_ms)
    if isinstance(everybody, Nobody):
        return Reach(missed=(Missed("", everybody.why, everybody.next_ms),))
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


def members(role: str, settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> dict[str, Person] | Nobody:
    """Who is in a role at a moment, by their keys in the settings, or why nobody is.

    Those that the role names are always in it; those of its rotas, while they are on call.

    >>> settings = PlaybookSettings(people={"ada": Person(name="Ada")}, roles={"on-call": ("ada",), "ops": ()})
    >>> list(members("on-call", settings, NO_ROTAS, 0)), members("ops", settings, NO_ROTAS, 0).why.value
    (['ada'], 'empty_role')
    """
    if role not in settings.roles:
        return Nobody(Unreachable.NO_SUCH_ROLE)
    people, names = parts_of(settings.roles[role])
    read = _read(names, rotas, at_ms)
    on_call = [key for known in read for each in known.schedule.stretches(at_ms, at_ms + 1) for key in each.people]
    found = {key: settings.people[key] for key in dict.fromkeys((*people, *on_call)) if key in settings.people}
    return found or Nobody(_why_nobody(names, rotas, at_ms), _next_ms(role, settings, rotas, at_ms))


def in_role(settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> Callable[[str], frozenset[str]]:
    """Who is in each role at a moment, by their keys; nobody where nobody is."""

    def found(role: str) -> frozenset[str]:
        there = members(role, settings, rotas, at_ms)
        return frozenset() if isinstance(there, Nobody) else frozenset(there)

    return found


def who_is_asked(run: Run, settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> Callable[[str], frozenset[str]]:
    """Whom a page to a role asks: in a drill only those who agreed to drills, for nobody else has heard of it."""
    there = in_role(settings, rotas, at_ms)
    agreed = frozenset(key for key, person in settings.people.items() if person.drills)
    return (lambda role: there(role) & agreed) if isinstance(run, Drill) else there


def on_duty(role: str, settings: PlaybookSettings, rotas: Rotas, from_ms: int, to_ms: int) -> list[Stretch]:
    """Who is in a role when, as it is known at `from_ms`: stretches in order, gaps left out."""
    people, names = parts_of(settings.roles.get(role, ()))
    always = [Stretch(from_ms, to_ms, people)] if people else []
    turns = [each for known in _read(names, rotas, from_ms) for each in known.schedule.stretches(from_ms, to_ms)]
    there = [Stretch(each.from_ms, each.to_ms, _known(each.people, settings)) for each in turns]
    return laid([always + within(there, from_ms, to_ms)])


def role_gaps(role: str, settings: PlaybookSettings, rotas: Rotas, from_ms: int, to_ms: int) -> list[Stretch]:
    """When nobody is in a role between two moments, as known at the first; a role that is not there is one gap."""
    return gaps(on_duty(role, settings, rotas, from_ms, to_ms), from_ms, to_ms)


def rights(settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> dict[str, tuple[str, ...]]:
    """Who may do what a role may, whether or not they are on call: by role, the keys of people.

    Of a rota file these are all who stand in it; of a calendar, those whose turn is at most 14 days off. Otherwise a
    hold that two people on call must release could never be released by a rota of one at a time.
    """
    return {role: _with_rights(parts, settings, rotas, at_ms) for role, parts in settings.roles.items()}


def parts_of(role: RoleSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The people that a role names, and the rotas.

    >>> parts_of(("ada", OfRota(rota="comms"))), parts_of(OfRota(rota="comms"))
    ((('ada',), ('comms',)), ((), ('comms',)))
    """
    parts = (role,) if isinstance(role, OfRota) else role
    people = tuple(part for part in parts if isinstance(part, str))
    return people, tuple(part.rota for part in parts if isinstance(part, OfRota))


def heard_now(
    contacts: Sequence[Contact], settings: PlaybookSettings, at_ms: int, silent: Collection[Channel] = ()
) -> tuple[tuple[Contact, ...], tuple[Later, ...]]:
    """Where a notice (never a page) may go at once, and where it waits until somebody's quiet hours end.

    In quiet hours a notice goes by e-mail at once, which wakes nobody, and by no other channel; to somebody without
    e-mail it waits. `silent` are channels that this notice silences, so that it goes by them at once too.
    """
    silent = {Channel.EMAIL, *silent}
    mailed = {contact.person for contact in contacts if contact.channel is Channel.EMAIL}
    until = {contact.person: quiet_until_ms(settings.people[contact.person], at_ms) for contact in contacts}
    now = [each for each in contacts if until[each.person] is None or each.channel in silent]
    later = [
        Later(each, moment)
        for each in contacts
        if (moment := until[each.person]) is not None and each.channel not in silent and each.person not in mailed
    ]
    return tuple(now), tuple(later)


def _read(names: Sequence[str], rotas: Rotas, at_ms: int) -> list[Known]:
    return [rotas.known[name] for name in names if name in rotas.known and rotas.known[name].counts_at(at_ms)]


def _why_nobody(names: Sequence[str], rotas: Rotas, at_ms: int) -> Unreachable:
    if not names:
        return Unreachable.EMPTY_ROLE
    if any(name not in rotas.known for name in names):
        return Unreachable.ROTA_NOT_READ
    if any(not rotas.known[name].counts_at(at_ms) for name in names):
        return Unreachable.ROTA_TOO_OLD
    return Unreachable.NOBODY_ON_CALL


def _next_ms(role: str, settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> int | None:
    return next((each.from_ms for each in on_duty(role, settings, rotas, at_ms, at_ms + AHEAD_MS)), None)


def _known(people: Sequence[str], settings: PlaybookSettings) -> tuple[str, ...]:
    return tuple(key for key in people if key in settings.people)


def _with_rights(parts: RoleSettings, settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> tuple[str, ...]:
    people, names = parts_of(parts)
    found = [rotas.known[name].schedule.people_near(at_ms, RIGHTS_MS) for name in names if name in rotas.known]
    return tuple(dict.fromkeys((*people, *_known(sorted(frozenset().union(*found)), settings))))


def _contacts(key: str, person: Person, addresses: Mapping[Channel, AddressOf]) -> tuple[Contact, ...]:
    found = ((channel, address_of(person)) for channel, address_of in addresses.items())
    return tuple(Contact(key, person.name, channel, address) for channel, address in found if address)
