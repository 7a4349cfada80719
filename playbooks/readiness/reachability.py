"""Whether the pages that the playbooks order would reach anybody, said before one is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from detectors.run import Live
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library
from playbooks.effects.message import AddressOf
from playbooks.labels import ActionKind, Channel
from playbooks.oncall.people import Missed, Reach, parts_of, reach
from playbooks.oncall.rotas import NO_ROTAS, Rotas
from playbooks.settings import PlaybookSettings


def pages_to_nobody(
    settings: PlaybookSettings,
    library: Library,
    armed: Mapping[str, Arming],
    rotas: Rotas | None = None,
    at_ms: int = 0,
) -> list[str]:
    """For each armed brand and each role that a playbook pages: why nobody would get the page; empty where all is well.

    From the settings, without their secrets, so that every process can tell, from how brands are `armed` (one that is
    not there observes), and from the rotas at a moment. Who has not read those says nothing of roles that have one.

    >>> from playbooks.content.catalog import load_library
    >>> pages_to_nobody(PlaybookSettings(), load_library(), {})
    []
    """
    return [
        f"a page about brand {brand!r} to the role {role!r} reaches nobody: {why}"
        for brand in sorted(settings.brands)
        if armed.get(brand, Arming.OBSERVE) is not Arming.OBSERVE
        for role in _paged(library)
        if rotas is not None or not parts_of(settings.roles.get(role, ()))[1]
        if (why := _why(role, settings, rotas or NO_ROTAS, at_ms))
    ]


def channels_for_people(settings: PlaybookSettings) -> dict[Channel, AddressOf]:
    """The channels to people that are set up, each with where it finds a person."""
    set_up, twilio = settings.channels, settings.channels.twilio
    every: list[tuple[Channel, object, AddressOf]] = [
        (Channel.EMAIL, set_up.email, lambda person: person.email),
        (Channel.SMS, twilio and twilio.sms_from, lambda person: person.sms),
        (Channel.VOICE, twilio and twilio.voice_from, lambda person: person.voice),
        (Channel.SLACK, set_up.slack, lambda person: person.slack),
        (Channel.PAGERDUTY, set_up.pagerduty, lambda person: person.pagerduty),
        (Channel.ALERTMANAGER, set_up.alertmanager, lambda person: person.alertmanager),
        (Channel.APPRISE, set_up.apprise, lambda person: person.apprise),
        (Channel.WEBHOOK, set_up.webhook, lambda person: person.webhook),
    ]
    return {channel: address_of for channel, there, address_of in every if there is not None}


def _paged(library: Library) -> list[str]:
    steps = (step for pinned in library.newest() for step in pinned.playbook.steps)
    return sorted({step.to for step in steps if step.action is ActionKind.PAGE and step.to is not None})


def _why(role: str, settings: PlaybookSettings, rotas: Rotas, at_ms: int) -> str:
    channels = channels_for_people(settings)
    found = reach(Live(), role, settings, channels, rotas, at_ms)
    return "" if found.to_send else "; ".join(_reasons(role, found, channels))


def _reasons(role: str, found: Reach, channels: dict[Channel, AddressOf]) -> Iterator[str]:
    if not channels and not _whole_role(found.missed):
        yield "no channel to people is set up (channels.email, channels.twilio, channels.slack, ...)"
        return
    yield from (miss.why.in_words(role, miss.person) for miss in found.missed)


def _whole_role(missed: tuple[Missed, ...]) -> bool:
    return any(not miss.person for miss in missed)
