"""The store as the place where copies of calendars outlive a process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy import Engine

from playbooks.oncall.kept import Kept
from playbooks.store.calendars import read_calendar, write_calendar
from playbooks.store.engine import StoreUnreachable

T = TypeVar("T")


class Do(Protocol):
    """Something that runs a store function off the event loop, as `PatientStore.do` does."""

    def __call__(self, work: Callable[[Engine], T], /) -> Awaitable[T]:
        """What `work` returns."""
        ...


class StoreShelf:
    """Copies of calendars in the store. Without the store there are none, which costs no page."""

    def __init__(self, do: Do) -> None:
        self._do = do

    @classmethod
    def plain(cls, engine: Engine) -> StoreShelf:
        """One for who does not wait for a store that is gone."""

        async def do(work: Callable[[Engine], T]) -> T:
            return await asyncio.to_thread(work, engine)

        return cls(do)

    async def read(self, rota: str, address_hash: str) -> Kept | None:
        """The copy of a rota's calendar, if there is one of that address."""
        try:
            return await self._do(lambda engine: read_calendar(engine, rota, address_hash))
        except StoreUnreachable:
            return None

    async def write(self, rota: str, address_hash: str, kept: Kept) -> None:
        """Keep a copy in place of an older one."""
        try:
            await self._do(lambda engine: write_calendar(engine, rota, address_hash, kept))
        except StoreUnreachable:
            return
