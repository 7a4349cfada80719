"""The runner's own watch over the chain: it says that it is alive, asks the same of the others, and tells the outside.

The chain is well while watch closes buckets (which tells of triage and Kafka too), respond and the runner get on, the
store answers, nothing that is due waits, and the pages that playbooks order would reach somebody. While it is well, the
heartbeat goes out; when it is not, and stays so for longer than a restart takes, the service outside is told why. A
runner that stands still tells nobody, which the service hears as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from playbooks import telemetry
from playbooks.background import beside
from playbooks.effects.outcome import Delivered, Outcome
from playbooks.health import Ready
from playbooks.labels import HeartbeatOutcome, Role
from playbooks.readiness.ask_channels import ask_channels
from playbooks.readiness.finding import Weight
from playbooks.readiness.heartbeat import Heartbeat
from playbooks.readiness.look import due_now
from playbooks.readiness.processes import chain_troubles
from playbooks.readiness.pulse import Said
from playbooks.readiness.send_due import send_due
from playbooks.readiness.waiting import Due, waiting_findings
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery.channel_answers import write_answers
from playbooks.store.engine import StoreUnreachable
from playbooks.store.pulses import EVERY_S, Pulse, read_pulses, write_pulse
from playbooks.wall_clock import Clock

#: So long it may be unwell before the outside is told: processes that are started anew are back by then.
PATIENCE_MS = 120_000
#: How often channels are asked whether they would take a message.
ASK_EVERY_MS = 300_000
FIRST_ASK_MS = 20_000

_log = logging.getLogger(__name__)


class Alive:
    """What the runner does beside its work. Raises `MissingSecret` where the heartbeat's address is not there."""

    def __init__(self, settings: PlaybookSettings, engine: Engine, ready: Ready, clock: Clock) -> None:
        self._settings = settings
        self._engine = engine
        self._ready = ready
        self._clock = clock
        self._heartbeat = Heartbeat(settings.heartbeat) if settings.heartbeat else None
        self._said = Said(Role.RUNNER, ready, lambda: self._taken_ms, clock)
        self._unwell_since_ms: int | None = None
        self._taken_ms: int | None = None
        self._told_ms = 0
        self._logged = False
        self._asked_ms = clock() - ASK_EVERY_MS + FIRST_ASK_MS

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop` is set; what is then under way is given up."""
        async with beside(self._again_and_again(), "alive"):
            await stop.wait()

    async def _again_and_again(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as fault:
                # The rim: whatever breaks here keeps no page from going out; the service outside hears nothing.
                _log.error("the watch over the chain broke with %s", type(fault).__name__)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Look once: say that this process is alive, judge the chain, and tell the outside where it is due."""
        now_ms = self._clock()
        pulses, due, troubles = await asyncio.to_thread(self._read, now_ms)
        troubles = [*troubles, *chain_troubles(pulses, now_ms), *self._late(due, now_ms), *self._ready()]
        self._unwell_since_ms = (self._unwell_since_ms or now_ms) if troubles else None
        telemetry.CHAIN_WELL.set(0 if troubles else 1)
        self._log_change(troubles, now_ms)
        await self._tell(troubles, now_ms)
        with suppress(StoreUnreachable, SQLAlchemyError):
            await asyncio.to_thread(write_pulse, self._engine, self._said.pulse())
            await self._for_others(now_ms)

    def _log_change(self, troubles: Sequence[str], now_ms: int) -> None:
        lasts = bool(troubles) and now_ms - (self._unwell_since_ms or now_ms) >= PATIENCE_MS
        if lasts and not self._logged:
            _log.warning("a mention that comes now might page nobody: %s", " ".join(troubles))
        elif self._logged and not troubles:
            _log.info("a mention that comes now would page somebody again")
        self._logged = lasts or (self._logged and bool(troubles))

    async def _for_others(self, now_ms: int) -> None:
        """What only a process with the channels' secrets can do: send test messages, and ask whether we are let in."""
        await send_due(self._settings, self._engine, self._clock)
        if now_ms - self._asked_ms >= ASK_EVERY_MS:
            self._asked_ms = now_ms
            asked = await ask_channels(self._settings, self._clock)
            await asyncio.to_thread(write_answers, self._engine, asked, self._clock())

    async def _tell(self, troubles: Sequence[str], now_ms: int) -> None:
        if self._heartbeat is None or self._settings.heartbeat is None:
            return
        if now_ms - self._told_ms < self._settings.heartbeat.every_s * 1000 - EVERY_S * 500:
            return
        if troubles and now_ms - (self._unwell_since_ms or now_ms) < PATIENCE_MS:
            return
        self._told_ms = now_ms
        self._note(await self._heartbeat.beat(troubles, now_ms), well=not troubles)

    def _note(self, outcome: Outcome, *, well: bool) -> None:
        taken = isinstance(outcome, Delivered)
        word = HeartbeatOutcome.NOT_TAKEN
        if taken:
            word = HeartbeatOutcome.TAKEN if well else HeartbeatOutcome.TROUBLE_TAKEN
        telemetry.HEARTBEATS.labels(outcome=word).inc()
        if taken and well:
            self._taken_ms = self._clock()
        elif not taken:
            _log.warning("the heartbeat was not taken: %s", outcome.answer)

    def _read(self, now_ms: int) -> tuple[tuple[Pulse, ...], Due, list[str]]:
        try:
            own = self._said.pulse()
            return (*read_pulses(self._engine), own), due_now(self._engine, now_ms), []
        except (StoreUnreachable, SQLAlchemyError) as away:
            return (), Due(), [str(away) if isinstance(away, StoreUnreachable) else type(away).__name__]

    def _late(self, due: Due, now_ms: int) -> list[str]:
        return [found.text for found in waiting_findings(due, (), now_ms) if found.weight is Weight.FAILS]
