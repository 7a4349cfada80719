"""The examples of README, copied from it and run against the processes that they speak of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from playbooks.labels import Role
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from playbooks.store.pulses import Pulse, write_pulse
from playbooks.wall_clock import now_ms
from streams.brokers import embedded
from streams.brokers.broker import free_port
from tests.parts.documents import README, blocks
from tests.parts.require import CHECKOUT, require

pytestmark = [pytest.mark.slow, pytest.mark.broker]

SECRETS = {"FIREBREAK_GATE_TOKEN": "a token that nobody guesses", "FIREBREAK_WEBHOOK_SECRET": "a secret"}
USUAL = {"gate": 8081, "webhook": 8082}
READY_S = 60.0


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The gate and the webhook source, running with the settings that README shows, on spare ports."""
    require("embedded")
    folder = tmp_path_factory.mktemp("readme")
    chosen = {name: free_port() for name in USUAL}
    health = free_port()
    with ExitStack() as running:
        broker = running.enter_context(embedded.start())
        shown = blocks(README, "yaml")[0].text.replace("127.0.0.1:9092", broker.servers)
        webhook = f"{{port: {chosen['webhook']}, metrics_port: {health}}}"
        own = f"gate: {{port: {chosen['gate']}}}\nsources: {{webhook: {webhook}}}\n"
        (folder / "firebreak.yaml").write_text(shown + own, encoding="utf-8")
        for words, port in (("gate", chosen["gate"]), ("source webhook", health)):
            running.enter_context(process(folder, words, port))
        see_everything(folder)
        yield chosen


def see_everything(folder: Path) -> None:
    """As if watch ran: while nobody would see a crisis, the gate holds."""
    engine = open_store(StoreSettings(url=f"sqlite:///{folder}/firebreak.db"))
    write_pulse(engine, Pulse(Role.WATCH, "watch", now_ms(), now_ms(), now_ms()))
    engine.dispose()


@contextmanager
def process(folder: Path, words: str, port: int) -> Iterator[None]:
    """A process of Firebreak, ready, and ended."""
    command = [sys.executable, "-m", "streams", "--config", str(folder), *words.split()]
    with (folder / f"{words}.log").open("wb") as log:
        started = subprocess.Popen(command, cwd=folder, env=environment(), stdout=log, stderr=log)
    try:
        wait_until_ready(started, port, folder / f"{words}.log")
        yield
    finally:
        started.terminate()
        try:
            assert started.wait(30) == 0
        finally:
            started.kill()
            started.wait()


def wait_until_ready(started: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        assert started.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), **SECRETS}


def shown(language: str, word: str, ports: dict[str, int]) -> str:
    """The example that holds `word`, with the ports that are used here."""
    text = next(block.text for block in blocks(README, language) if word in block.text)
    for name, usual in USUAL.items():
        text = text.replace(f":{usual}/", f":{ports[name]}/")
    return text


def in_a_shell(text: str) -> str:
    """What an example prints."""
    require("curl", "openssl")
    return subprocess.run(["sh", "-ec", text], env=environment(), capture_output=True, text=True, check=True).stdout


def test_a_mention_that_is_signed_with_openssl_is_taken(ports: dict[str, int]) -> None:
    assert json.loads(in_a_shell(shown("sh", "openssl", ports))) == {"accepted": 1, "rejected": []}


def test_a_scheduler_asks_the_gate_with_curl(ports: dict[str, int]) -> None:
    assert json.loads(in_a_shell(shown("sh", "/v1/gate/decisions", ports)))["decision"] == "allow"


def test_a_scheduler_asks_the_gate_from_python(ports: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    module: dict[str, object] = {}
    exec(compile(shown("python", "may_post", ports), "README.md", "exec"), module)
    may_post = module["may_post"]
    assert callable(may_post)
    monkeypatch.setenv("FIREBREAK_GATE_TOKEN", SECRETS["FIREBREAK_GATE_TOKEN"])
    assert may_post("acme", "x", "p-1", "Good morning!") is True
    assert may_post("nobody", "x", "p-1", "Good morning!") is False
    monkeypatch.setenv("FIREBREAK_GATE_TOKEN", "another")
    assert may_post("acme", "x", "p-1", "Good morning!") is False
