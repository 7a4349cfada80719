"""Whether people have confirmed that a test message reached them, contact point by contact point. Pure.

That a channel took a message does not mean that anybody has it: only the person can say so. What they confirmed counts
for that address alone, and for so many days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from playbooks.effects.message import AddressOf
from playbooks.labels import Channel
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import moment, span
from playbooks.settings import PlaybookSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from playbooks.store.delivery.contact_tests import ContactTest

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Point:
    """One person on one channel. `address_hash` stands for where a message to it really goes."""

    person: str
    name: str
    channel: Channel
    address: str = field(repr=False)
    address_hash: str


def points_of(settings: PlaybookSettings, addresses: Mapping[Channel, AddressOf]) -> list[Point]:
    """Every contact point of everybody in the settings, by person."""
    return [
        Point(key, person.name, channel, address, address_hash(settings, channel, address))
        for key, person in settings.people.items()
        for channel, address_of in addresses.items()
        if (address := address_of(person))
    ]


def address_hash(settings: PlaybookSettings, channel: Channel, address: str) -> str:
    """Two hashes of where a message really goes: of the address, and, for a service that is only named, of its secret.

    The second is empty where there is none, or where this process does not have it.

    >>> settings = PlaybookSettings()
    >>> address_hash(settings, Channel.SMS, "+4930123") == address_hash(settings, Channel.SMS, "+4930124")
    False
    """
    place = _behind(settings, channel, address)
    secret = _read(place) if place else ""
    return f"{_hashed(channel.value, address)[:31]}.{_hashed(secret)[:32] if secret else ''}"


def same_place(one: str, other: str) -> bool:
    """Whether two such hashes are of one place, as far as both know: who has not the secret goes by the address.

    >>> same_place("ab.1", "ab.1"), same_place("ab.1", "ab.2"), same_place("ab.1", "ab."), same_place("ab.", "cd.")
    (True, False, True, False)
    """
    (address, _, secret), (other_address, _, other_secret) = one.partition("."), other.partition(".")
    return address == other_address and (secret == other_secret or not secret or not other_secret)


def contact_findings(
    points: Iterable[Point], tests: Iterable[ContactTest], valid_days: float, now_ms: int
) -> Iterator[Finding]:
    """What is known of each contact point. `tests` are the newest first; `valid_days` is how long a test counts."""
    known: dict[tuple[str, Channel], list[ContactTest]] = {}
    for test in tests:
        known.setdefault((test.person, test.channel), []).append(test)
    for point in points:
        yield _finding(point, known.get((point.person, point.channel), []), valid_days, now_ms)


def _finding(point: Point, tests: list[ContactTest], valid_days: float, now_ms: int) -> Finding:
    who = f"{point.name} by {point.channel.value}"
    again = f"Send a test message: firebreak check --send-test {point.person}"
    same = [test for test in tests if same_place(test.address_hash, point.address_hash)]
    confirmed = max((test.confirmed_ms for test in same if test.confirmed_ms is not None), default=None)
    if confirmed is not None and now_ms - confirmed < valid_days * DAY_MS:
        left = int(confirmed + valid_days * DAY_MS - now_ms)
        text = f"{who}: confirmed {moment(confirmed)}, which counts for {span(left)} more."
        return Finding(weight=Weight.WELL, area=Area.CONTACTS, reason=Reason.VERIFIED, text=text)
    if confirmed is not None:
        text = f"{who}: last confirmed {moment(confirmed)}, more than {valid_days:g} days ago."
        return _look(Reason.TESTED_LONG_AGO, text, again)
    if same:
        newest = same[0]
        text = f"{who}: a test message was sent {moment(newest.sent_ms)} ({newest.outcome}), and not confirmed."
        ask = f"Ask {point.name} whether it came; the code in it is said with: firebreak check --confirm CODE"
        return _look(Reason.NOT_CONFIRMED, text, ask)
    if tests:
        return _look(Reason.ADDRESS_CHANGED, f"{who}: the address was changed since it was tested.", again)
    return _look(Reason.NEVER_TESTED, f"{who}: no test message was ever confirmed.", again)


def _look(reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=Weight.LOOK, area=Area.CONTACTS, reason=reason, text=text, to_do=to_do)


def _behind(settings: PlaybookSettings, channel: Channel, address: str) -> SecretFrom | None:
    channels = settings.channels
    if channel is Channel.PAGERDUTY and channels.pagerduty:
        return channels.pagerduty.services.get(address)
    if channel is Channel.APPRISE and channels.apprise:
        return channels.apprise.targets.get(address)
    if channel is Channel.SLACK and channels.slack:
        return channels.slack.webhook
    return None


def _hashed(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()


def _read(place: SecretFrom) -> str:
    try:
        return place.read("").reveal()
    except MissingSecret:
        return ""
