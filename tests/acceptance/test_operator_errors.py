"""Whatever an operator sets wrong, each command says once what, where and what to do, and ends with 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.brokers import embedded
from streams.settings import KafkaSettings
from streams.topics import ensure_topics
from tests.parts.demo import taken
from tests.parts.require import CHECKOUT, require

pytestmark = [pytest.mark.slow, pytest.mark.broker]

AT_ONCE = 3
WITHIN_S = 90
LONG_RUNNING = (
    "worker",
    "worker --role triage",
    "worker --role watch",
    "worker --role respond",
    "trainer",
    "runner",
    "gate",
    "console",
    "source bluesky",
    "source webhook",
)
ON_KAFKA = tuple(name for name in LONG_RUNNING if name.startswith(("worker", "trainer", "source")))
ON_THE_STORE = (
    "worker --role respond",
    "runner",
    "gate",
    "console",
    "source bluesky",
    "source webhook",
    "sign-in alex",
)
EVERY = (*LONG_RUNNING, "sign-in alex", "replay mentions.jsonl", "backtest mentions.jsonl --out decisions.jsonl")

PARTS = """
people: {alex: {name: Alex}}
brands: {acme: {terms: [acme]}}
gate: {token: {env: A_SECRET}, port: 0}
sources: {webhook: {secret: {env: A_SECRET}}}
"""
TAKEN = 48_080


@dataclass(frozen=True)
class Case:
    """A command, the settings it is given (None: no folder is named), and what its message must hold."""

    command: str
    settings: str | None
    says: tuple[str, ...]

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.command}: {self.says[0]}"


def settings(
    more: str = "", kafka: str = "{servers: '127.0.0.1:1'}", store: str = "{url: 'sqlite:///store.db'}"
) -> str:
    """Settings in which everything else is right."""
    return f"kafka: {kafka}\nstore: {store}\n{PARTS}{more}"


def cases() -> Iterator[Case]:
    for command in EVERY:
        yield Case(command, "kafka:\n  servers: a:1\n  sevrers: b:1\n", ("firebreak.yaml:3", "`sevrers`", "servers"))
    yield Case("gate", "console:\n  port: 99999", ("firebreak.yaml:2", "console.port", "99999", "65535"))
    yield Case("gate", "runner: {poll_s: 0}", ("firebreak.yaml:1", "runner.poll_s", "> 0"))
    yield Case("gate", "brands:\n  acme: {}\n  Best:", ("firebreak.yaml:3", "'Best'", "1 to 64 of a-z, 0-9, _ and -"))
    yield Case("gate", "brands: {acme: {arming: page}}", ("brands.acme", "firebreak arm BRAND page"))
    yield Case("gate", "brands: {firebreak: {}}", ("firebreak.yaml:1", "'firebreak'", "call it otherwise"))
    yield Case("gate", "roles: {on-call: [bo]}", ("firebreak.yaml:1", "'on-call'", "'bo'", "people"))
    yield Case(
        "gate", "gate: {token: hunter2}", ("firebreak.yaml:1", "gate.token", "write {env: NAME} or {file: PATH}")
    )
    yield Case("gate", "gate: [", ("firebreak.yaml:1", "expected"))
    yield Case("gate", "gate: {}\ngate: {}", ("firebreak.yaml:2", "'gate'", "twice"))
    for command in ON_KAFKA:
        yield Case(command, settings(), ("no Kafka at 127.0.0.1:1", "kafka.servers", "start the broker"))
    yield Case("replay mentions.jsonl", settings(), ("no Kafka at 127.0.0.1:1", "kafka.servers"))
    yield Case("worker", settings(kafka="{servers: nowhere}"), ("kafka.servers", "'nowhere'", "host:port"))
    gone = "{url: 'postgresql+psycopg://firebreak@127.0.0.1:1/firebreak'}"
    for command in ON_THE_STORE:
        kafka = "{servers: 'BROKER'}"
        yield Case(command, settings(kafka=kafka, store=gone), ("127.0.0.1:1/firebreak", "cannot be reached", "mend"))
    for url, says in (
        ("sqlite:////nowhere/store.db", ("/nowhere/store.db", "its folder", "store.url")),
        ("sqlite:///mentions.jsonl", ("mentions.jsonl", "not a database")),
        ("mysql://somewhere/x", ("'mysql'", "store.url", "sqlite:///FILE")),
        ("postgresql+psycopg://a:b@somewhere/x", ("firebreak.yaml:2: store.url holds a password", "store.password")),
    ):
        yield Case("console", settings(store=f"{{url: '{url}'}}"), says)
    for command, more, variable in (
        ("gate", "", "gate.token: the environment variable FIREBREAK_GATE_TOKEN"),
        ("source webhook", "", "sources.webhook.secret: the environment variable FIREBREAK_WEBHOOK_SECRET"),
        (
            "runner",
            "channels: {email: {username: a, password: {env: NOT_SET}}}",
            "channels.email.password: the environment variable NOT_SET",
        ),
        ("runner", "channels: {webhook: {secret: {env: NOT_SET}}}", "channels.webhook.secret: the environment"),
        ("runner", "grafana: {url: 'http://127.0.0.1:1', token: {env: NOT_SET}}", "grafana.token: the environment"),
        (
            "console",
            "store: {url: 'postgresql+psycopg://a@b/c', password: {env: NOT_SET}}",
            "store.password: the environment variable NOT_SET",
        ),
    ):
        yield Case(command, more, (variable, "is not set or empty", "put the secret there"))
    for command, where in (
        ("gate", "gate: {token: {env: A_SECRET}, port: PORT}"),
        ("console", "console: {port: PORT}"),
        ("runner", "runner: {metrics_port: PORT}"),
        ("worker --role triage", "triage: {metrics_port: PORT}\nkafka: {servers: 'BROKER'}"),
        (
            "worker",
            "watch: {metrics_port: PORT}\ntriage: {metrics_port: 0}\nrespond: {metrics_port: 0}\n"
            "kafka: {servers: 'BROKER'}",
        ),
        (
            "source webhook",
            "sources: {webhook: {secret: {env: A_SECRET}, port: PORT, metrics_port: 0}}\nkafka: {servers: 'BROKER'}",
        ),
    ):
        yield Case(command, where.replace("PORT", str(TAKEN)), (f"port {TAKEN} on 127.0.0.1", "in use", "free port"))
    for command in ("worker", "trainer", "replay mentions.jsonl"):
        shape = "{servers: 'BROKER', mentions_partitions: 6}"
        yield Case(
            command, settings(kafka=shape), ("'mentions' has 4 partitions", "want 6", "kafka.mentions_partitions")
        )
    yield Case("gate", None, ("FIREBREAK_GATE_TOKEN",))
    yield Case("source bluesky", None, ("no brand has terms", "brands.<brand>.terms"))
    yield Case("sign-in bo", settings(), ("'bo'", "people", "alex"))
    yield Case("replay nowhere.jsonl", settings(), ("nowhere.jsonl", "No such file"))
    yield Case("backtest nowhere.jsonl --out decisions.jsonl", None, ("nowhere.jsonl", "No such file"))
    yield Case(
        "backtest mentions.jsonl --out nowhere/decisions.jsonl", None, ("nowhere/decisions.jsonl", "No such file")
    )
    yield Case("backtest mentions.jsonl --out out.jsonl --learn nowhere.csv", None, ("nowhere.csv",))
    yield Case(
        "backtest mentions.jsonl --out out.jsonl --learn mentions.jsonl",
        None,
        ("mentions.jsonl:1", "'text' is missing"),
    )
    yield Case("worker --role cook", None, ("'cook'", "triage"))
    yield Case("source smoke", None, ("'smoke'", "webhook"))
    yield Case("cook", None, ("No such command", "cook"))
    yield Case("worker --config nowhere", None, ("nowhere/firebreak.yaml", "is not there", "--config"))


CASES = list(cases())


class Table:
    """Every case, run a few at a time, because each is a process of a second or two."""

    def __init__(self, folder: Path, broker: str) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._folder = folder
        self._broker = broker
        self._running = {case: self._pool.submit(self._run, number, case) for number, case in enumerate(CASES)}

    def ended(self, case: Case) -> subprocess.CompletedProcess[str]:
        """How a case ended."""
        future: Future[subprocess.CompletedProcess[str]] = self._running[case]
        return future.result(WITHIN_S * 4)

    def close(self) -> None:
        """Let what has not begun be."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, number: int, case: Case) -> subprocess.CompletedProcess[str]:
        folder = self._folder / str(number)
        folder.mkdir()
        (folder / "mentions.jsonl").write_text('{"not": "a database"}\n' * 400)
        words = case.command.split()
        if case.settings is not None:
            (folder / "firebreak.yaml").write_text(case.settings.replace("BROKER", self._broker), encoding="utf-8")
            words = ["--config", ".", *words]
        return ended(words, folder)


def ended(words: list[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """``firebreak`` with `words` in `folder`, to its end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIREBREAK_")}
    environment = {**kept, "PYTHONPATH": str(CHECKOUT), "A_SECRET": "hush, and hush again", **environ}
    command = [sys.executable, "-m", "streams", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=WITHIN_S)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    require("embedded")
    with embedded.start() as broker, taken(TAKEN):
        ensure_topics(KafkaSettings(servers=broker.servers))
        running = Table(tmp_path_factory.mktemp("operator"), broker.servers)
        try:
            yield running
        finally:
            running.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_told_once_and_ends_with_2(table: Table, case: Case) -> None:
    found = table.ended(case)
    said = found.stdout + found.stderr
    assert found.returncode == 2, said
    assert "Traceback" not in said
    assert [words for words in case.says if words not in found.stderr] == [], found.stderr
    told = [line for line in found.stderr.splitlines() if line.startswith(("firebreak: ", "Error: "))]
    assert len(told) == 1, found.stderr
    assert "hush" not in said


@pytest.mark.parametrize(
    "command", ["worker --role respond", "console", "backtest mentions.jsonl --out decisions.jsonl"]
)
def test_a_playbook_that_was_changed_after_its_release_stops_the_start(tmp_path: Path, command: str) -> None:
    require("embedded")
    for package in ("detectors", "playbooks", "streams"):
        shutil.copytree(CHECKOUT / package, tmp_path / package)
    changed = tmp_path / "playbooks" / "library" / "complaint-storm" / "1.0.0.yaml"
    changed.write_text(changed.read_text(encoding="utf-8") + "# one more line\n", encoding="utf-8")
    (tmp_path / "mentions.jsonl").touch()
    with embedded.start() as broker:
        (tmp_path / "firebreak.yaml").write_text(settings(kafka=f"{{servers: '{broker.servers}'}}"), encoding="utf-8")
        found = ended(["--config", ".", *command.split()], tmp_path, PYTHONPATH=str(tmp_path))
    assert found.returncode == 2, found.stderr
    assert "complaint-storm/1.0.0.yaml" in found.stderr
    assert "Traceback" not in found.stderr
    assert len([line for line in found.stderr.splitlines() if line.startswith("firebreak: ")]) == 1
