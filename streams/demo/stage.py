"""The stage of the demo: a folder, a broker, an inbox and every process, all on loopback, all ended together."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml
from aiohttp import ClientError, ClientSession, ClientTimeout

from playbooks.armings.arming import Arming
from playbooks.own_python import own_module
from playbooks.store.arming import arm
from playbooks.store.engine import migrate, open_store
from playbooks.wall_clock import now_ms
from streams.brokers import embedded
from streams.brokers.broker import LOOPBACK, Broker
from streams.demo.inbox import Inbox
from streams.demo.ports import Ports
from streams.settings import FILE_NAME, read_settings
from streams.supervise import PARENT

BRAND: Final = "acme"
_READY_S: Final = 90.0
_END_S: Final = 15.0
_POLL_S: Final = 0.2
_WHOLE_PLAY_MIN: Final = 60 * 24 * 60
_TOKEN: Final = "FIREBREAK_GATE_TOKEN"  # noqa: S105  # the variable's name
_LINKS: Final = "FIREBREAK_LINKS_SECRET"

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
    """Everything the demo runs: `start` starts it, `end` ends it and removes the folder, whatever came of the start.

    `ports` has each process's port; `token` is what the gate asks for. `library` is the folder of other playbooks than
    those that Firebreak brings.
    """

    library: str | None = None

    ports: dict[str, int] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="firebreak-demo-")))
    broker: Broker | None = None
    inbox: Inbox = field(default_factory=Inbox)
    _links: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ports: Ports = field(default_factory=Ports)

    def start(self) -> None:
        """Start everything; `wait_until_ready` waits for it. Raises `BrokerUnreachable`."""
        # The broker's leash removes the folder where this program is killed.
        self.broker = embedded.start(self.folder)
        self.inbox.start()
        self.ports = {name: self._ports.near(port) for name, _, port in _PROCESSES}
        (self.folder / FILE_NAME).write_text(self._settings(), encoding="utf-8")
        self._arm()
        for name, words, _ in _PROCESSES:
            self._start(name, words)

    def end(self) -> None:
        """End everything that was started, and remove the folder."""
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
        self._ports.close()

    @property
    def servers(self) -> str:
        """The broker's address."""
        return self.broker.servers if self.broker else ""

    async def wait_until_ready(self, tell: Callable[[list[str]], None]) -> None:
        """Wait for every process; `tell` is told which are still waited for. Raises `StageFailed` after 90 s."""
        deadline = time.monotonic() + _READY_S
        async with ClientSession(timeout=ClientTimeout(total=1.0)) as session:
            waiting = list(self.ports)
            while waiting:
                tell(waiting)
                self.check()
                if time.monotonic() > deadline:
                    raise StageFailed(f"not ready after {_READY_S:.0f} s: {', '.join(waiting)}\n{self.log(waiting[0])}")
                await asyncio.sleep(_POLL_S)
                waiting = [name for name in waiting if not await _is_ready(session, self.ports[name])]

    def check(self) -> None:
        """Raise `StageFailed` where a process has ended by itself."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise StageFailed(f"{name} ended with {child.returncode}; the end of its log:\n{self.log(name)}")

    def log(self, name: str, lines: int = 8) -> str:
        """The end of a process's log."""
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def logs(self) -> str:
        """The end of every process's log."""
        return "\n".join(f"{name}:\n{self.log(name, lines=4)}" for name in self._children)

    def sign_in_link(self) -> str | None:
        """The console's one-time link, as it printed it."""
        for line in self.log("console", lines=10_000).splitlines():
            if line.startswith("Sign in"):
                return line.rpartition(" ")[2]
        return None

    def _arm(self) -> None:
        """The one on call arms the brand, as somebody does on the first day that counts."""
        settings = read_settings(self.folder)
        engine = open_store(settings.store)
        try:
            migrate(engine)
            why = "A demo: nobody real is paged, and its ordinary days are played first."
            arm(engine, BRAND, Arming.PAGE_AND_HOLD, "alex", why, settings, now_ms(), early=True)
        finally:
            engine.dispose()

    def _settings(self) -> str:
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
            "channels": {
                "email": {"host": LOOPBACK, "port": self.inbox.port, "sender": "firebreak@demo.invalid"},
                "links": {"secret": {"env": _LINKS}},
            },
            # What is played is long past, so watch is always behind the clock here.
            "gate": {"port": self.ports["gate"], "token": {"env": _TOKEN}, "detection_dead_min": _WHOLE_PLAY_MIN},
            "console": {
                "port": self.ports["console"],
                "public_url": f"http://{LOOPBACK}:{self.ports['console']}",
            },
            "runner": {"metrics_port": self.ports["runner"], "poll_s": 0.1},
            "triage": {"metrics_port": self.ports["triage"]},
            "watch": {"metrics_port": self.ports["watch"]},
            "respond": {"metrics_port": self.ports["respond"]},
            "brands": {BRAND: {"name": "Acme"}},
        }
        if self.library is not None:
            found["library"] = self.library
        return yaml.safe_dump(found, sort_keys=False)

    def _start(self, name: str, words: tuple[str, ...]) -> None:
        environment = {**os.environ, _TOKEN: self.token, _LINKS: self._links, PARENT: str(os.getpid())}
        with (self.folder / f"{name}.log").open("wb") as log:
            self._children[name] = subprocess.Popen(
                own_module("streams", "--config", str(self.folder), *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )


async def _is_ready(session: ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://{LOOPBACK}:{port}/readyz") as answer:
            return answer.status == 200
    except (ClientError, OSError, TimeoutError):
        return False
