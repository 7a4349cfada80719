"""Your own posts that schedulers were read for, erased: those whose end has come, never one that waits to be restored.

A post that a hold stopped is kept with all that it takes to make it anew. Until somebody has said what becomes of it,
and the runner has done so, that copy may be the only one there is: who wants it gone drops it first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, and_, select, update

from playbooks.schedulers.kept import Stage
from playbooks.store.schema import scheduled_posts

#: Stages after which nothing is needed of a post to make it anew.
ENDED = frozenset({Stage.LEAKED, Stage.GONE, Stage.RESTORED, Stage.DROPPED})

#: Whether a row is meant.
Which = Callable[[RowMapping], bool]


def named(scheduler: str, post: str) -> Which:
    """The one post that its scheduler (by its name in the settings) calls so, or calls so since it was made anew."""
    return lambda row: row["scheduler"] == scheduler and post in (row["post"], row["new_post"])


def ended_before(at_ms: int) -> Which:
    """What was last changed before a moment."""
    return lambda row: bool(row["changed_ms"] < at_ms)


def naming(handle: str) -> Which:
    """What names somebody by ``@handle``, in any case of letters."""
    wanted = re.compile(rf"(?<![\w@])@{re.escape(handle.strip().removeprefix('@'))}(?![\w-]|\.\w)", re.IGNORECASE)
    return lambda row: bool(wanted.search(row["text"]) or wanted.search(_written(row["body"])))


def erase_ended(conn: Connection, which: Which) -> int:
    """Erase the words of the posts that are meant and have ended, and what it took to make them anew; how many."""
    table, gone = scheduled_posts.c, 0
    for row in [row for row in _kept(conn) if not _waits(row) and which(row)]:
        # Asked again in the writing: it may have been found anew meanwhile.
        ended = table.stage.in_([stage.value for stage in ENDED])
        here = and_(table.scheduler == row["scheduler"], table.post == row["post"], ended)
        gone += conn.execute(update(scheduled_posts).where(here).values(text="", body={})).rowcount
    return gone


def needed(conn: Connection, which: Which) -> list[tuple[str, str]]:
    """The posts that are meant and are not erased, because they would be lost: scheduler and id."""
    return sorted((row["scheduler"], row["post"]) for row in _kept(conn) if _waits(row) and which(row))


def _waits(row: RowMapping) -> bool:
    return Stage(row["stage"]) not in ENDED


def _kept(conn: Connection) -> Iterator[RowMapping]:
    rows = conn.execute(select(scheduled_posts)).mappings().all()
    return (row for row in rows if row["text"] or row["body"])


def _written(body: dict[str, Any]) -> str:
    return msgspec.json.encode(body).decode()
