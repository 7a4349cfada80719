"""Going round all accounts inside a runner: each is looked at when it is due, or as soon as a hold covers it.

Several runners share the work: an account is looked at by whoever has its lease. A pass that is broken off loses
nothing: posts are written down before they are touched, and the next pass reads them back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from sqlalchemy import Engine

from detectors.run import Live, run_of
from playbooks import telemetry
from playbooks.background import beside
from playbooks.holds.hold import Hold
from playbooks.schedulers.account import Account
from playbooks.schedulers.canary import GateCanary
from playbooks.schedulers.decisions import AccountState
from playbooks.schedulers.registry import open_scheduler
from playbooks.schedulers.round import Round
from playbooks.settings import PlaybookSettings
from playbooks.store import leases
from playbooks.store.engine import StoreUnreachable
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.patient_store import PatientStore
from playbooks.store.schedules import posts as scheduled_posts
from playbooks.wall_clock import Clock

#: How often it is looked whether something is due, or a hold has come or gone.
LOOK_S = 1.0
LEASE_MS = 30_000
#: Accounts looked at at the same time.
AT_ONCE = 4

_log = logging.getLogger(__name__)


class SchedulerKeeper:
    """The accounts of the settings. Raises `MissingSecret` where one's token is not there."""

    def __init__(self, settings: PlaybookSettings, store: PatientStore, clock: Clock, owner: str) -> None:
        self._settings = settings.schedulers
        self._store = store
        self._clock = clock
        self._owner = owner
        canary = GateCanary(settings.gate)
        spacing_ms = int(settings.gate.spacing_min * 60_000)
        self._rounds = {
            name: Round(name, each, open_scheduler(name, each, clock), store, clock, canary.ask, spacing_ms)
            for name, each in settings.schedulers.items()
        }
        self._room = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Go round until `stop` is set; what is then under way is broken off."""
        if not self._rounds:
            return
        async with beside(self._go_on(), "schedulers"):
            await stop.wait()

    async def look(self) -> None:
        """Do whatever is due now, and wait for it."""
        holds, accounts = await self._store.do(_known)
        due = [name for name in self._rounds if self._is_due(name, holds, accounts)]
        await asyncio.gather(*(self._go(name, self._covering(name, holds)) for name in due))

    async def _go_on(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    holds, accounts = await self._store.do(_known)
                except StoreUnreachable:  # raised only once the process stops
                    return
                _show(accounts)
                for name in self._rounds:
                    if name not in self._under_way and self._is_due(name, holds, accounts):
                        group.create_task(self._go(name, self._covering(name, holds)))
                await asyncio.sleep(LOOK_S)

    def _is_due(self, name: str, holds: Sequence[Hold], accounts: Mapping[str, Account]) -> bool:
        known, covering = accounts.get(name), self._covering(name, holds)
        if known is None or known.next_ms <= self._clock():
            return True
        return known.hold != (covering[0].id if covering else None)

    def _covering(self, name: str, holds: Sequence[Hold]) -> list[Hold]:
        """The holds of life that cover the account. A drill's and a replay's touch no scheduler."""
        each = self._settings[name]
        return [
            hold
            for hold in holds
            if isinstance(run_of(hold.run), Live) and hold.covers(each.brand, each.platform, None, each.account)
        ]

    async def _go(self, name: str, holds: Sequence[Hold]) -> None:
        self._under_way.add(name)
        try:
            async with self._room:
                await self._leased(name, holds)
        except StoreUnreachable:
            _log.warning("scheduler %r: stopped before its end could be written down", name)
        except Exception as fault:
            # The rim: one account must not keep the others from being held; it is looked at again.
            _log.error("scheduler %r: the pass broke off with %s", name, type(fault).__name__, exc_info=fault)
            await asyncio.sleep(LOOK_S)
        finally:
            self._under_way.discard(name)

    async def _leased(self, name: str, holds: Sequence[Hold]) -> None:
        lease = f"scheduler:{name}"
        taken = partial(leases.acquire, name=lease, owner=self._owner, lease_ms=LEASE_MS)
        if not await self._store.do(lambda engine: taken(engine, now_ms=self._clock())):
            return
        renewing = asyncio.create_task(self._renew(lease))
        try:
            before = (await self._store.do(scheduled_posts.accounts)).get(name)
            after = await self._rounds[name].go(holds, before)
            if before is None or before.state is not after.state:
                _log.info("scheduler %r: %s %s", name, after.state.value, after.detail)
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            await self._store.do(lambda engine: leases.release(engine, lease, self._owner))

    async def _renew(self, lease: str) -> None:
        with suppress(StoreUnreachable):
            while True:
                await asyncio.sleep(LEASE_MS / 3000)
                await self._store.do(lambda engine: leases.renew(engine, lease, self._owner, self._clock(), LEASE_MS))


def _known(engine: Engine) -> tuple[list[Hold], dict[str, Account]]:
    """The holds in force, the oldest first, and the accounts."""
    holds = sorted(holds_in_force(engine), key=lambda hold: (hold.recorded_ms, hold.id))
    return holds, scheduled_posts.accounts(engine)


def _show(accounts: Mapping[str, Account]) -> None:
    states = Counter(account.state for account in accounts.values())
    for state in AccountState:
        telemetry.SCHEDULER_ACCOUNTS.labels(state=state).set(states[state])
    telemetry.SCHEDULED_POSTS_GOING.set(sum(account.going for account in accounts.values()))
    telemetry.SCHEDULED_POSTS_LEAKED.set(sum(account.leaked for account in accounts.values()))
