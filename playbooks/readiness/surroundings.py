"""What everything stands on: the store and its schema, the disk under it, and a clock that is right. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import sentence, span

MIB = 1024 * 1024
#: Below this nothing can be written down soon, so nobody is paged; below the other somebody should make room.
DISK_FULL_BYTES = 64 * MIB
DISK_LOW_BYTES = 1024 * MIB
DISK_LOW_SHARE = 0.05
#: What a whole second in an HTTP date and a slow answer may come to.
CLOCK_ROOM_MS = 5_000
#: From here on signatures are refused, and mentions are from the future (triage.future_s).
CLOCK_BROKEN_MS = 300_000


@dataclass(frozen=True, slots=True)
class StoreState:
    """How the store was found. `trouble` is why it does not answer; `place` names it without a password.

    `schema` is the revision it has (None: no tables yet), `newest` the one that this version makes, `known` whether
    this version knows the one it has.
    """

    place: str
    trouble: str = ""
    made: bool = True
    schema: str | None = None
    newest: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that the store's file is on, in bytes."""

    folder: str
    free: int
    whole: int


@dataclass(frozen=True, slots=True)
class OtherClock:
    """What another clock said: `ahead_ms` is by how much ours is ahead, `room_ms` how much that may be off."""

    whose: str
    ahead_ms: int
    room_ms: int = CLOCK_ROOM_MS


def store_findings(state: StoreState) -> Iterator[Finding]:
    """What is found about the store itself."""
    if state.trouble:
        yield _store(Weight.FAILS, Reason.STORE_UNREACHABLE, sentence(state.trouble), "Mend it, then look again.")
    elif not state.made or state.schema is None:
        text = f"The store {state.place} has no tables: no process has been started with these settings."
        yield _store(Weight.FAILS, Reason.STORE_NOT_MADE, text, "Start firebreak runner, or any other process.")
    elif not state.known:
        text = f"The store {state.place} has schema {state.schema!r}, which this version does not know."
        yield _store(Weight.FAILS, Reason.SCHEMA_NEWER, text, "Use the version that made it, or a later one.")
    elif state.schema != state.newest:
        text = f"The store {state.place} has schema {state.schema}, this version wants {state.newest}."
        yield _store(
            Weight.FAILS, Reason.SCHEMA_OLDER, text, "Start the processes anew: the first brings it up to date."
        )
    else:
        text = f"The store {state.place} answers and has the tables of this version."
        yield _store(Weight.WELL, Reason.STORE_IN_ORDER, text, "")


def disk_findings(disk: Disk | None) -> Iterator[Finding]:
    """What is found about the disk; None: it is on another machine.

    >>> [found.reason.value for found in disk_findings(Disk("/var", 10 * MIB, 1000 * MIB))]
    ['disk_full']
    """
    if disk is None:
        text = "The store is on another machine, so its disk is not seen from here."
        yield _store(Weight.UNKNOWN, Reason.DISK_NOT_SEEN, text, "See that it is watched there.")
        return
    text = f"{disk.free / MIB:,.0f} MiB are free where the store's file is ({disk.folder})."
    if disk.free < DISK_FULL_BYTES:
        yield _store(Weight.FAILS, Reason.DISK_FULL, f"Only {text}", "Make room: soon nothing can be written down.")
    elif disk.free < DISK_LOW_BYTES or disk.free < disk.whole * DISK_LOW_SHARE:
        yield _store(Weight.LOOK, Reason.DISK_LOW, f"Only {text}", "Make room.")
    else:
        yield _store(Weight.WELL, Reason.DISK_IN_ORDER, text, "")


def clock_findings(others: Iterable[OtherClock]) -> Iterator[Finding]:
    """What is found about this machine's clock, held against others.

    Each of them may be the one that is wrong; where several agree, it is ours.

    >>> [found.reason.value for found in clock_findings([OtherClock("twilio", 120_000)])]
    ['clock_off']
    """
    compared = list(others)
    if not compared:
        text = "There is no other clock to compare this machine's with."
        yield _clock(Weight.UNKNOWN, Reason.CLOCK_NOT_COMPARED, text, "See that it is kept by NTP (timedatectl).")
        return
    off = [other for other in compared if abs(other.ahead_ms) > other.room_ms]
    for other in off:
        way = "ahead of" if other.ahead_ms > 0 else "behind"
        text = f"This machine's clock is {span(abs(other.ahead_ms))} {way} that of {other.whose}."
        broken = abs(other.ahead_ms) >= CLOCK_BROKEN_MS
        yield _clock(Weight.FAILS if broken else Weight.LOOK, Reason.CLOCK_OFF, text, "Have NTP set both clocks.")
    if not off:
        text = f"This machine's clock agrees with that of {', '.join(other.whose for other in compared)}."
        yield _clock(Weight.WELL, Reason.CLOCK_RIGHT, text, "")


def _store(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.STORE, reason=reason, text=text, to_do=to_do)


def _clock(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.CLOCK, reason=reason, text=text, to_do=to_do)
