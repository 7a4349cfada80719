"""Which world a value belongs to: life, a drill, or a replay. Carried from the source to the last effect.

A drill may reach people who agreed to drills; a replay reaches nobody; life reaches everybody on call. The three are
types, so code that sends must say what it does with each.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Live:
    """Real mentions, real people."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """A fire drill: only people who agreed to drills are reached, and every message says that it is one."""

    id: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The past read again: nobody is reached, what would have been sent is recorded."""

    id: str


Run = Live | Drill | Replay

DRILL_PREFIX = "drill-"
LIVE = Live()


def run_of(run_id: str | None) -> Run:
    """The world that a mention's `run` field names; an unknown word is a replay, which reaches nobody.

    >>> run_of(None), run_of("drill-7"), run_of("replay-x"), run_of("who knows")
    (Live(id=''), Drill(id='drill-7'), Replay(id='replay-x'), Replay(id='who knows'))
    """
    if not run_id:
        return LIVE
    if run_id.startswith(DRILL_PREFIX):
        return Drill(run_id)
    return Replay(run_id)
