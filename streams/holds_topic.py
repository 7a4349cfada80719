"""The topic `holds`: what posting is held, for one's own jobs that read Kafka rather than ask the gate.

One record a hold, keyed by its id, compacted: the newest says whether it is in force. Whoever reads the topic from its
beginning knows every hold that is; a record that was written twice says the same. A job that has not read to the end,
or cannot read, must not post. What was released long ago is taken off by a tombstone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from sqlalchemy import Engine

from detectors.mention import rfc3339
from detectors.run import Drill, Replay, run_of
from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.holds.hold import Hold
from playbooks.store.engine import StoreUnreachable
from playbooks.store.holds.holds import holds_in_force, released_since
from playbooks.wall_clock import Clock
from streams.produce import MentionProducer, Record
from streams.wire import Topic

log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
_DAY_MS: Final = 86_400_000
#: For so long a released hold is told as released; then, for as long again, that it is gone.
TOLD_MS: Final = 7 * _DAY_MS


class HoldRecord(msgspec.Struct, frozen=True):
    """What a job needs to know. `brand` and `platform` are null where they are every one; empty lists narrow nothing.

    `run` is empty in life. A drill's hold is for posts of that drill alone, which carry its run.
    """

    hold: str
    in_force: bool
    brand: str | None
    platform: str | None
    accounts: tuple[str, ...]
    campaigns: tuple[str, ...]
    tags: tuple[str, ...]
    run: str
    drill: bool
    reason: str
    placed_at: str
    released_at: str | None


def records(holds: Iterable[Hold], now_ms: int) -> dict[str, bytes | None]:
    """What the topic shall say of each hold, by its id; None takes one off. A replay's holds nothing back.

    >>> hold = Hold("h-1", "i", "", "acme", None, "why", 1, 0, 0)
    >>> records([hold], 0)["h-1"][:46]
    b'{"hold":"h-1","in_force":true,"brand":"acme","'
    """
    return {
        hold.id: None if hold.released_ms is not None and now_ms - hold.released_ms > TOLD_MS else _record(hold)
        for hold in holds
        if not isinstance(run_of(hold.run), Replay)
    }


def changed(wanted: Mapping[str, bytes | None], said: Mapping[str, bytes | None]) -> list[Record]:
    """The records to send: what is not `said` already.

    >>> changed({"a": b"1", "b": None}, {"a": b"1"})
    [Record(partition=0, key=b'b', value=None, topic=<Topic.HOLDS: 'holds'>)]
    """
    new = (hold for hold, value in wanted.items() if hold not in said or said[hold] != value)
    return [Record(0, hold.encode(), wanted[hold], Topic.HOLDS) for hold in new]


async def publish_holds(engine: Engine, producer: MentionProducer, clock: Clock) -> None:
    """Tell of every hold within a second of its commit, and of each release; never ends by itself.

    At its start everything is said again, so that nothing that was missed is missed for long. A store that is away is
    waited for: what was said last stands.
    """
    said: dict[str, bytes | None] = {}
    while True:
        try:
            now_ms = clock()
            wanted = records(await asyncio.to_thread(_known, engine, now_ms), now_ms)
        except StoreUnreachable as wrong:
            log.warning("the topic %s waits for the store: %s", Topic.HOLDS, wrong)
        else:
            if sent := changed(wanted, said):
                await producer.send(sent)
                said |= wanted
        await asyncio.sleep(LOOK_S)


def _known(engine: Engine, now_ms: int) -> list[Hold]:
    return [*holds_in_force(engine), *released_since(engine, now_ms - 2 * TOLD_MS)]


def _record(hold: Hold) -> bytes:
    told = HoldRecord(
        hold=hold.id,
        in_force=hold.in_force,
        brand=None if hold.brand == EVERY_BRAND else hold.brand,
        platform=hold.platform,
        accounts=hold.only.accounts,
        campaigns=hold.only.campaigns,
        tags=hold.only.tags,
        run=hold.run,
        drill=isinstance(run_of(hold.run), Drill),
        reason=hold.reason,
        placed_at=rfc3339(hold.placed_ms),
        released_at=None if hold.released_ms is None else rfc3339(hold.released_ms),
    )
    return msgspec.json.encode(told)
