"""How a long-running process keeps its memory: garbage is looked for seldom, and what is let go goes back at once."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Final

#: Objects made and not gone again, between two looks for garbage; and how many of those make a look at older ones.
_COLLECT_AFTER: Final = 20_000
_COLLECT_OLDER_EVERY: Final = 20

#: glibc's names for what `mallopt` changes (malloc.h).
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
#: Blocks of this size and larger are given back to the system one by one.
_LARGE_BYTES: Final = 128 * 1024


def collect_seldom() -> None:
    """Look for garbage in cycles less often than Python does by itself, and not in what is loaded by now.

    A fold brings thousands of objects that are gone after it and hold no cycles; looking through them, and through
    every module each time, took a tenth of triage's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, _COLLECT_OLDER_EVERY, _COLLECT_OLDER_EVERY)


def give_back() -> bool:
    """Have large blocks given back to the system as soon as they are free; False where the C library is not glibc.

    glibc raises its bound for that with each large block that is freed, up to 32 MB. What Kafka sends comes in blocks
    of up to 4 MiB, which then stay in the heap with small ones between them: over two million mentions a triage worker
    grew from 160 to 258 MB, and with a fixed bound it stays (`firebreak bench --memory`).
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(what, _LARGE_BYTES) for what in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD))
