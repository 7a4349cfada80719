"""Questions at an even rate, whether or not the answers keep up, and how long each took from when it was due."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

_CONNECTIONS = 64
_TIMEOUT_S = 5.0


@dataclass(slots=True)
class Load:
    """What came of a load: seconds for each answer, and how many were allowed, held, or no answer."""

    took_s: list[float] = field(default_factory=list)
    allowed: int = 0
    held: int = 0
    unanswered: int = 0
    #: When each allow was asked for and when each hold came, by `time.monotonic`.
    allowed_s: list[float] = field(default_factory=list)
    held_s: list[float] = field(default_factory=list)

    def quantile_ms(self, share: float) -> float:
        """The milliseconds below which a share of the answers came.

        >>> Load([0.001, 0.002, 0.003]).quantile_ms(0.5)
        2.0
        """
        ordered = sorted(self.took_s)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


async def load(url: str, token: str, rate: float, seconds: float, brand: str) -> Load:
    """Ask `rate` questions a second for `seconds`, each about a post of its own."""
    found, begun = Load(), time.monotonic()
    timeout = ClientTimeout(total=_TIMEOUT_S)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with ClientSession(connector=TCPConnector(limit=_CONNECTIONS), timeout=timeout, headers=headers) as session:
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                due = begun + number / rate
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                group.create_task(_ask(session, url, brand, number, due, found))
    return found


async def _ask(session: ClientSession, url: str, brand: str, number: int, due: float, found: Load) -> None:
    post = {"id": f"post-{number}", "text": f"Good morning {number}"}
    question = {"brand": brand, "platform": "x", "account": "acme_news", "automated": True, "post": post}
    try:
        async with session.post(url, data=json.dumps(question)) as response:
            answer = await response.json() if response.status == 200 else {}
    except (ClientError, TimeoutError, ValueError):
        found.unanswered += 1
        return
    now = time.monotonic()
    found.took_s.append(now - due)
    match answer.get("decision"):
        case "allow":
            found.allowed += 1
            found.allowed_s.append(due)
        case "hold":
            found.held += 1
            found.held_s.append(now)
        case _:
            found.unanswered += 1
