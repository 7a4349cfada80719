"""The years that a post may be planned for. Pure.

What lies outside them is a mistake, and some of it cannot be told as a time in UTC at all.
"""

from __future__ import annotations

from datetime import UTC, datetime

from detectors.mention import to_ms

FIRST_YEAR, LAST_YEAR = 2000, 2100
_FIRST_MS = to_ms(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
_LAST_MS = to_ms(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)) - 1


def planned_ms(at_ms: int | None) -> int | None:
    """When a post is to go, within those years.

    >>> planned_ms(1_770_000_000_000), planned_ms(10**15), planned_ms(None)
    (1770000000000, 4133980799999, None)
    """
    return at_ms if at_ms is None else min(max(at_ms, _FIRST_MS), _LAST_MS)
