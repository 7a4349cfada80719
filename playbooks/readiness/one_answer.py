"""The rim round asking one channel or one account: whatever breaks there hides nothing of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from playbooks.effects.outcome import Retry, RetryReason

T = TypeVar("T")

#: However long one may take, the whole answer should not keep a person waiting.
MOST_S = 8.0


async def one_answer(asked: Awaitable[T], most_s: float | None = MOST_S) -> T | Retry:
    """What comes of `asked` within `most_s` seconds (None: as long as it takes), or why nothing does.

    >>> async def broken() -> int:
    ...     raise KeyError("a word from outside")
    >>> asyncio.run(one_answer(broken())).answer
    'it broke with KeyError'
    """
    try:
        async with asyncio.timeout(most_s):
            return await asked
    except TimeoutError:
        return Retry(RetryReason.NO_ANSWER, f"no answer within {most_s:g} s" if most_s else "no answer in time")
    except Exception as fault:
        return Retry(RetryReason.OWN_FAULT, f"it broke with {type(fault).__name__}")
