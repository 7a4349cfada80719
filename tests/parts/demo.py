"""``firebreak demo`` as a process with a temporary folder of its own, so that whatever it leaves can be found."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

POLL_S = 0.05


@dataclass
class Demo:
    """A running demo. `tmp` is the folder that everything it starts takes for the temporary one."""

    process: subprocess.Popen[bytes]
    tmp: Path
    out: Path
    err: Path

    @property
    def said(self) -> str:
        """What it has written to stdout."""
        return self.out.read_text(encoding="utf-8")

    @property
    def told(self) -> str:
        """What it has written to stderr."""
        return self.err.read_text(encoding="utf-8")

    def wait_for(self, word: str, within_s: float = 240.0) -> None:
        """Wait until `word` is on stderr."""
        deadline = time.monotonic() + within_s
        while word not in self.told:
            assert self.process.poll() is None, f"ended with {self.process.returncode} before {word!r}:\n{self.all()}"
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {word!r}\n{self.all()}"
            time.sleep(POLL_S)

    def ask(self, *numbers: signal.Signals) -> None:
        """Send signals, one close upon the other."""
        for number in numbers:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
            time.sleep(POLL_S)

    def code(self, within_s: float = 60.0) -> int:
        """Wait until it has ended; its exit code."""
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not ended within {within_s:g} s:\n{self.all()}") from None

    def family(self) -> list[psutil.Process]:
        """Every process that it started, or that those started, and that still runs."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("TMPDIR") == str(self.tmp) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def litter(self) -> list[str]:
        """What is left of it: processes by their commands, and files."""
        commands = []
        for process in self.family():
            with suppress(psutil.Error):
                commands.append(" ".join(process.cmdline()))
        return commands + [str(path) for path in self.tmp.rglob("*")]

    def wait_until_clean(self, within_s: float = 40.0) -> None:
        """Wait until nothing is left."""
        deadline = time.monotonic() + within_s
        while left := self.litter():
            assert time.monotonic() < deadline, f"still there after {within_s:g} s: {left}"
            time.sleep(POLL_S)

    def address(self, what: str) -> str:
        """An address that it has told, by its name."""
        found = re.search(rf"^  {re.escape(what)} +(\S+)$", self.said, re.MULTILINE)
        assert found, f"no address of {what} in:\n{self.said}"
        return found[1]

    def ports(self) -> set[int]:
        """The ports of the addresses that it has told."""
        return {int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", self.said)}

    def all(self) -> str:
        """Everything it has written, for a person who looks for the fault."""
        return f"--- stdout\n{self.said}\n--- stderr\n{self.told}"


@contextmanager
def demo(folder: Path, *words: str, environ: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """A demo with its output in `folder`; ended in every case."""
    tmp, out, err = folder / "tmp", folder / "out", folder / "err"
    tmp.mkdir(parents=True)
    environment = {**os.environ, "TMPDIR": str(tmp), "COLUMNS": "100", **(environ or {})}
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", "demo", *words],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            start_new_session=True,
        )
    running = Demo(process, tmp, out, err)
    try:
        yield running
    finally:
        for left in running.family():
            with suppress(psutil.Error):
                left.kill()
        process.wait()


@contextmanager
def taken(*ports: int) -> Iterator[None]:
    """These loopback ports are listened on while the block runs; one that is taken already is as good."""
    with ExitStack() as held:
        for port in ports:
            listener = held.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                listener.bind(("127.0.0.1", port))
                listener.listen()
        yield
