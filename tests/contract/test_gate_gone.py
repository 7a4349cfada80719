"""The gate is killed, its store is taken away, the network to it is cut: every client refuses to post."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import ClientSession

from playbooks.gate.answer import Answer, Outcome
from playbooks.gate.audit import seal_with, verify
from playbooks.gate.client import GateClient
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.plain_client import PlainGateClient
from playbooks.secret import Secret
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from playbooks.store.gate.audit import read_audit
from tests.parts.gate import TOKEN
from tests.parts.gate_process import running, settle
from tests.parts.require import require

#: Outcomes of a gate that is not there.
GONE = {Outcome.UNREACHABLE, Outcome.TIMED_OUT}


def answers(url: str, times: int = 1) -> list[Answer]:
    """What both clients are told."""

    async def ask() -> list[Answer]:
        async with ClientSession() as session:
            client = GateClient(session, url, Secret(TOKEN), timeout_s=1.0)
            return [await client.ask(asked(number)) for number in range(times)]

    plain = PlainGateClient(url, Secret(TOKEN), timeout_s=1.0)
    return [*asyncio.run(ask()), *(plain.ask(asked(number)) for number in range(times))]


def asked(number: int) -> GateRequest:
    return GateRequest(brand="acme", platform="x", post=OutgoingPost(id=f"post-{number}", text=f"Text {number}"))


def outcomes(url: str) -> set[Outcome]:
    return {answer.outcome for answer in answers(url)}


def test_a_gate_that_was_killed_is_a_no_and_its_audit_is_whole_when_it_is_back(tmp_path: Path, port: int) -> None:
    settle(tmp_path, port)
    url = f"http://127.0.0.1:{port}"
    for _ in range(2):
        with running(tmp_path, url) as gate:
            assert outcomes(url) == {Outcome.ALLOWED}
            gate.send_signal(signal.SIGKILL)
            gate.wait()
            assert outcomes(url) <= GONE
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    heads, rows, _ = read_audit(engine)
    found = list(rows)
    engine.dispose()
    assert verify(found, heads, seal_with(None)) == []
    assert (len(heads), len(found)) == (2, 2 * 3), "a chain a process: its beginning and two decisions"


def test_a_gate_that_is_stopped_in_the_middle_is_a_no(tmp_path: Path, port: int) -> None:
    settle(tmp_path, port)
    url = f"http://127.0.0.1:{port}"
    with running(tmp_path, url) as gate:
        gate.send_signal(signal.SIGSTOP)
        assert outcomes(url) == {Outcome.TIMED_OUT}
        gate.send_signal(signal.SIGCONT)
        assert outcomes(url) == {Outcome.ALLOWED}


def test_a_gate_without_its_store_is_a_no_until_it_is_back(tmp_path: Path, port: int) -> None:
    settle(tmp_path, port)
    url, store, away = f"http://127.0.0.1:{port}", tmp_path / "store.db", tmp_path / "away.db"
    with running(tmp_path, url):
        assert outcomes(url) == {Outcome.ALLOWED}
        os.rename(store, away)
        assert outcomes(url) == {Outcome.REFUSED}
        shutil.copyfile(away, store)
        assert outcomes(url) == {Outcome.REFUSED}, "another file in its place is not the store"
        os.replace(away, store)
        assert outcomes(url) == {Outcome.ALLOWED}


def test_a_network_that_is_cut_is_a_no_until_it_is_mended(tmp_path: Path, port: int) -> None:
    require("namespaces")
    with network() as (name, address):
        settle(tmp_path, port, address)
        url = f"http://{address}:{port}"
        with running(tmp_path, url, ["ip", "netns", "exec", name]):
            assert outcomes(url) == {Outcome.ALLOWED}
            run("ip", "link", "set", f"{name}h", "down")
            assert Outcome.ALLOWED not in outcomes(url), "whoever answers in its place is not the gate"
            run("ip", "link", "set", f"{name}h", "up")
            assert outcomes(url) == {Outcome.ALLOWED}
            # Packets vanish, nobody says so: the client must not wait for ever.
            run("ip", "netns", "exec", name, "ip", "link", "set", f"{name}g", "down")
            assert outcomes(url) <= GONE


@contextmanager
def network() -> Iterator[tuple[str, str]]:
    """A network of two machines; the name of the other one, and its address."""
    name, third = f"fb{os.getpid()}", os.getpid() % 250 + 1
    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", f"{name}h", "type", "veth", "peer", "name", f"{name}g", "netns", name)
        run("ip", "addr", "add", f"10.213.{third}.1/24", "dev", f"{name}h")
        run("ip", "link", "set", f"{name}h", "up")
        run("ip", "netns", "exec", name, "ip", "addr", "add", f"10.213.{third}.2/24", "dev", f"{name}g")
        run("ip", "netns", "exec", name, "ip", "link", "set", f"{name}g", "up")
        run("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up")
        yield name, f"10.213.{third}.2"
    finally:
        run("ip", "netns", "del", name)


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
