"""Reading a calendar in a process of its own, so that no calendar can hold up a page."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import msgspec

from playbooks.oncall.asked import Asked, Read
from playbooks.oncall.rotas import RotaTrouble
from playbooks.own_python import own_module

WITHIN_S = 30.0
#: What the process is given of the surroundings: no secrets.
_PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT")


async def read_aside(asked: Asked, within_s: float = WITHIN_S) -> Read | RotaTrouble:
    """What the calendar says; or `TAKES_TOO_MUCH`, after which nothing of it goes on."""
    try:
        child = await asyncio.create_subprocess_exec(
            *own_module("playbooks.oncall.calendar"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )
    except OSError:  # no room for another process
        return RotaTrouble.TAKES_TOO_MUCH
    try:
        async with asyncio.timeout(within_s):
            said, _ = await child.communicate(msgspec.json.encode(asked))
    except TimeoutError:
        return RotaTrouble.TAKES_TOO_MUCH
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.returncode != 0:  # ended by the bounds on its time or memory
        return RotaTrouble.TAKES_TOO_MUCH
    return msgspec.json.decode(said, type=Read)
