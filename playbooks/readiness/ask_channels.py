"""Asking every channel that is set up whether it would take us, all at once, each within its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from playbooks.effects.asked import Asked
from playbooks.effects.check import Checkable
from playbooks.effects.message import Effect
from playbooks.effects.outcome import Retry
from playbooks.effects.registry import EFFECTS
from playbooks.labels import Channel
from playbooks.readiness.one_answer import one_answer
from playbooks.readiness.surroundings import OtherClock
from playbooks.settings import PlaybookSettings
from playbooks.settings.section import MissingSecret
from playbooks.wall_clock import Clock


async def ask_channels(settings: PlaybookSettings, clock: Clock) -> list[Asked]:
    """What came of asking each channel that is set up, in the registry's order."""
    effects, missing = opened(settings)
    asked = await asyncio.gather(*(_ask(effect, clock) for effect in effects.values()))
    return sorted([*asked, *missing], key=lambda one: list(EFFECTS).index(one.channel))


def opened(settings: PlaybookSettings) -> tuple[dict[Channel, Effect], list[Asked]]:
    """The channels that can be opened, and those of which a secret is not there."""
    effects: dict[Channel, Effect] = {}
    missing: list[Asked] = []
    for channel, opener in EFFECTS.items():
        try:
            effect = opener(settings)
        except MissingSecret as wrong:
            missing.append(Asked(channel, missing=str(wrong)))
        else:
            if effect is not None:
                effects[channel] = effect
    return effects, missing


def clocks_of(asked: Iterable[Asked]) -> list[OtherClock]:
    """The clocks that channels showed us; one of a service that stands behind two channels counts once."""
    found: dict[str, OtherClock] = {}
    for one in asked:
        if one.their_ms is not None:
            whose = "twilio" if one.channel in (Channel.SMS, Channel.VOICE) else one.channel.value
            # HTTP says whole seconds, cut off: half of one is the best guess.
            found[whose] = OtherClock(whose, one.at_ms - one.took_ms // 2 - one.their_ms - 500)
    return list(found.values())


async def _ask(effect: Effect, clock: Clock) -> Asked:
    if not isinstance(effect, Checkable):
        return Asked(effect.channel)
    began_ms = clock()
    checked = await one_answer(effect.check())
    if isinstance(checked, Retry):
        return Asked(effect.channel, checked)
    ended_ms = clock()
    return Asked(effect.channel, checked.outcome, "", _moment(checked.date), ended_ms, ended_ms - began_ms)


def _moment(date: str) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
