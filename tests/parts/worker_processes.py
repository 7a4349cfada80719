"""The worker's roles as processes of a test: started, killed with SIGKILL, started again, ended in every case."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from streams.settings import FILE_NAME, Settings, read_settings
from tests.parts.require import CHECKOUT

ROLES = ("triage", "watch", "respond")
_END_S = 20.0


class Workers:
    """One process a role; `kill` is SIGKILL, followed by a new start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, role: str) -> None:
        """Start a role, or another long-running process by its name."""
        words = ["worker", "--role", role] if role in ROLES else [role]
        with (self._folder / f"{role}.log").open("ab") as log:
            self._children[role] = subprocess.Popen(
                [sys.executable, "-m", "streams", "--config", str(self._folder), *words],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, role: str) -> None:
        """Kill a role as a crash would, and start it again."""
        child = self._children[role]
        child.kill()
        child.wait()
        self.start(role)

    def stop(self, role: str) -> None:
        """Ask a role to end, and wait until it has; it must have ended well."""
        child = self._children.pop(role)
        child.terminate()
        try:
            assert child.wait(_END_S) == 0, self.log(role)
        finally:
            child.kill()
            child.wait()

    def check(self) -> None:
        """Fail, with the end of its log, where a role has ended by itself."""
        ended = self.ended()
        assert not ended, ended

    def ended(self) -> str:
        """Which roles have ended by themselves, with the end of their logs; nothing where all are there."""
        return "\n".join(
            f"{role} ended with {child.returncode}:\n{self.log(role)}"
            for role, child in self._children.items()
            if child.poll() is not None
        )

    def log(self, role: str, lines: int = 15) -> str:
        """The end of a role's log."""
        text = (self._folder / f"{role}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def end(self) -> None:
        """End them all."""
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + _END_S
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextmanager
def running_workers(folder: Path) -> Iterator[Workers]:
    """The three roles with the settings in `folder`."""
    workers = Workers(folder)
    try:
        for role in ROLES:
            workers.start(role)
        yield workers
    finally:
        workers.end()


def written_settings(folder: Path, servers: str, brands: tuple[str, ...], /, **more: Mapping[str, object]) -> Settings:
    """Settings for a quick worker: short intervals, a store in the folder, spare metrics ports; and sections of one's
    own."""
    values: dict[str, Mapping[str, object]] = {
        "kafka": {"servers": servers},
        "store": {"url": f"sqlite:///{folder / 'firebreak.db'}"},
        "brands": {brand: {} for brand in brands},
        "triage": {"metrics_port": 0, "checkpoint_s": 0.02, "idle_heartbeat_s": 1.0},
        "watch": {"metrics_port": 0, "snapshot_s": 1.0},
        "respond": {"metrics_port": 0},
    }
    (folder / FILE_NAME).write_text(yaml.safe_dump(values | more), encoding="utf-8")
    return read_settings(folder)
