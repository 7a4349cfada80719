"""The stage of the demo: a folder, a broker, an inbox and every process, all on loopback, all ended together."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import yaml

from streams.brokers import embedded
from streams.brokers.broker import LOOPBACK, Broker, free_port
from streams.demo.inbox import Inbox
from streams.settings import FILE_NAME
from streams.supervise import PARENT

BRAND: Final = "acme"
_READY_S: Final = 90.0
_END_S: Final = 15.0
_POLL_S: Final = 0.1
_TOKEN: Final = "FIREBREAK_GATE_TOKEN"  # noqa: S105  # the variable's name

#: Process, its command, and the port a person would expect it on.
_PROCESSES: Final = (
    ("triage", ("worker", "--role", "triage"), 9101),
    ("watch", ("worker", "--role", "watch"), 9102),
    ("respond", ("worker", "--role", "respond"), 9103),
    ("runner", ("runner",), 9104),
    ("gate", ("gate",), 8081),
    ("console", ("console",), 8080),
)


class StageFailed(Exception):
    """A process of the demo did not come up, or ended; the message has the end of its log."""


@dataclass(slots=True)
class Stage:
    """Everything the demo runs, as a context manager: entering starts it, leaving ends it and removes the folder.

    `ports` has each process's port; `token` is what the gate asks for.
    """

    ports: dict[str, int] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="firebreak-demo-")))
    broker: Broker | None = None
    inbox: Inbox = field(default_factory=Inbox)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        try:
            self.ports = {name: port_near(port) for name, _, port in _PROCESSES}
            self.broker = embedded.start()
            self.inbox.start()
            (self.folder / FILE_NAME).write_text(self._settings(), encoding="utf-8")
            for name, words, _ in _PROCESSES:
                self._start(name, words)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def servers(self) -> str:
        """The broker's address."""
        return self.broker.servers if self.broker else ""

    def waiting_for(self) -> list[str]:
        """The processes that are not ready yet; raises `StageFailed` where one has ended."""
        self.check()
        return [name for name in self._children if not _is_ready(self.ports[name])]

    def check(self) -> None:
        """Raise `StageFailed` where a process has ended by itself."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise StageFailed(f"{name} ended with {child.returncode}; the end of its log:\n{self.log(name)}")

    def wait_until_ready(self) -> list[str]:
        """Wait for the next process to be ready; what is still waited for. Raises `StageFailed` after 90 s."""
        deadline = time.monotonic() + _READY_S
        waiting = before = self.waiting_for()
        while waiting and waiting == before:
            if time.monotonic() > deadline:
                raise StageFailed(f"not ready after {_READY_S:.0f} s: {', '.join(waiting)}\n{self.log(waiting[0])}")
            time.sleep(_POLL_S)
            waiting = self.waiting_for()
        return waiting

    def log(self, name: str, lines: int = 8) -> str:
        """The end of a process's log."""
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def sign_in_link(self) -> str | None:
        """The console's one-time link, as it printed it."""
        for line in self.log("console", lines=10_000).splitlines():
            if line.startswith("Sign in"):
                return line.rpartition(" ")[2]
        return None

    def _settings(self) -> str:
        console = f"http://{LOOPBACK}:{self.ports['console']}"
        person = {"drills": True}
        found = {
            "kafka": {"servers": self.servers},
            "store": {"url": f"sqlite:///{self.folder / 'firebreak.db'}"},
            "people": {
                "alex": {"name": "Alex (on call)", "email": "alex@demo.invalid", **person},
                "robin": {"name": "Robin (chief executive)", "email": "robin@demo.invalid", **person},
                "sam": {"name": "Sam (posting team)", "email": "sam@demo.invalid", **person},
            },
            "roles": {"on-call": ["alex"], "executives": ["robin"], "posting-team": ["sam"], "ops": ["alex"]},
            "channels": {"email": {"host": LOOPBACK, "port": self.inbox.port, "sender": "firebreak@demo.invalid"}},
            "gate": {"port": self.ports["gate"], "token": {"env": _TOKEN}},
            "console": {"port": self.ports["console"], "public_url": console},
            "runner": {"metrics_port": self.ports["runner"], "poll_s": 0.1},
            "triage": {"metrics_port": self.ports["triage"]},
            "watch": {"metrics_port": self.ports["watch"]},
            "respond": {"metrics_port": self.ports["respond"]},
            "brands": {BRAND: {"name": "Acme", "arming": "page-and-hold"}},
        }
        return yaml.safe_dump(found, sort_keys=False)

    def _start(self, name: str, words: tuple[str, ...]) -> None:
        environment = {**os.environ, _TOKEN: self.token, PARENT: str(os.getpid())}
        with (self.folder / f"{name}.log").open("wb") as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, "-m", "streams", "--config", str(self.folder), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def _end(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + _END_S
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.inbox.stop()
        if self.broker is not None:
            self.broker.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def port_near(wanted: int) -> int:
    """`wanted` where it is free, otherwise another free loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            return free_port()
    return wanted


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=1.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
