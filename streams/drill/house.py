"""Where a drill takes place: the settings of a running system, or of one that was started for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from playbooks.content.catalog import Library
from playbooks.drills.drill import Place
from playbooks.drills.measure import Known
from playbooks.secret import Secret
from streams.demo.play import Script
from streams.demo.telling import Tell
from streams.settings import Settings

#: What one who answers does about what is known.
Answer = Callable[[Known], Awaitable[None]]


async def _nobody(known: Known) -> None:
    """Real people answer by themselves."""


@dataclass(frozen=True, slots=True)
class House:
    """The system that a drill goes through.

    `learned` waits until the ordinary days are read, `check` raises where a process has ended, `answer` is what
    people do who are there for the drill only. `a_second`: how many mentions of ordinary days it is given in one.
    """

    place: Place
    settings: Settings
    engine: Engine
    library: Library
    gate_url: str
    token: Secret | None
    learned: Callable[[Tell, Script], Awaitable[None]]
    check: Callable[[], None]
    a_second: float
    answer: Answer = _nobody
