"""How soon people are paged when everything burns at once: hundreds of incidents, a runner, a mail server.

This process takes in the signals as respond does, a few in one transaction; the runner and a mail server (aiosmtpd) are
processes of their own on the same machine. The server notes every mail when it has taken it, so a page that never came
and one that came twice are both seen.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Engine, func, select

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, load_library
from playbooks.content.examples import signal_of
from playbooks.delivery.standing import OutboxState
from playbooks.effects.message import idempotency_key
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.own_python import own_module
from playbooks.settings import PlaybookSettings, RunnerSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import ChannelSettings, EmailSettings
from playbooks.settings.people import Person
from playbooks.store import schema
from playbooks.store.arming import arm
from playbooks.store.engine import migrate, open_store, reading
from playbooks.store.incidents.incidents import take_signals
from streams.agents.respond import TOGETHER
from streams.bench.report import machine

#: What is wanted: the first page of every incident, from its signal, on two processors.
LIMIT_S: Final = 10.0

#: Playbooks of different causes, each of which pages: a brand may have one incident of each.
_PLAYBOOKS: Final = ("complaint-storm", "impersonation", "account-takeover")
_PEOPLE: Final = {key: Person(name=key.title(), email=f"{key}@example.org") for key in ("ada", "bo", "cy", "dee")}
_WITHIN_S: Final = 600.0
_ENDED: Final = (OutboxState.DELIVERED.value, OutboxState.PARTLY.value, OutboxState.RECORDED.value, "failed")


class PagingReport(msgspec.Struct, frozen=True):
    """A run. Seconds from the moment at which all signals were there; `doubled` and `missing` count mails.

    `taken_s` is when the last signal was in the store, `first_page_s` the slowest first page of an incident, with the
    middle one beside it; `all_s` is when the last page, notice and note was done.
    """

    incidents: int
    brands: int
    taken_s: float
    median_first_page_s: float
    first_page_s: float
    all_s: float
    mails: int
    doubled: int
    missing: int
    machine: str

    @property
    def well(self) -> bool:
        """Whether everybody was paged once, and in time."""
        return self.first_page_s <= LIMIT_S and not self.doubled and not self.missing


class PagingFailed(Exception):
    """It did not come to an end."""


def paging_bench(store: StoreSettings, folder: Path, incidents: int, brands: int) -> PagingReport:
    """Let `incidents` begin at once for `brands`, in an empty store; `folder` is for the files of the processes.

    Raises `PagingFailed` where a process ends or nothing is paged.
    """
    library, names = load_library(), [f"brand-{number:04}" for number in range(brands)]
    with _mail_server(folder) as (port, taken), opened(store) as engine:
        settings = _settings(store, library, names, port)
        for name in names:
            arm(engine, name, Arming.PAGE_AND_HOLD, "ada", "for the bench", settings, 0, early=True)
        with _runner(folder, settings) as runner:
            _until_settled(engine, runner)  # it runs, and what arming says has gone out
            before = len(_keys(taken))
            began = time.time()
            _take(engine, library, settings, names, incidents, int(began * 1000))
            taken_s = time.time() - began
            _until_settled(engine, runner)
            all_s = time.time() - began
        first = sorted(_first_pages(engine, began))
        wanted, came = _wanted(engine), Counter(_keys(taken)[before:])
    if len(first) != incidents:
        raise PagingFailed(f"{len(first)} of {incidents} incidents were paged")
    return PagingReport(
        incidents=incidents,
        brands=brands,
        taken_s=round(taken_s, 2),
        median_first_page_s=round(first[len(first) // 2], 2),
        first_page_s=round(first[-1], 2),
        all_s=round(all_s, 2),
        mails=came.total(),
        doubled=sum(times - 1 for times in came.values()),
        missing=len(wanted - came.keys()),
        machine=machine(),
    )


@contextmanager
def opened(store: StoreSettings) -> Iterator[Engine]:
    """The store with its tables, while the block runs; raises `PagingFailed` where it is in use."""
    engine = open_store(store)
    try:
        migrate(engine)
        with reading(engine) as conn:
            if conn.execute(select(func.count()).select_from(schema.incidents)).scalar():
                raise PagingFailed("the store has incidents; give an empty one")
        yield engine
    finally:
        engine.dispose()


def _settings(store: StoreSettings, library: Library, brands: list[str], port: int) -> PlaybookSettings:
    asked = {step.to for one in library.newest() for step in one.playbook.steps if step.to}
    climbed = {
        role
        for one in library.newest()
        for escalation in one.playbook.escalations.values()
        for role in (escalation.last_resort, *(level.to for level in escalation.levels))
    }
    return PlaybookSettings(
        store=store,
        people=_PEOPLE,
        roles=dict.fromkeys(asked | climbed, ("cy",)) | {"on-call": ("ada", "bo"), "ops": ("dee",)},
        brands={brand: BrandSettings() for brand in brands},
        channels=ChannelSettings(email=EmailSettings(host="127.0.0.1", port=port, sender="fire@example.org")),
        runner=RunnerSettings(metrics_port=0),
    )


def _take(
    engine: Engine, library: Library, settings: PlaybookSettings, brands: list[str], incidents: int, at_ms: int
) -> None:
    books = {one.playbook.id: one.playbook for one in library.newest()}
    examples = [books[name].examples.fires[0].signal for name in _PLAYBOOKS]
    signals = [
        signal_of(examples[n // len(brands)], id=f"sig-{n}", brand=brands[n % len(brands)], at_ms=at_ms)
        for n in range(incidents)
    ]
    for first in range(0, incidents, TOGETHER):
        take_signals(engine, signals[first : first + TOGETHER], library, settings, time.time_ns() // 1_000_000)


def _until_settled(engine: Engine, runner: subprocess.Popen[bytes]) -> None:
    """Wait until nothing is due."""
    table, deadline = schema.outbox.c, time.monotonic() + _WITHIN_S
    while True:
        due = (table.state.not_in(_ENDED), table.due_ms <= time.time_ns() // 1_000_000)
        with reading(engine) as conn:
            if not conn.execute(select(func.count()).select_from(schema.outbox).where(*due)).scalar():
                return
        if runner.poll() is not None or time.monotonic() > deadline:
            raise PagingFailed("the runner does not carry out what is due")
        time.sleep(0.25)


def _first_pages(engine: Engine, began: float) -> list[float]:
    """For each incident, after how many seconds the mail server had its first page."""
    query = (
        select(func.min(schema.deliveries.c.recorded_ms))
        .join(schema.outbox, schema.outbox.c.id == schema.deliveries.c.outbox)
        .join(schema.incidents, schema.incidents.c.id == schema.outbox.c.incident)
        .where(schema.outbox.c.action == ActionKind.PAGE.value, schema.incidents.c.opened_ms >= int(began * 1000))
        .where(schema.deliveries.c.outcome == DeliveryOutcome.ACCEPTED.value)
        .group_by(schema.outbox.c.incident)
    )
    with reading(engine) as conn:
        return [first_ms / 1000 - began for first_ms in conn.execute(query).scalars()]


def _wanted(engine: Engine) -> set[str]:
    """The idempotency keys of every page to the two people on call."""
    query = select(schema.outbox.c.id).where(
        schema.outbox.c.action == ActionKind.PAGE.value, schema.outbox.c.target == "on-call"
    )
    with reading(engine) as conn:
        pages = conn.execute(query).scalars().all()
    return {idempotency_key(page, person, Channel.EMAIL) for page in pages for person in ("ada", "bo")}


def _keys(taken: Path) -> list[str]:
    return taken.read_text(encoding="utf-8").splitlines()


@contextmanager
def _mail_server(folder: Path) -> Iterator[tuple[int, Path]]:
    taken = folder / "mails"
    taken.touch()
    with _child("mail", str(taken)) as child:
        assert child.stdout is not None
        yield int(child.stdout.readline()), taken


@contextmanager
def _runner(folder: Path, settings: PlaybookSettings) -> Iterator[subprocess.Popen[bytes]]:
    file = folder / "settings.json"
    file.write_bytes(msgspec.json.encode(settings))
    with _child("runner", str(file)) as child:
        yield child


@contextmanager
def _child(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        own_module("streams.bench.paging_child", *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
