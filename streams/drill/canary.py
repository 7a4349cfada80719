"""The canary: a scheduler that asks the gate before each of its posts, as every scheduler should, all through a drill.

Its posts name the drill's run, so that the drill's hold, and nothing else of the drill, is in their way. It posts
nothing. A post that is held is asked for again, as a scheduler does, and not another one: people have to look at every
post that was held before they let go. What the canary was told is the measure of how many posts slipped through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiohttp import ClientSession

from playbooks.drills.measure import Asked
from playbooks.gate.client import GateClient
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.secret import Secret
from playbooks.wall_clock import Clock, now_ms

ASK_EVERY_S: Final = 0.2
_AT_FIRST_S: Final = 45.0


class Canary:
    """Asks for each of `platforms` in turn until it is cancelled; `asked` is what it was told so far."""

    def __init__(
        self, url: str, token: Secret, brand: str, platforms: Sequence[str], run: str, clock: Clock = now_ms
    ) -> None:
        self.asked: list[Asked] = []
        self._url = url
        self._token = token
        self._brand = brand
        self._platforms = platforms
        self._run = run
        self._clock = clock
        self._told = asyncio.Event()
        self._gone = dict.fromkeys(platforms, 0)

    async def go_on(self) -> None:
        """Ask and ask again. What the gate or the network does is an answer, so nothing of that is raised."""
        async with ClientSession() as session:
            gate = GateClient(session, self._url, self._token, clock=self._clock)
            while True:
                for platform in self._platforms:
                    asked_ms = self._clock()
                    answer = await gate.ask(self._post(platform))
                    self.asked.append(Asked(asked_ms, self._clock(), platform, answer.outcome, answer.hold))
                    if answer.allowed or answer.hold is not None:
                        self._told.set()
                    # What is held without a hold, as while detection is away, waits for a person's word: another post.
                    self._gone[platform] += answer.hold is None
                await asyncio.sleep(ASK_EVERY_S)

    async def wait_until_told(self) -> None:
        """Wait until a post is allowed, or a hold is in its way: a system that has just begun allows none at first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_AT_FIRST_S):
                await self._told.wait()

    def _post(self, platform: str) -> GateRequest:
        # A text of each drill's own: a post that was held in one drill is not known in the next.
        number = self._gone[platform] + 1
        post = OutgoingPost(
            id=f"{self._run}-{platform}-{number}", text=f"DRILL {self._run}: our summer offer is here ({number})"
        )
        return GateRequest(
            brand=self._brand, platform=platform, post=post, automated=True, scheduler="drill", run=self._run
        )
