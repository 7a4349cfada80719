"""The server of each kind, and a world in which one of them is held: a store, a clock, holds, passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine, select, update

from playbooks.holds.hold import Hold
from playbooks.labels import Role
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import AccountState, Canary
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.registry import open_scheduler
from playbooks.schedulers.round import Round
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.store import schema
from playbooks.store.engine import reading, writing
from playbooks.store.holds import holds
from playbooks.store.patient_store import PatientStore
from playbooks.store.schedules import posts as scheduled_posts
from playbooks.store.schema import outbox
from tests.parts.due_actions import INCIDENT, put
from tests.parts.schedulers.buffer import BufferServer
from tests.parts.schedulers.facebook import FacebookServer
from tests.parts.schedulers.hootsuite import HootsuiteServer
from tests.parts.schedulers.mastodon import MastodonServer
from tests.parts.schedulers.postiz import PostizServer
from tests.parts.schedulers.server import MINUTE_MS, Server
from tests.parts.schedulers.webhook import OwnServer
from tests.parts.schedulers.wordpress import WordPressServer

SERVERS: dict[SchedulerKind, Callable[[], Server]] = {
    SchedulerKind.BUFFER: BufferServer,
    SchedulerKind.MASTODON: MastodonServer,
    SchedulerKind.POSTIZ: PostizServer,
    SchedulerKind.WORDPRESS: WordPressServer,
    SchedulerKind.HOOTSUITE: HootsuiteServer,
    SchedulerKind.FACEBOOK: FacebookServer,
    SchedulerKind.WEBHOOK: OwnServer,
}
NAME = "ours"
SPACING_MS = 10 * MINUTE_MS


@dataclass
class World:
    """One account under holds, in a store."""

    store: Engine
    server: Server
    canary: Canary = Canary.REFUSED
    patient: PatientStore = field(init=False)
    round: Round = field(init=False)

    def __post_init__(self) -> None:
        put(self.store)
        self.patient = PatientStore(self.store, asyncio.Event(), Role.RUNNER)
        self.restart()

    def restart(self) -> None:
        """Another process: nothing is known but what the store has."""
        settings = self.server.settings(timeout_s=20.0)
        adapter = open_scheduler(NAME, settings, self.server.clock)
        self.round = Round(NAME, settings, adapter, self.patient, self.server.clock, self._ask, SPACING_MS)

    async def _ask(self, _: SchedulerSettings) -> Canary:
        return self.canary

    def hold(self, hold_id: str = "hold-1", run: str = "") -> None:
        """A hold on everything of the brand."""
        with writing(self.store) as conn:
            holds.place(
                conn,
                hold_id=hold_id,
                incident=INCIDENT,
                run=run,
                brand="acme",
                platform=None,
                reason="A storm",
                releasers_needed=1,
                placed_ms=self.server.now_ms,
                recorded_ms=self.server.now_ms,
            )

    def release(self, hold_id: str = "hold-1") -> None:
        """Whatever it takes; here the row alone."""
        with writing(self.store) as conn:
            gone = update(schema.holds).where(schema.holds.c.id == hold_id).values(released_ms=self.server.now_ms)
            conn.execute(gone)

    def release_all(self) -> None:
        """Whatever it takes; here the rows alone."""
        for hold in self.in_force():
            self.release(hold.id)

    def in_force(self) -> list[Hold]:
        """The oldest first."""
        return sorted(holds.holds_in_force(self.store), key=lambda hold: hold.recorded_ms)

    async def look(self) -> Account:
        """One pass."""
        known = scheduled_posts.accounts(self.store).get(NAME)
        return await self.round.go(self.in_force(), known)

    async def state(self) -> AccountState:
        """What one pass says."""
        return (await self.look()).state

    def stage(self, post: str) -> Stage:
        """Where a post stands, as the store has it."""
        return self.kept()[post].stage

    def kept(self) -> dict[str, Kept]:
        """Everything that is kept."""
        return scheduled_posts.kept_posts(self.store, NAME)

    def told(self, kind: str = "page") -> list[tuple[str, str]]:
        """Role and text of what people were told, in order."""
        query = select(outbox.c.target, outbox.c.body).where(outbox.c.step == "scheduler", outbox.c.action == kind)
        with reading(self.store) as conn:
            rows = conn.execute(query.order_by(outbox.c.due_ms, outbox.c.id)).all()
        return [(target, f"{body['subject']}\n{body['text']}") for target, body in rows]

    def close(self) -> None:
        """Close the connections."""
        self.patient.close()
