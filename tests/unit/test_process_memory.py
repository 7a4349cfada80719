"""Memory that is let go goes back to the system, whatever was freed before."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

#: Frees a large block, which raises glibc's own bound; then frees many that have small ones between them.
COURSE = """
import sys
import psutil
from streams.process_memory import give_back

if sys.argv[1] == "fixed":
    assert give_back()
before = psutil.Process().memory_info().rss
first = b"x" * 30_000_000
del first
large, small = [], []
for _ in range(60):
    large.append(b"x" * 1_000_000)
    small.append(bytearray(100_000))
large.clear()
print((psutil.Process().memory_info().rss - before) // 1_000_000)
"""


def left_behind_mb(how: str) -> int:
    ran = subprocess.run([sys.executable, "-c", COURSE, how], capture_output=True, check=True, timeout=60)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_large_blocks_that_were_freed_are_given_back() -> None:
    assert left_behind_mb("fixed") < 10 < 40 < left_behind_mb("as it was")
