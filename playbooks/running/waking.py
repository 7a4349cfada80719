"""Waking timers that are due, so that one which cannot be woken holds up no other.

A timer stays due until it is woken. One that breaks (its playbook's file is gone, or a newer Firebreak wrote it) would
else be the first in the queue for ever, and many of them all that is ever looked at. So it is looked at again once a
minute, and the others go before it.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from functools import partial

from sqlalchemy import Engine

from playbooks.content.catalog import Library
from playbooks.content.schema import PlaybookError
from playbooks.oncall.people import in_role
from playbooks.oncall.rotas import Rotas
from playbooks.settings import PlaybookSettings
from playbooks.store import timers
from playbooks.store.engine import StoreUnreachable
from playbooks.store.incidents import incidents
from playbooks.store.patient_store import PatientStore
from playbooks.wall_clock import Clock

#: How many timers are woken at a time, between two looks at what is due.
AT_ONCE = 200
#: How soon one that could not be woken is looked at again.
AGAIN_MS = 60_000

_log = logging.getLogger(__name__)


class Waker:
    """Wakes timers. `troubles` says which could not be woken, and why."""

    def __init__(
        self,
        settings: PlaybookSettings,
        store: PatientStore,
        library: Library,
        clock: Clock,
        rotas: Callable[[], Rotas],
    ) -> None:
        self._settings = settings
        self._store = store
        self._library = library
        self._clock = clock
        self._rotas = rotas
        self._stuck: dict[str, int] = {}
        self.troubles: dict[str, str] = {}

    async def wake(self) -> None:
        """Wake what is due: it writes into the outbox, from which it is taken at once.

        Raises `StoreUnreachable` only while the process stops.
        """
        now_ms = self._clock()
        left_alone = [timer for timer, until_ms in self._stuck.items() if until_ms > now_ms]
        for timer in await self._store.do(lambda engine: timers.due(engine, self._clock(), AT_ONCE, left_alone)):
            try:
                await self._store.do(partial(self._wake_one, timer=timer))
            except StoreUnreachable:
                raise
            except PlaybookError as gone:
                self._set_aside(timer, str(gone))
            except Exception as fault:
                self._set_aside(timer, f"{type(fault).__name__} at {_place(fault)}")
            else:
                self._stuck.pop(timer, None)
                self.troubles.pop(timer, None)

    def _set_aside(self, timer: str, why: str) -> None:
        self._stuck[timer] = self._clock() + AGAIN_MS
        self.troubles[timer] = f"the timer {timer!r} cannot be woken: {why}"
        _log.error("%s", self.troubles[timer])

    def _wake_one(self, engine: Engine, timer: str) -> bool:
        now_ms = self._clock()
        there = in_role(self._settings, self._rotas(), now_ms)
        agreed = [key for key, person in self._settings.people.items() if person.drills]
        return incidents.wake(engine, timer, self._library, self._settings.brands, there, now_ms, agreed)


def _place(fault: Exception) -> str:
    # Not the fault's own words: they may be text from outside.
    frames = traceback.extract_tb(fault.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-3:]))
