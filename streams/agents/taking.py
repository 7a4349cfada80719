"""Taking a signal into the store: what went wrong, and whose it is: the store's, the signal's, or a playbook's.

What is wrong with the surroundings is waited for, unacknowledged; what is wrong with one signal sets that signal aside,
so that the others are taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from detectors.signal import Signal, TakenDown
from playbooks.content.schema import PlaybookError
from playbooks.labels import Role, SignalDecision, WaitCause
from playbooks.store.engine import StoreUnreachable
from streams.agents.patience import pause
from streams.wire import BadRecord

log = logging.getLogger(__name__)

#: How often a signal that breaks a rule of the store is tried: two respond workers may have met.
TRIES: Final = 3


class NotTaken(BadRecord):
    """A signal that can be read and that the store or the playbooks do not take."""


class Taker:
    """Takes signals; `take` takes several in one transaction, all of them or none, in a thread of its own.

    `erase` erases what is quoted of posts that were taken down, and counts them.
    """

    def __init__(
        self, take: Callable[[Sequence[Signal]], list[SignalDecision]], erase: Callable[[TakenDown], int]
    ) -> None:
        self._take = take
        self._erase = erase
        self._store_trouble: str | None = None
        self._lost_playbooks: dict[tuple[str, str], str] = {}

    def not_ready(self) -> list[str]:
        """Why signals are not taken just now."""
        return [*([self._store_trouble] if self._store_trouble else []), *self._lost_playbooks.values()]

    async def take_together(self, signals: Sequence[Signal]) -> list[SignalDecision] | None:
        """Several signals in one transaction; None, and none is taken, where something is in the way.

        Then each by itself says what it is.
        """
        try:
            return await asyncio.to_thread(self._take, signals)
        except (StoreUnreachable, DBAPIError, OverflowError, PlaybookError) as wrong:
            log.info("%d signals are taken one by one: %s", len(signals), type(wrong).__name__)
            return None

    async def take(self, signal: Signal) -> SignalDecision:
        """One signal into the store; waits while the store cannot take any.

        Raises `NotTaken` for one that it never takes: a number beyond 64 bits, a rule of the tables that it breaks, an
        incident whose playbook is gone.
        """
        place, attempt = (signal.run, signal.brand), 0
        while True:
            attempt += 1
            try:
                (taken,) = await asyncio.to_thread(self._take, [signal])
            except (DataError, OverflowError) as wrong:
                raise NotTaken(f"no store takes this signal ({type(wrong).__name__})") from None
            except PlaybookError as gone:
                trouble = f"the signals of brand {signal.brand} are set aside: {gone}"
                self._lost_playbooks[place] = trouble
                log.error("%s", trouble)
                raise NotTaken(str(gone)) from None
            except IntegrityError as wrong:
                if attempt >= TRIES:
                    raise NotTaken(f"the signal breaks a rule of the store: {_said(wrong)}") from None
                await pause(attempt, Role.RESPOND, WaitCause.STORE, wrong)
            except (StoreUnreachable, DBAPIError) as away:
                self._store_trouble = _trouble(away)
                await pause(attempt, Role.RESPOND, WaitCause.STORE, away)
            else:
                self._store_trouble = None
                self._lost_playbooks.pop(place, None)
                return taken

    async def take_down(self, gone: TakenDown) -> int:
        """Erase posts that are gone, and say how many; waits while the store is away. Raises `NotTaken`."""
        attempt = 0
        while True:
            attempt += 1
            try:
                erased = await asyncio.to_thread(self._erase, gone)
            except (DataError, OverflowError) as wrong:
                raise NotTaken(f"no store takes this ({type(wrong).__name__})") from None
            except (StoreUnreachable, DBAPIError) as away:
                self._store_trouble = _trouble(away)
                await pause(attempt, Role.RESPOND, WaitCause.STORE, away)
            else:
                self._store_trouble = None
                return erased


def _trouble(wrong: StoreUnreachable | DBAPIError) -> str:
    if isinstance(wrong, StoreUnreachable) or wrong.connection_invalidated:
        return f"the store does not answer ({type(wrong).__name__})"
    return f"the store answers and refuses ({type(wrong).__name__}: {_said(wrong)}); mend its tables or its rights"


def _said(wrong: DBAPIError) -> str:
    # The first line alone: the next ones hold what was to be written.
    return next(iter(str(wrong.orig).strip().splitlines()), type(wrong).__name__)
