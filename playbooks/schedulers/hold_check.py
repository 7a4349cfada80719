"""While a hold of life is in force, the gate is asked about a post that it must refuse, whatever schedulers there are.

A gate that lets it go goes by another store than the one in which the hold stands, or by none: whoever asks it posts.
The person on call hears of it at once, once for each hold.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

import msgspec
import xxhash
from sqlalchemy import Engine

from detectors.run import Live, run_of
from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.effects.message import Notice
from playbooks.holds.hold import Hold
from playbooks.incidents.action import Action
from playbooks.labels import ActionKind
from playbooks.oncall.people import OPS
from playbooks.schedulers.canary import GateCanary
from playbooks.schedulers.decisions import Canary
from playbooks.schedulers.telling import ON_CALL
from playbooks.settings import PlaybookSettings
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.store.delivery import outbox
from playbooks.store.engine import StoreUnreachable, writing
from playbooks.store.holds.holds import holds_in_force, read_hold
from playbooks.store.patient_store import PatientStore
from playbooks.wall_clock import Clock

CHECK_S = 60.0
#: In place of a platform, where the hold is for every one.
ANY_PLATFORM = "check"

_log = logging.getLogger(__name__)


class HoldCheck:
    """Asks again and again; `ask` is the gate's, or a test's."""

    def __init__(
        self,
        settings: PlaybookSettings,
        store: PatientStore,
        clock: Clock,
        ask: Callable[[SchedulerSettings], Awaitable[Canary]] | None = None,
    ) -> None:
        self._brands = tuple(settings.brands)
        self._store = store
        self._clock = clock
        self._ask = ask or GateCanary(settings.gate).ask

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except StoreUnreachable:  # raised only once the process stops
                return
            except Exception:
                # The rim: the runner has more to do than this.
                _log.exception("a fault while the gate was checked")
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await stop.wait()

    async def look(self) -> None:
        """Ask about each hold once, and tell of a gate that lets the check go."""
        held = await self._store.do(holds_in_force)
        for hold in held:
            if not isinstance(run_of(hold.run), Live) or (about := self._about(hold)) is None:
                continue
            if await self._ask(about) is Canary.ALLOWED:
                await self._store.do(partial(_tell, hold=hold, now_ms=self._clock()))

    def _about(self, hold: Hold) -> SchedulerSettings | None:
        """A post that the hold covers: what it says nothing of, account and tags, matches every hold."""
        brand = next(iter(self._brands), None) if hold.brand == EVERY_BRAND else hold.brand
        if brand is None:
            return None
        return SchedulerSettings(kind=SchedulerKind.WEBHOOK, brand=brand, platform=hold.platform or ANY_PLATFORM)


def _tell(engine: Engine, hold: Hold, now_ms: int) -> None:
    still = read_hold(engine, hold.id)
    if still is None or not still.in_force:  # released while the gate was asked: it was right
        return
    with writing(engine) as conn:
        outbox.add(conn, told_of_open_gate(hold, now_ms))


def told_of_open_gate(hold: Hold, now_ms: int) -> list[Action]:
    """A page to the person on call and one to ops; the same ones for the same hold."""
    text = (
        "THE GATE ALLOWED a post of the check that it had to refuse: this hold is in force, and whoever asks that gate "
        "may post all the same.\n\nIs it another Firebreak's gate, or does it read another store (store.url)? Stop "
        "what posts by itself until that is mended."
    )
    notice = Notice(
        subject=f"{hold.brand}: the gate lets posts go although they are held",
        text=text,
        brand=hold.brand,
        platform=hold.platform,
        severity=5,
        incident=hold.incident,
    )
    return [_page(hold, role, notice, now_ms) for role in (ON_CALL, OPS)]


def _page(hold: Hold, role: str, notice: Notice, now_ms: int) -> Action:
    body: Mapping[str, object] = msgspec.to_builtins(notice)
    return Action(
        id=f"hold-check-{xxhash.xxh3_128_hexdigest(f'{hold.id}:{role}'.encode())}",
        incident=hold.incident,
        run="",
        step="hold-check",
        action=ActionKind.PAGE,
        target=role,
        body=dict(body),
        at_ms=now_ms,
        due_ms=now_ms,
    )
