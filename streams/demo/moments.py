"""What is measured in the demo: when the signal, the page, the notice and the hold came."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import msgspec
from aiohttp import ClientSession
from sqlalchemy import Engine, select

from detectors.signal import Signal, SignalKind
from playbooks.gate.answer import Answer
from playbooks.gate.client import GateClient
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.incidents.incident import IncidentView
from playbooks.secret import Secret
from playbooks.store.engine import reading
from playbooks.store.incidents.incidents import list_incidents
from playbooks.store.schema import signals
from streams.brokers.broker import LOOPBACK
from streams.demo.inbox import Inbox, Mail

_ON_CALL = "alex"
_EXECUTIVE = "robin"
_PAGING_SEVERITY = 3


@dataclass(slots=True)
class Moments:
    """What has happened so far; wall-clock times are `time.time()`, None until they happen.

    `signal_stored` is when respond's transaction wrote the signal, and with it the incident and the hold.
    """

    signal: Signal | None = None
    signal_stored: float | None = None
    incident: IncidentView | None = None
    page: Mail | None = None
    notice: Mail | None = None
    held: float | None = None
    answer: Answer | None = None
    allowed_before: int = 0

    @property
    def complete(self) -> bool:
        """Whether the whole chain has happened."""
        return None not in (self.signal, self.incident, self.page, self.notice, self.held)


@dataclass(slots=True)
class Lookout:
    """Looks at what people would see: the store, the inbox, and the gate as a scheduler asks it."""

    engine: Engine
    inbox: Inbox
    gate: GateClient
    brand: str
    run: str
    moments: Moments = field(default_factory=Moments)

    async def look(self) -> Moments:
        """Look once."""
        seen = self.moments
        if seen.signal is None:
            self._look_for_signal()
        if seen.incident is None:
            seen.incident = next(iter(list_incidents(self.engine, self.run)), None)
        seen.page = seen.page or self._mail_to(_ON_CALL)
        seen.notice = seen.notice or self._mail_to(_EXECUTIVE)
        if seen.held is None:
            await self._ask()
        return seen

    def _mail_to(self, name: str) -> Mail | None:
        """The first mail of the run: all else, such as that the brand was armed, is no drill."""
        return next((mail for mail in self.inbox.to(name) if "DRILL" in str(mail.message["Subject"])), None)

    def _look_for_signal(self) -> None:
        """The first signal of the run that a playbook answers to: one about negativity."""
        query = select(signals.c.body, signals.c.recorded_ms).where(signals.c.run == self.run).order_by(signals.c.at_ms)
        with reading(self.engine) as conn:
            for body, recorded_ms in conn.execute(query):
                found = msgspec.convert(body, Signal)
                if found.kind is SignalKind.NEGATIVITY and found.severity >= _PAGING_SEVERITY:
                    self.moments.signal, self.moments.signal_stored = found, recorded_ms / 1000
                    return

    async def _ask(self) -> None:
        """What a posting team's scheduler does before each post."""
        post = OutgoingPost(id=f"demo-{time.time_ns()}", text="Our summer offer is here!")
        answer = await self.gate.ask(
            GateRequest(brand=self.brand, platform="x", post=post, automated=True, scheduler="demo", run=self.run)
        )
        if answer.allowed:
            self.moments.allowed_before += 1
        elif answer.hold is not None:
            self.moments.held, self.moments.answer = time.time(), answer


def scheduler(session: ClientSession, port: int, token: str) -> GateClient:
    """The demo's scheduler, as a client of the gate."""
    return GateClient(session, f"http://{LOOPBACK}:{port}", Secret(token))
