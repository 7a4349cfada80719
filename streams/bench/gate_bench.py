"""How quick the gate is beside a bare web server, and how soon a hold counts that another process commits."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec
import yaml
from aiohttp import ClientError, ClientSession

from playbooks.holds.by_hand import ByHand
from playbooks.own_python import own_module
from playbooks.store.engine import migrate, open_store
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import HoldTold
from playbooks.wall_clock import now_ms
from streams.bench.gate_load import Load, load
from streams.brokers.broker import LOOPBACK, free_port
from streams.settings import FILE_NAME, read_settings
from streams.supervise import PARENT

BRAND: Final = "acme"
_TOKEN: Final = "FIREBREAK_GATE_TOKEN"  # noqa: S105  # the variable's name
_READY_S: Final = 30.0
_WARM_S: Final = 1.0
_HOLD_S: Final = 3.0
#: What is wanted: 99 of 100 answers sooner, and a hold that counts sooner.
P99_MS: Final = 10.0
#: Questions a second, and for how long.
RATE: Final = 500.0
SECONDS: Final = 20.0
HELD_MS: Final = 1_000.0


class Side(msgspec.Struct, frozen=True):
    """The times of one server's answers, in milliseconds from when each question was due."""

    p50_ms: float
    p99_ms: float
    answered: int
    unanswered: int


class GateReport(msgspec.Struct, frozen=True):
    """The gate beside a bare server, at `rate` questions a second.

    `held_ms` is from the commit of a hold by another process to the first "held", `allowed_after` how many questions
    that were asked after that commit were still allowed.
    """

    rate: float
    seconds: float
    gate: Side
    bare: Side
    ratio_p50: float
    held_ms: float
    allowed_after: int

    @property
    def well(self) -> bool:
        """Whether it is as quick as is wanted, and no question asked after the commit was allowed."""
        return self.gate.p99_ms < P99_MS and self.held_ms < HELD_MS and not self.allowed_after


def gate_bench(rate: float, seconds: float) -> GateReport:
    """Measure both, one after the other, on a new SQLite store."""
    with tempfile.TemporaryDirectory(prefix="firebreak-bench-") as folder:
        return asyncio.run(_measured(Path(folder), rate, seconds))


def gate_command(as_json: bool) -> int:
    """Measure and show it; the exit code: 1 where it is slower than is wanted."""
    found = gate_bench(RATE, SECONDS)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for name, side in (("bare aiohttp server", found.bare), ("gate", found.gate)):
            said = f"half within {side.p50_ms:g} ms, 99 of 100 within {side.p99_ms:g} ms"
            click.echo(f"{name}: {side.answered} answers at {RATE:g} a second: {said}, {side.unanswered} unanswered")
        click.echo(f"a hold of another process counted {found.held_ms:g} ms after its commit")
        click.echo(f"allowed of what was asked after it: {found.allowed_after}")
    return 0 if found.well else 1


async def _measured(folder: Path, rate: float, seconds: float) -> GateReport:
    token, ports = secrets.token_urlsafe(24), (free_port(), free_port())
    _settle(folder, ports[0])
    with _running(["streams.bench.bare_server", str(ports[1])], {}):
        bare = await _side(ports[1], token, rate, seconds)
    with _running(["streams", "--config", str(folder), "gate"], {_TOKEN: token}):
        gate = await _side(ports[0], token, rate, seconds)
        held_ms, allowed_after = await _held(folder, _url(ports[0]), token, rate)
    return GateReport(rate, seconds, gate, bare, round(gate.p50_ms / bare.p50_ms, 2), held_ms, allowed_after)


async def _side(port: int, token: str, rate: float, seconds: float) -> Side:
    await _ready(port)
    await load(_url(port), token, rate, _WARM_S, BRAND)
    found = await load(_url(port), token, rate, seconds, BRAND)
    return Side(found.quantile_ms(0.5), found.quantile_ms(0.99), len(found.took_s), found.unanswered)


async def _held(folder: Path, url: str, token: str, rate: float) -> tuple[float, int]:
    """Commit a hold in the middle of a load; how soon it counted, and what was allowed after it."""
    asking = asyncio.create_task(load(url, token, rate, _HOLD_S, BRAND))
    await asyncio.sleep(_HOLD_S / 2)
    committed = await asyncio.to_thread(_place, folder)
    found: Load = await asking
    first = min(found.held_s, default=float("inf"))
    return round(1000 * max(0.0, first - committed), 2), sum(1 for asked in found.allowed_s if asked > committed)


def _place(folder: Path) -> float:
    settings = read_settings(folder)
    engine = open_store(settings.store)
    told, _ = place_by_hand(engine, ByHand(BRAND, ("on-call",)), "ada", "A measurement", settings, now_ms())
    engine.dispose()
    if told is not HoldTold.DONE:
        raise RuntimeError(f"the hold was not placed: {told.value}")
    return time.monotonic()


def _settle(folder: Path, port: int) -> None:
    settings = {
        "store": {"url": f"sqlite:///{folder / 'firebreak.db'}"},
        "brands": {BRAND: {"name": "Acme", "when_detection_is_dead": "allow"}},
        "people": {"ada": {"name": "Ada"}},
        "roles": {"on-call": ["ada"]},
        "gate": {"port": port},
    }
    (folder / FILE_NAME).write_text(yaml.safe_dump(settings), encoding="utf-8")
    engine = open_store(read_settings(folder).store)
    migrate(engine)
    engine.dispose()


@contextmanager
def _running(words: list[str], environment: dict[str, str]) -> Iterator[None]:
    child = subprocess.Popen(
        own_module(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environment, PARENT: str(os.getpid())},
        start_new_session=True,
    )
    try:
        yield
    finally:
        child.terminate()
        child.wait()


async def _ready(port: int) -> None:
    deadline = time.monotonic() + _READY_S
    async with ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://{LOOPBACK}:{port}/healthz"):
                    return
            except ClientError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/v1/gate/decisions"
