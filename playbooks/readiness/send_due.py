"""Sending the test messages that were asked for on the console: its process need not have the channels' secrets."""

from __future__ import annotations

import asyncio

from sqlalchemy import Engine

from playbooks.readiness.ask_channels import opened
from playbooks.readiness.contacts import points_of
from playbooks.readiness.proof import for_tests, message_of, send_test, way_of
from playbooks.readiness.reachability import channels_for_people
from playbooks.settings import PlaybookSettings
from playbooks.settings.section import MissingSecret
from playbooks.store.delivery.contact_tests import ContactTest, note_outcome, note_place, take_asked
from playbooks.wall_clock import Clock

_GONE = "the person has no such contact point any more"


async def send_due(settings: PlaybookSettings, engine: Engine, clock: Clock) -> int:
    """Send what was asked for; returns how many. Raises `StoreUnreachable`."""
    tests = await asyncio.to_thread(take_asked, engine, clock())
    if tests:
        await asyncio.gather(*(_send(settings, engine, test, clock) for test in tests))
    return len(tests)


async def _send(settings: PlaybookSettings, engine: Engine, test: ContactTest, clock: Clock) -> None:
    points = points_of(settings, channels_for_people(settings))
    point = next((one for one in points if (one.person, one.channel) == (test.person, test.channel)), None)
    effects, missing = opened(for_tests(settings))
    effect = effects.get(test.channel)
    if point is None or effect is None:
        why = next((one.missing for one in missing if one.channel is test.channel), _GONE)
        await asyncio.to_thread(note_outcome, engine, test.id, "failed", why)
        return
    try:
        message = message_of(test, point, way_of(settings), clock())
    except MissingSecret as wrong:
        await asyncio.to_thread(note_outcome, engine, test.id, "failed", str(wrong))
        return
    await asyncio.to_thread(note_place, engine, test.id, point.address_hash)
    word, detail = await send_test(effect, message)
    await asyncio.to_thread(note_outcome, engine, test.id, word, detail)
