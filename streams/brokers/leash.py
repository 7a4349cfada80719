"""The leash: a small process between a program and a server it starts, so that the server never outlives the program.

Run as a script: ``python leash.py FOLDER COMMAND...``. It starts the command, prints the command's process id, and
obeys its standard input: ``t`` asks the command to end, ``k`` kills it. When the input closes while the command still
runs, whoever held the other end is gone, even by SIGKILL and in the middle of ending it: the command is killed and
FOLDER removed, which is tried for a while because others who lose their program may still be writing there. It ends
with the command, and is the only one to signal it, so a process id that was given to somebody else meanwhile is never
hit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time

ASK = b"t"
KILL = b"k"
TRIES = 60
EVERY_S = 0.5


def hold(folder: str, command: list[str]) -> int:
    """Run `command` until it ends or the standard input closes; returns its exit code, negative for a signal."""
    # The command writes where the leash's errors go; the leash's own output carries the process id alone.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr) as child:
        os.write(sys.stdout.fileno(), b"%d\n" % child.pid)
        left_alone = threading.Event()
        threading.Thread(target=_obey, args=(child, left_alone), daemon=True).start()
        code = child.wait()
    if left_alone.is_set():
        _remove(folder)
    return code


def _remove(folder: str) -> None:
    for _ in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(EVERY_S)


def _obey(child: subprocess.Popen[bytes], left_alone: threading.Event) -> None:
    while word := os.read(sys.stdin.fileno(), 1):
        if word == ASK:
            child.terminate()
        elif word == KILL:
            child.kill()
    # Whoever asked it to end waits for that with the other end open: a closed one means that they are gone too.
    left_alone.set()
    child.kill()


if __name__ == "__main__":
    os._exit(hold(sys.argv[1], sys.argv[2:]) & 0xFF)
