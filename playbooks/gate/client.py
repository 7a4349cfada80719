"""Asking the gate from Python, failing closed: a post may go only after a clear and fresh yes.

>>> import asyncio, aiohttp
>>> from playbooks.gate.decision import GateRequest, OutgoingPost
>>> from playbooks.secret import Secret
>>> async def main() -> Answer:
...     async with aiohttp.ClientSession() as session:
...         client = GateClient(session, "http://127.0.0.1:9", Secret("token"))
...         return await client.ask(GateRequest(brand="acme", platform="x", post=OutgoingPost(id="1", text="Hello")))
>>> answer = asyncio.run(main())
>>> answer.allowed, answer.outcome.value
(False, 'unreachable')
"""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from playbooks.gate.answer import MAX_ANSWER_BYTES, NO_TEXT_AT_ALL, TIMEOUT_S, Answer, Outcome, judge, no
from playbooks.gate.decision import GateRequest
from playbooks.secret import Secret
from playbooks.wall_clock import Clock, now_ms


class GateClient:
    """Asks one gate. `url` is its address without a path, `session` the caller's, `timeout_s` for the whole question.

    Raising `timeout_s` waits longer for a slow gate; the answer's own time runs meanwhile.
    """

    def __init__(
        self,
        session: ClientSession,
        url: str,
        token: Secret | str,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Clock = now_ms,
    ) -> None:
        self._session = session
        self._address = url.rstrip("/") + "/v1/gate/decisions"
        self._token = token if isinstance(token, Secret) else Secret(token)
        self._timeout_s = timeout_s
        self._clock = clock

    async def ask(self, request: GateRequest) -> Answer:
        """Whether this one post may go. Never raises for what the gate or the network does: that is a no."""
        asked_ms = self._clock()
        try:
            async with asyncio.timeout(self._timeout_s):
                status, body = await self._send(request)
        except UnicodeEncodeError:
            return NO_TEXT_AT_ALL
        except TimeoutError:
            return no(Outcome.TIMED_OUT, f"the gate did not answer within {self._timeout_s:g} s")
        except (ClientError, OSError, ValueError) as wrong:
            return no(Outcome.UNREACHABLE, f"the gate cannot be reached: {type(wrong).__name__}")
        return judge(status, body, asked_ms, self._clock())

    async def _send(self, request: GateRequest) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Content-Type": "application/json"}
        async with self._session.post(
            self._address,
            data=msgspec.json.encode(request),
            headers=headers,
            allow_redirects=False,
            timeout=ClientTimeout(total=self._timeout_s),
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise ValueError("the answer is too large")
            return response.status, bytes(body)
