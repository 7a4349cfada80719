"""How long to wait before the next try: doubling, bounded, and spread so that many do not come back at once."""

from __future__ import annotations

MAX_DOUBLINGS = 30


def wait_s(attempt: int, chance: float, first_s: float, longest_s: float, asked_s: float | None = None) -> float:
    """Seconds until the try after `attempt` (from 1), between half and the whole of a doubling step.

    `chance` in 0..1 is a random number handed in. `first_s` is the step after the first try, `longest_s` bounds every
    step. `asked_s` is what the other side asked for (Retry-After): never come back earlier, but `longest_s` bounds it
    too, because a page must not wait for a day at a stranger's wish.

    >>> [wait_s(attempt, 1.0, 2.0, 300.0) for attempt in (1, 2, 3, 20)]
    [2.0, 4.0, 8.0, 300.0]
    >>> wait_s(1, 0.0, 2.0, 300.0), wait_s(1, 0.0, 2.0, 300.0, asked_s=30), wait_s(1, 0.0, 2.0, 300.0, asked_s=86_400)
    (1.0, 30, 300.0)
    """
    step = min(longest_s, first_s * 2.0 ** min(attempt - 1, MAX_DOUBLINGS))
    own = step * (0.5 + chance / 2)
    return own if asked_s is None else min(longest_s, max(own, asked_s))
