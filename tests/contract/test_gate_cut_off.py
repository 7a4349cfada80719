"""Between whoever posts and the gate the network is cut, slowed or cut in the middle: every client refuses to post.

The async client, the plain one, the decorator and the context manager of either, nginx and Envoy, all through the same
cable, to a gate that is a process of its own.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import pytest
from aiohttp import ClientSession

from playbooks.gate.answer import Outcome
from playbooks.gate.client import GateClient
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.guard import GateGuard, NotAllowed, PlainGateGuard
from playbooks.gate.plain_client import PlainGateClient
from playbooks.secret import Secret
from streams.brokers.broker import free_port
from tests.parts.gate import TOKEN
from tests.parts.gate_process import running, settle
from tests.parts.proxies import Platform, envoy, nginx, platform, post
from tests.parts.require import require

#: How long a client of ours waits; the proxies wait for two seconds, as deploy/ sets them up.
TIMEOUT_S = 1.0


class Way(StrEnum):
    """What the cable does with what comes: pass it on, refuse, swallow it, break it off, or take its time."""

    WELL = "well"
    REFUSED = "refused"
    SWALLOWED = "swallowed"
    BROKEN_OFF = "broken off"
    SLOW = "slow"


class Cable:
    """A TCP proxy before the gate."""

    def __init__(self, to: int) -> None:
        self._way = Way.WELL
        self._to = to
        self._open: set[socket.socket] = set()
        self._ends = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def goes(self, way: Way) -> None:
        """From now on; connections that are kept alive are cut."""
        self._way = way
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nothing goes through any more."""
        self._ends.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                thread = threading.Thread(target=self._carry, args=(client, self._way))
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket, way: Way) -> None:
        self._open.add(client)
        with client, suppress(OSError):
            if way is Way.REFUSED:
                return
            if way is Way.SWALLOWED:
                self._ends.wait(4 * TIMEOUT_S)
                return
            with socket.create_connection(("127.0.0.1", self._to), timeout=TIMEOUT_S) as gate:
                if way is Way.WELL:
                    other = threading.Thread(target=_pump, args=(client, gate))
                    other.start()
                    _pump(gate, client)
                    other.join()
                    return
                gate.sendall(client.recv(65_536))
                answer = gate.recv(65_536)
                if way is Way.SLOW:
                    self._ends.wait(4 * TIMEOUT_S)
                client.sendall(answer if way is Way.SLOW else answer[: len(answer) // 3])


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65_536):
            sink.sendall(some)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Posters:
    """Everybody who posts, each with whether it did when it was asked to."""

    def __init__(self, url: str, proxies: dict[str, str], there: Platform) -> None:
        self._url, self._proxies, self._there = url, proxies, there
        self._number = 0

    def who_posted(self) -> dict[str, bool]:
        """Everybody tries once; a guard of its own each time, so that nothing is remembered."""
        plain = PlainGateClient(self._url, Secret(TOKEN), timeout_s=TIMEOUT_S)
        found = {
            "plain": plain.ask(self._next()).outcome is Outcome.ALLOWED,
            "plain decorator": _did(PlainGateGuard(plain).checked(lambda: self._next())(lambda: None)),
            "plain manager": _did(lambda: self._within(PlainGateGuard(plain))),
            **asyncio.run(self._async()),
        }
        for name, at in self._proxies.items():
            before = self._there.posted
            status = post(at)
            found[name] = self._there.posted > before
            assert found[name] is (status == 201)
        return found

    def _within(self, guard: PlainGateGuard) -> None:
        with guard.allowed(self._next()):
            pass

    async def _async(self) -> dict[str, bool]:
        async with ClientSession() as session:
            client = GateClient(session, self._url, Secret(TOKEN), timeout_s=TIMEOUT_S)
            found = {"async": (await client.ask(self._next())).outcome is Outcome.ALLOWED}

            @GateGuard(client).checked(self._next)
            async def publish() -> None:
                return None

            for name, deed in (("async decorator", publish), ("async manager", lambda: self._held(GateGuard(client)))):
                try:
                    await deed()
                    found[name] = True
                except NotAllowed:
                    found[name] = False
            return found

    async def _held(self, guard: GateGuard) -> None:
        async with guard.allowed(self._next()):
            pass

    def _next(self) -> GateRequest:
        self._number += 1
        return GateRequest(
            brand="acme", platform="x", post=OutgoingPost(id=f"post-{self._number}", text="Good morning")
        )


def _did(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except NotAllowed:
        return False
    return True


@contextmanager
def posters(folder: Path) -> Iterator[tuple[Posters, Cable, subprocess.Popen[bytes]]]:
    """Everybody who posts, the cable, and the gate."""
    with ExitStack() as stack:
        gate, behind = free_port(), free_port()
        settle(folder, gate, without_text="allow")
        there = stack.enter_context(platform(behind))
        child = stack.enter_context(running(folder, f"http://127.0.0.1:{gate}"))
        cable = Cable(gate)
        stack.callback(cable.close)
        proxies = {
            name: stack.enter_context(before(folder, free_port(), cable.port, behind))
            for name, before in (("nginx", nginx), ("envoy", envoy))
        }
        yield Posters(f"http://127.0.0.1:{cable.port}", proxies, there), cable, child


@pytest.mark.timeout(240)
def test_whatever_becomes_of_the_network_or_the_gate_nobody_posts(tmp_path: Path) -> None:
    require("nginx", "envoy")
    with posters(tmp_path) as (everybody, cable, gate):
        assert set(everybody.who_posted().values()) == {True}
        for way in Way:
            cable.goes(way)
            posted = {name for name, did in everybody.who_posted().items() if did}
            assert way is Way.WELL or not posted, (way, posted)
        cable.goes(Way.WELL)
        assert set(everybody.who_posted().values()) == {True}, "it is mended"
        away = tmp_path / "away.db"
        (tmp_path / "store.db").rename(away)
        assert set(everybody.who_posted().values()) == {False}, "the store is gone"
        away.rename(tmp_path / "store.db")
        assert set(everybody.who_posted().values()) == {True}
        gate.send_signal(signal.SIGSTOP)
        assert set(everybody.who_posted().values()) == {False}, "the gate hangs"
        gate.send_signal(signal.SIGCONT)
        assert set(everybody.who_posted().values()) == {True}
        gate.kill()
        gate.wait()
        assert set(everybody.who_posted().values()) == {False}, "the gate is killed"
