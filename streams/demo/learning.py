"""Waiting until the stage's watch has learned what is usual."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

from aiohttp import ClientError, ClientSession

from streams.brokers.broker import LOOPBACK
from streams.demo.play import Script
from streams.demo.stage import Stage, StageFailed
from streams.demo.telling import Tell

_CAUGHT_UP_S: Final = 300.0
_ASK_EVERY_S: Final = 0.5
_DAY_MS: Final = 86_400_000


async def caught_up(tell: Tell, stage: Stage, play: Script) -> None:
    """Wait until the watch of `stage` has closed what lies before the crisis; raises `StageFailed`."""
    deadline = time.monotonic() + _CAUGHT_UP_S
    async with ClientSession() as session:
        days_in_all = (play.live_ms - play.scenario.start_ms) / _DAY_MS
        while time.monotonic() < deadline:
            stage.check()
            reached_ms = 1000 * await _watermark_s(session, stage.ports["watch"])
            days = max(0.0, (reached_ms - play.scenario.start_ms) / _DAY_MS)
            tell(f"what is usual: {days:.1f} of {days_in_all:.0f} days", min(1.0, days / days_in_all))
            if reached_ms >= play.live_ms - 120_000:
                tell("what is usual: learned, not given", 1.0)
                return
            await asyncio.sleep(_ASK_EVERY_S)
    raise StageFailed(f"the watch did not catch up within {_CAUGHT_UP_S:.0f} s\n{stage.log('watch')}")


async def _watermark_s(session: ClientSession, port: int) -> float:
    with suppress(ClientError):
        async with session.get(f"http://{LOOPBACK}:{port}/metrics") as answer:
            for line in (await answer.text()).splitlines():
                if line.startswith("firebreak_watermark_seconds") and 'run_kind="drill"' in line:
                    return float(line.rpartition(" ")[2])
    return 0.0
