"""The runner: carries out due actions from the store, by as many processes as one likes.

It polls the outbox, takes what is due under a lease, and carries it out (`carry_out.py`). Pages, notices and
annotations go in lanes of their own, so that neither a slow Grafana nor a mail to executives that hangs holds up a
page. What is under way when the process is told to stop is finished; what a killed process leaves is taken over by
the next one when the lease has run out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import assert_never

from playbooks import telemetry
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, library_of
from playbooks.effects.registry import open_effects
from playbooks.health import serve_health
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind, Role
from playbooks.oncall.keeper import RotaKeeper
from playbooks.oncall.rotas import NO_ROTAS, Rotas
from playbooks.oncall.shelf import StoreShelf
from playbooks.readiness.alive import Alive
from playbooks.readiness.reachability import pages_to_nobody
from playbooks.running.carry_out import Carrier
from playbooks.running.standing_orders import StandingOrders
from playbooks.running.started import started
from playbooks.running.waking import Waker
from playbooks.schedulers.hold_check import HoldCheck
from playbooks.schedulers.keeper import SchedulerKeeper
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery import outbox
from playbooks.store.delivery.outbox import Backlog, LeaseLost
from playbooks.store.engine import StoreUnreachable, migrate, open_store
from playbooks.store.patient_store import PatientStore
from playbooks.wall_clock import Clock, now_ms

_log = logging.getLogger(__name__)


class Lane(StrEnum):
    """Actions that may hold up one another."""

    PAGE = "page"
    NOTIFY = "notify"
    ANNOTATE = "annotate"


#: How many timers that cannot be woken are named where it is asked what is wrong.
MOST_TOLD = 5
#: How many actions of a lane are under way at once.
ROOM = {Lane.PAGE: 32, Lane.NOTIFY: 16, Lane.ANNOTATE: 2}


def lane_of(kind: ActionKind) -> Lane:
    """The lane of a kind of action.

    >>> lane_of(ActionKind.HOLD)
    <Lane.PAGE: 'page'>
    """
    match kind:
        case ActionKind.PAGE | ActionKind.HOLD:
            return Lane.PAGE
        case ActionKind.NOTIFY | ActionKind.TASK | ActionKind.DECISION | ActionKind.STATEMENT:
            return Lane.NOTIFY
        case ActionKind.ANNOTATE:
            return Lane.ANNOTATE
        case _:
            assert_never(kind)


KINDS = {lane: tuple(kind for kind in ActionKind if lane_of(kind) is lane) for lane in Lane}


async def run_runner(settings: PlaybookSettings, stop: asyncio.Event, clock: Clock = now_ms) -> None:
    """Carry out what is due until `stop` is set.

    Raises `MissingSecret`, `PlaybookError`, `StoreUnreachable` or `PortTaken` at the start; later it waits for what is
    missing.
    """
    effects = open_effects(settings)
    engine = await asyncio.to_thread(open_store, settings.store)
    await asyncio.to_thread(migrate, engine)
    telemetry.start([Role.RUNNER], brands=settings.brands)
    store = PatientStore(engine, stop, Role.RUNNER)
    keeper = RotaKeeper(settings, clock, StoreShelf(store.do))
    carrier = Carrier(settings, store, effects, clock, random.random, keeper.rotas)
    await keeper.open()
    orders = StandingOrders(store, settings.brands, clock)
    await orders.open()
    runner = Runner(settings, store, carrier, library_of(settings), clock, keeper.rotas, orders.armed)
    schedulers = SchedulerKeeper(settings, store, clock, f"{os.getpid()}-{uuid.uuid4().hex}")
    alive = Alive(settings, engine, runner.not_ready, clock)
    for why in runner.not_ready():
        _log.warning("%s", why)
    _log.info("%s", started(orders.armed(), effects))
    try:
        async with serve_health(
            settings.metrics_host, settings.runner.metrics_port, runner.not_ready, setting="runner.metrics_port"
        ):
            async with asyncio.TaskGroup() as group:
                group.create_task(keeper.run(stop))
                group.create_task(orders.run(stop))
                group.create_task(schedulers.run(stop))
                group.create_task(HoldCheck(settings, store, clock).run(stop))
                group.create_task(alive.run(stop))
                await runner.run(stop)
    finally:
        await asyncio.to_thread(store.close)


class Runner:
    """The loop round the outbox."""

    def __init__(
        self,
        settings: PlaybookSettings,
        store: PatientStore,
        carrier: Carrier,
        library: Library,
        clock: Clock,
        rotas: Callable[[], Rotas] = lambda: NO_ROTAS,
        armed: Callable[[], Mapping[str, Arming]] = dict,
    ) -> None:
        self._settings = settings.runner
        self._people = settings
        self._library = library
        self._rotas = rotas
        self._armed = armed
        self._store = store
        self._carrier = carrier
        self._clock = clock
        self._waker = Waker(settings, store, library, clock, rotas)
        self._owner = f"{socket.gethostname()[:64]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._under_way: Counter[Lane] = Counter()
        self._wake = asyncio.Event()

    def not_ready(self) -> list[str]:
        """Why it cannot do its work just now."""
        unreached = pages_to_nobody(self._people, self._library, self._armed(), self._rotas(), self._clock())
        stuck = list(self._waker.troubles.values())[:MOST_TOLD]
        return [*([self._store.trouble] if self._store.trouble else []), *unreached, *stuck]

    async def run(self, stop: asyncio.Event) -> None:
        """Take what is due and carry it out, until `stop` is set and what is under way is done."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wake_at(stop))
            while not stop.is_set():
                self._wake.clear()
                with suppress(StoreUnreachable):  # raised only once `stop` is set
                    await self._waker.wake()
                    await self._take(group.create_task)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.poll_s):
                        await self._wake.wait()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _take(self, start: Callable[..., object]) -> None:
        backlog = await self._store.do(lambda engine: outbox.backlog(engine, self._clock()))
        self._show(backlog)
        for lane in Lane:
            room = ROOM[lane] - self._under_way[lane]
            if room and any(backlog[kind].claimable for kind in KINDS[lane] if kind in backlog):
                for due in await self._claim(lane, room):
                    self._under_way[lane] += 1
                    start(self._carry_out(lane, due))

    async def _claim(self, lane: Lane, room: int) -> list[DueAction]:
        lease_ms = int(self._settings.lease_s * 1000)
        return await self._store.do(
            lambda engine: outbox.claim_due(engine, self._owner, self._clock(), lease_ms, room, KINDS[lane])
        )

    async def _carry_out(self, lane: Lane, due: DueAction) -> None:
        try:
            await self._carrier.carry_out(due)
        except LeaseLost:
            _log.warning("action %r: another runner has it now", due.id)
        except StoreUnreachable:
            _log.warning("action %r: stopped before its end could be written down", due.id)
        except Exception as fault:
            # The rim: the action comes back when its lease has run out, and the others go on.
            _log.error("action %r broke off with %s at %s", due.id, type(fault).__name__, _place(fault))
        finally:
            self._under_way[lane] -= 1
            self._wake.set()

    def _show(self, backlog: dict[ActionKind, Backlog]) -> None:
        oldest_ms = min((found.oldest_due_ms for found in backlog.values()), default=None)
        telemetry.OUTBOX_DUE.set(sum(found.unfinished for found in backlog.values()))
        telemetry.OUTBOX_OLDEST_DUE.set(0 if oldest_ms is None else max(0, self._clock() - oldest_ms) / 1000)


def _place(fault: Exception) -> str:
    # Not the fault's own words: they may be text from outside.
    frames = traceback.extract_tb(fault.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-3:]))
