"""Several processes kept running by one: each that ends by itself is started again, after a growing pause."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final

from playbooks.delivery.backoff import wait_s

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 30.0
#: One that ran for so long starts afresh with short pauses.
_STEADY_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.2
_ASK_S: Final = 20.0
#: Environment variable in which a process finds the id of the one that looks after it: without that one it ends.
PARENT: Final = "FIREBREAK_PARENT"
#: The command was used wrongly, or the surroundings at the start were: trying again would not help.
USED_WRONGLY: Final = 2


@dataclass(slots=True)
class _Kept:
    name: str
    command: Sequence[str]
    child: subprocess.Popen[bytes]
    started: float
    attempt: int = 0
    again_at: float = 0.0


def supervise(commands: dict[str, Sequence[str]]) -> int:
    """Run `commands` by name until SIGTERM or SIGINT; the exit code.

    One that exits with `USED_WRONGLY` ends them all, because its message says what an operator must mend.
    """
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    kept = [_Kept(name, command, _start(command), time.monotonic()) for name, command in commands.items()]
    code = 0
    try:
        while not told and not code:
            code = max(_look_after(one) for one in kept)
            time.sleep(_LOOK_EVERY_S)
    finally:
        _end(kept)
    return code


def _look_after(one: _Kept) -> int:
    ended = one.child.poll()
    if ended is None:
        return 0
    if ended == USED_WRONGLY:
        return USED_WRONGLY
    now = time.monotonic()
    if not one.again_at:
        one.attempt = 1 if now - one.started > _STEADY_S else one.attempt + 1
        pause = wait_s(one.attempt, random.random(), _FIRST_S, _LONGEST_S)  # noqa: S311
        one.again_at = now + pause
        sys.stderr.write(f"{one.name} ended with {ended}; it is started again in {pause:.1f} s\n")
    elif now >= one.again_at:
        one.child, one.started, one.again_at = _start(one.command), now, 0.0
    return 0


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches this process alone, which then asks each in order.
    return subprocess.Popen(command, start_new_session=True, env={**os.environ, PARENT: str(os.getpid())})


def _end(kept: Sequence[_Kept]) -> None:
    for one in kept:
        if one.child.poll() is None:
            one.child.terminate()
    for one in kept:
        try:
            one.child.wait(_ASK_S)
        except subprocess.TimeoutExpired:
            one.child.kill()
            one.child.wait()
