"""Waiting for something to become so, with a deadline instead of a guess."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.02


async def until(what: Callable[[], bool], said: str, within_s: float = 20.0) -> None:
    """Go on as soon as `what` holds; fails with `said` where it does not in time."""
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {said}"
        await asyncio.sleep(POLL_S)


async def until_async(what: Callable[[], Awaitable[bool]], said: str, within_s: float = 20.0) -> None:
    """As `until`, for something that has to be asked for."""
    deadline = time.monotonic() + within_s
    while not await what():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {said}"
        await asyncio.sleep(POLL_S)


def wait_until(what: Callable[[], bool], said: str, within_s: float = 20.0) -> None:
    """As `until`, where there is no loop."""
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {said}"
        time.sleep(POLL_S)


async def settled(what: Callable[[], int], polls: int = 25, within_s: float = 20.0) -> int:
    """The value of `what` once it has stayed the same for so many polls."""
    deadline = time.monotonic() + within_s
    value, same = what(), 0
    while same < polls:
        assert time.monotonic() < deadline, f"still moving after {within_s:g} s: {value}"
        await asyncio.sleep(POLL_S)
        same = same + 1 if what() == value else 0
        value = what()
    return value
