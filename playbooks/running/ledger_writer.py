"""What the actions under way write down, gathered: everything that waits is one transaction.

Some dozens of actions are under way at once, and each writes before it sends, after each send and at its end. A disk
that has to say each time that it really has it allows some hundred transactions a second. So whatever was asked for
while one transaction was under way goes into the next, and each is told of its own when that one is committed: what
holds at a kill is the same as if each had written by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from playbooks.delivery.standing import Entry
from playbooks.incidents.action import DueAction
from playbooks.store.delivery import outbox
from playbooks.store.delivery.next_at_once import WORDS, call_next_at_once
from playbooks.store.delivery.outbox import Begin, Begun, LeaseLost, Settle
from playbooks.store.engine import writing
from playbooks.store.patient_store import PatientStore
from playbooks.wall_clock import Clock

Written = Begun | LeaseLost | None
T = TypeVar("T", Begin, Entry, Settle)

#: How many are written in one transaction at most, so that none holds the store for long.
MOST = 200


class LedgerWriter:
    """Writes for all actions of a process; what is returned is committed."""

    def __init__(self, store: PatientStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[Begin | Entry | Settle, asyncio.Future[Written]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def begin(self, asked: Begin) -> Begun:
        """See `outbox.begin`; raises `LeaseLost`, and `StoreUnreachable` only while the process stops."""
        written = await self._written(asked)
        assert isinstance(written, Begun)
        return written

    async def record(self, entry: Entry) -> None:
        """See `outbox.record`; raises `StoreUnreachable` only while the process stops."""
        await self._written(entry)

    async def settle(self, asked: Settle) -> None:
        """See `outbox.settle`; raises `LeaseLost`, and `StoreUnreachable` only while the process stops."""
        await self._written(asked)

    async def _written(self, asked: Begin | Entry | Settle) -> Written:
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        written = await future
        if isinstance(written, LeaseLost):
            raise written
        return written

    async def _write(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._write_these(now)
        finally:
            self._writing = None

    async def _write_these(self, now: Sequence[tuple[Begin | Entry | Settle, asyncio.Future[Written]]]) -> None:
        asked = [each for each, _ in now]
        try:
            written = await self._store.do(lambda engine: write(engine, asked, self._clock()))
        except DBAPIError as wrong:
            if len(now) == 1:
                _tell(now[0][1], wrong)
                return
            for one in now:  # what the store never takes of one must not keep the others from being written
                await self._write_these([one])
        except Exception as wrong:
            for _, future in now:
                _tell(future, wrong)
        else:
            for (_, future), each in zip(now, written, strict=True):
                if not future.done():
                    future.set_result(each)


def write(engine: Engine, asked: Sequence[Begin | Entry | Settle], now_ms: int) -> list[Written]:
    """Write all of it in one transaction; of each what `outbox` says of it."""
    found: dict[int, Any] = {}
    with writing(engine) as conn:
        if entries := _of(Entry, asked):
            outbox.record(conn, [entry for _, entry in entries])
        if begins := _of(Begin, asked):
            begun = outbox.begin(conn, [each for _, each in begins], now_ms)
            found |= {n: each for (n, _), each in zip(begins, begun, strict=True)}
        if settles := _of(Settle, asked):
            ended = outbox.settle(conn, [each for _, each in settles])
            found |= {n: each for (n, _), each in zip(settles, ended, strict=True)}
            mine = [each for (_, each), lost in zip(settles, ended, strict=True) if lost is None]
            _call_on(conn, [each.due for each in mine if each.wakes_nobody], now_ms)
    return [found.get(n) for n in range(len(asked))]


def _call_on(conn: Connection, unheard: Sequence[DueAction], now_ms: int) -> None:
    """Who comes after pages that wake nobody is called; in the order of incidents, so that no two wait in a ring."""
    for due in sorted(unheard, key=lambda one: (one.incident, one.id)):
        if due.incident:
            call_next_at_once(conn, due.incident, due.id, due.step, WORDS, now_ms)


def _of(kind: type[T], asked: Sequence[Begin | Entry | Settle]) -> list[tuple[int, T]]:
    return [(n, each) for n, each in enumerate(asked) if isinstance(each, kind)]


def _tell(future: asyncio.Future[Written], wrong: BaseException) -> None:
    if not future.done():
        future.set_exception(wrong)
