"""A running broker, whichever it is, and how one sees that a broker answers."""

from __future__ import annotations

import secrets
import shutil
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.brokers.child import Child

LOOPBACK = "127.0.0.1"
_ANSWER_S = 2.0
_POLL_S = 0.05
_LOWEST_PORT = 20_000
_PORTS = 12_000


class BrokerUnreachable(Exception):
    """No broker answers, or none can be started here. One message: what, where, what to do."""


class Broker:
    """A broker that runs as a child process on a loopback port; also a context manager that ends it.

    `servers` is what clients connect to, the same after a `restart`. `folder` holds its log and, for Apache Kafka, its
    data; `close` removes it.
    """

    def __init__(self, name: str, command: Callable[[int], list[str]], folder: Path, ready_s: float) -> None:
        """Start it and wait until it answers, for at most `ready_s`; `command` makes the command line for a port.

        Raises `BrokerUnreachable` with the end of the broker's own log where it does not come up.
        """
        self.name = name
        self.folder = folder
        self._command = command
        self._ready_s = ready_s
        self.port = free_port()
        self._child = self._start()

    @property
    def servers(self) -> str:
        """The bootstrap servers, ``host:port``."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the broker itself."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._child.running

    def stop(self) -> None:
        """End it in good order; its data stays for a `restart`."""
        self._child.stop()

    def kill(self) -> None:
        """End it as a crash would; its data stays for a `restart`."""
        self._child.kill()

    def restart(self) -> None:
        """Start it again on the same port, and wait until it answers. The embedded broker comes back empty."""
        self.stop()
        self._child = self._start()

    def close(self) -> None:
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> Child:
        child = Child(self._command(self.port), self.folder, self.folder / "broker.log")
        deadline = time.monotonic() + self._ready_s
        while not answers(LOOPBACK, self.port):
            if not child.running or time.monotonic() > deadline:
                child.kill()
                raise BrokerUnreachable(
                    f"the {self.name} broker did not come up on {self.servers} within {self._ready_s:g} s; "
                    f"the end of its log: {child.last_words() or 'nothing'}"
                )
            time.sleep(_POLL_S)
        return child

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def free_port() -> int:
    """A loopback port that nothing listens on now.

    It lies below the range that systems take the near end of outgoing connections from: while a broker is down, a
    client that keeps trying could otherwise be given the broker's own port and keep it from coming back.
    """
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


def answers(host: str, port: int) -> bool:
    """Whether a Kafka broker answers there: a connection is made and a question for its versions gets an answer."""
    question = struct.pack(">hhih", 18, 0, 1, -1)  # ApiVersions, version 0, correlation 1, no client id
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_S) as link:
            link.sendall(struct.pack(">i", len(question)) + question)
            head = _read(link, 8)
            return head[4:] == struct.pack(">i", 1)
    except OSError:
        return False


def _read(link: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size and (part := link.recv(size - len(read))):
        read += part
    return read
