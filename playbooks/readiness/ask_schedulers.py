"""Asking every account in a scheduler whether we may read it, all at once: one request each, which changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from playbooks.effects.outcome import Retry
from playbooks.readiness.one_answer import one_answer
from playbooks.readiness.schedulers import AskedAccount
from playbooks.schedulers.post import Trouble, Why
from playbooks.schedulers.registry import open_scheduler
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.settings.section import MissingSecret
from playbooks.wall_clock import Clock


async def ask_schedulers(schedulers: Mapping[str, SchedulerSettings], clock: Clock) -> dict[str, AskedAccount]:
    """What came of asking each account, by its name in the settings."""
    asked = await asyncio.gather(*(_ask(name, settings, clock) for name, settings in schedulers.items()))
    return dict(zip(schedulers, asked, strict=True))


async def _ask(name: str, settings: SchedulerSettings, clock: Clock) -> AskedAccount:
    try:
        scheduler = open_scheduler(name, settings, clock)
    except MissingSecret as wrong:
        return AskedAccount(missing=str(wrong))
    look = await one_answer(scheduler.look(clock(), first_only=True))
    return AskedAccount(Trouble(Why.NO_ANSWER, look.answer) if isinstance(look, Retry) else look.trouble)
