"""The gate as a process of its own, as an operator starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from streams.supervise import PARENT
from tests.parts.gate import TOKEN

READY_S = 30.0


def settle(folder: Path, port: int, host: str = "127.0.0.1", **gate: object) -> None:
    """Write settings, and put the token where they say it is."""
    (folder / "token").write_text(TOKEN)
    settings = {
        "store": {"url": f"sqlite:///{folder / 'store.db'}"},
        "brands": {"acme": {"when_detection_is_dead": "allow"}},
        "gate": {"host": host, "port": port, "token": {"file": str(folder / "token")}, **gate},
    }
    (folder / "firebreak.yaml").write_text(yaml.safe_dump(settings))


@contextmanager
def running(folder: Path, url: str, before: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """The gate, from when it answers; `before` is what its command begins with. It is ended at the end."""
    with (folder / "gate.log").open("ab") as log:
        child = subprocess.Popen(
            [*before, sys.executable, "-m", "streams", "--config", str(folder), "gate"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, PARENT: "" if before else str(os.getpid())},
            start_new_session=True,
        )
    try:
        wait_for(f"{url}/healthz", child, folder)
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(url: str, child: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until something answers at `url`."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (OSError, urllib.error.URLError):
            assert child.poll() is None, (folder / "gate.log").read_text()
            assert time.monotonic() < deadline, (folder / "gate.log").read_text()
            time.sleep(0.1)
