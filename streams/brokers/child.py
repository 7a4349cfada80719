"""A server started as a child process that cannot outlive this program."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from streams.brokers import leash

ASK_S = 10.0
"""How long a server that was asked to end may take before it is killed."""


class Child:
    """A command under a `leash`: ended by `stop` or `kill`, and killed when this program is gone.

    It runs in a session of its own, so Ctrl-C in a terminal reaches this program alone, which then ends its children
    in the order it wants. Everything the command prints goes to `log`. `folder` is what a killed program would leave
    behind; the leash removes it then.
    """

    def __init__(self, command: Sequence[str], folder: Path, log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", leash.__file__, str(folder), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                start_new_session=True,
                bufsize=0,
            )
        assert self._leash.stdout is not None
        said = self._leash.stdout.readline()
        #: Process id of the command itself; 0 where it could not be started (the log says why).
        self.pid = int(said) if said.strip() else 0

    @property
    def running(self) -> bool:
        """Whether the command is still there."""
        return self._leash.poll() is None

    def stop(self) -> None:
        """Ask the command to end, wait, and kill it if it takes longer than `ASK_S`."""
        self._tell(leash.ASK)
        try:
            self._leash.wait(ASK_S)
        except subprocess.TimeoutExpired:
            self._tell(leash.KILL)
        self._reap()

    def kill(self) -> None:
        """End the command at once, as a crash would (SIGKILL)."""
        self._tell(leash.KILL)
        self._reap()

    def last_words(self, lines: int = 5) -> str:
        """The end of what the command printed, for an error message."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _tell(self, word: bytes) -> None:
        assert self._leash.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended already
            self._leash.stdin.write(word)

    def _reap(self) -> None:
        self._leash.wait()
        for pipe in (self._leash.stdin, self._leash.stdout):
            assert pipe is not None
            pipe.close()
