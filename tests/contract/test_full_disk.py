"""A disk that is full: nothing is half written, it is waited for and said, and goes on when there is room again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from playbooks.delivery.standing import OutboxState
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.store.engine import StoreUnreachable, open_store
from playbooks.store.incidents.incidents import Taken, list_incidents, take_signal
from tests.parts.due_actions import action, put, states
from tests.parts.running import runner_settings, running, until
from tests.parts.signals import MORNING_MS, a_signal, armed, plain_library
from tests.parts.smtp import Mailbox, smtp_server

ROOM_BYTES = 3_000_000
LIBRARY = plain_library()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes of one's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk of one's own cannot be mounted here (needs root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def place(small_disk: Path, migrated_sqlite: Path) -> StoreSettings:
    """A migrated store on it."""
    shutil.copyfile(migrated_sqlite, small_disk / "store.db")
    return StoreSettings(url=f"sqlite:///{small_disk / 'store.db'}")


def fill(folder: Path) -> Path:
    """Use up what room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096) == 4096:
                pass
        except OSError:
            pass
    assert os.statvfs(folder).f_bavail == 0
    return ballast


def take_until_full(store: Engine, known: PlaybookSettings) -> int:
    """Take signals until the store takes no more; how many it took."""
    for n in range(10_000):
        try:
            take_signal(store, a_signal(f"sig-{n}"), LIBRARY, known, MORNING_MS)
        except StoreUnreachable:
            return n
    raise AssertionError("there was room for all")


def test_a_signal_is_taken_whole_or_not_at_all_and_is_taken_when_there_is_room(
    small_disk: Path, place: StoreSettings
) -> None:
    store = open_store(place)
    known = armed(store)
    ballast = fill(small_disk)
    taken = take_until_full(store, known)
    before = list_incidents(store)
    assert sum(view.signals for view in before) == taken
    ballast.unlink()
    assert take_signal(store, a_signal(f"sig-{taken}"), LIBRARY, known, MORNING_MS) is not Taken.REPEAT
    assert sum(view.signals for view in list_incidents(store)) == taken + 1
    store.dispose()


async def test_what_was_sent_when_the_disk_was_full_is_written_down_later_and_not_sent_again(
    small_disk: Path, place: StoreSettings
) -> None:
    store = open_store(place)
    actions = [f"act-{n}" for n in range(8)]

    def waits() -> float:
        labels = {"role": "runner", "cause": "store"}
        return REGISTRY.get_sample_value("firebreak_surroundings_waits_total", labels) or 0.0

    put(store, *(action(each, target="executives") for each in actions))
    async with smtp_server(Mailbox(before_data=asyncio.Event())) as mailbox:
        async with running(runner_settings(place, mailbox)):
            await until(lambda: mailbox.connections == len(actions))
            ballast, before = fill(small_disk), waits()
            assert mailbox.before_data is not None
            mailbox.before_data.set()
            await until(lambda: waits() > before, within_s=60)
            assert OutboxState.DELIVERED not in states(store).values()
            ballast.unlink()
            await until(lambda: set(states(store).values()) == {OutboxState.DELIVERED}, within_s=60)
    assert len(mailbox.keys()) == len(set(mailbox.keys())) == len(actions)
    store.dispose()
