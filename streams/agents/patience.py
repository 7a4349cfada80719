"""Waiting for the surroundings: nothing is acknowledged meanwhile, and it is counted and said."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar

from aiokafka.errors import KafkaError

from playbooks import telemetry
from playbooks.delivery.backoff import wait_s
from playbooks.labels import Role, WaitCause

log = logging.getLogger(__name__)

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 30.0

T = TypeVar("T")


async def patiently(read: Callable[[], AsyncIterator[T]], role: Role) -> AsyncIterator[T]:
    """What `read` gives, read whole; while Kafka is away, read again from the start after a growing pause."""
    attempt = 0
    while True:
        try:
            found = [one async for one in read()]
        except (KafkaError, OSError) as away:
            attempt += 1
            await pause(attempt, role, WaitCause.BROKER, away)
        else:
            for one in found:
                yield one
            return


async def pause(attempt: int, role: Role, cause: WaitCause, away: BaseException) -> None:
    """Count a wait for `cause` and let a growing time pass."""
    telemetry.SURROUNDINGS_WAITS.labels(role=role, cause=cause).inc()
    log.warning("%s waits for its %s (%s); nothing is lost meanwhile", role, cause, type(away).__name__)
    await asyncio.sleep(wait_s(attempt, random.random(), _FIRST_S, _LONGEST_S))  # noqa: S311
