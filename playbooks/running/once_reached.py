"""Who has a message of an incident and is in its role no more: their shift has ended, and the all-clear is theirs too.

Pure. They hear it by the roads on which they were reached, so that an alert that still rings somewhere is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from playbooks.delivery.standing import Line, sent_before
from playbooks.effects.message import AddressOf
from playbooks.labels import ActionKind, Channel
from playbooks.oncall.people import Contact
from playbooks.settings.people import Person

_TO_PEOPLE = (ActionKind.PAGE, ActionKind.NOTIFY)


def was_told(lines: Iterable[Line], role: str) -> bool:
    """Whether a role has, or perhaps has, a message of the incident whose ledger `lines` is."""
    return bool(sent_before(line.entry for line in lines if line.target == role and line.action in _TO_PEOPLE))


def once_reached(
    lines: Iterable[Line],
    role: str,
    now_in_it: Collection[str],
    people: Mapping[str, Person],
    addresses: Mapping[Channel, AddressOf],
) -> tuple[Contact, ...]:
    """The contact points at which people have, or perhaps have, a message of the incident for `role`.

    `lines` is the incident's ledger. Left out are those who are in the role now, whom the settings no longer know, or
    who are not reached at that place any more.
    """
    theirs = [line.entry for line in lines if line.target == role and line.action in _TO_PEOPLE]
    found = []
    for person, channel in sent_before(theirs):
        known, address_of = people.get(person), addresses.get(channel)
        if person in now_in_it or known is None or address_of is None:
            continue
        if address := address_of(known):
            found.append(Contact(person, known.name, channel, address))
    return tuple(found)
