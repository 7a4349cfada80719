"""The one place where playbooks' processes read the time of day; everything else is handed a moment."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Gives milliseconds since 1970 UTC.
Clock = Callable[[], int]


def now_ms() -> int:
    """The time of day in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
