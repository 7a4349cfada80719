"""Ending a server that a test started."""

from __future__ import annotations

import signal
import subprocess


def end(server: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM, within_s: float = 10.0) -> None:
    """Ask it to end with a signal; it is killed where it has not ended in time."""
    server.send_signal(by)
    try:
        server.wait(within_s)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
