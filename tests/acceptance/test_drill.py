"""``firebreak drill`` as a person runs it: in a system of its own, and through one that is running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from playbooks.incidents.incident import IncidentState
from playbooks.store import drills
from playbooks.store.engine import open_store
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.incidents.incidents import list_incidents
from streams.brokers.broker import LOOPBACK
from streams.demo.stage import Stage
from streams.drill.answering import Household
from streams.settings import KafkaSettings, read_settings
from streams.topics import ensure_topics
from tests.parts.require import require
from tests.parts.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(400)]

PARTS = ("detect_s", "page_s", "acknowledge_s", "hold_s", "release_s")
LOOK_EVERY_S = 0.1


def command(*words: str, config: Path | None = None) -> list[str]:
    """The command line of a drill."""
    place = ["--config", str(config)] if config else []
    return [sys.executable, "-m", "streams", *place, "drill", *words]


def run(*words: str, config: Path | None = None, token: str = "") -> tuple[int, Any, str]:
    """Its exit code, the JSON that it printed, and what it told."""
    environment = {**os.environ, "FIREBREAK_GATE_TOKEN": token}
    environment.pop("FIREBREAK_CONFIG", None)
    done = subprocess.run(
        command(*words, "--json", config=config), capture_output=True, timeout=300, env=environment, check=False
    )
    told = done.stderr.decode()
    assert "Traceback" not in told, told
    return done.returncode, json.loads(done.stdout) if done.stdout else None, told


def test_embedded_everything_happens_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("embedded")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code, found, told = run("burst")
    assert code == 0, (found, told)
    assert found["missing"] == found["faults"] == []
    assert 30 < found["detect_s"] < 300
    assert found["detect_s"] <= found["page_s"] < found["acknowledge_s"] < found["release_s"] < found["detect_s"] + 60
    assert found["detect_s"] <= found["hold_s"] < found["release_s"]
    assert found["posts_slipped"] == 0
    assert found["posts"]["allowed"] > 0
    assert found["posts"]["held"] > 0
    assert (found["place"], found["previous"]) == ("embedded", None)
    assert set(found["reached"]) == {"alex", "robin", "sam"}
    for step in ("Starting", "Ordinary days", "Learning", "The crisis"):
        assert f"{step}: " in told
    assert [path for path in tmp_path.iterdir() if path.name.startswith("firebreak")] == []


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A system that is running."""
    require("embedded")
    made = Stage()
    try:
        made.start()
        ensure_topics(KafkaSettings(servers=made.servers))
        asyncio.run(made.wait_until_ready(lambda _: None))
        yield made
    finally:
        made.end()


@contextmanager
def answering(stage: Stage) -> Iterator[None]:
    """The people of the system answer, for as long as the block lasts."""
    settings, over = read_settings(stage.folder), threading.Event()
    engine = open_store(settings.store)
    people = Household(settings, engine, stage.inbox, f"http://{LOOPBACK}:{stage.ports['console']}")

    async def answer() -> None:
        while not over.is_set():
            for view in list_incidents(engine):
                if view.state is not IncidentState.RESOLVED:
                    await people.answer(drills.what_is_known(engine, view.run))
            await asyncio.sleep(LOOK_EVERY_S)

    thread = threading.Thread(target=lambda: asyncio.run(answer()))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        engine.dispose()


def test_a_playbook_is_drilled_through_the_running_system_and_compared_with_the_last_time(stage: Stage) -> None:
    with answering(stage):
        first = run("complaint-storm", "--by", "alex", config=stage.folder, token=stage.token)
        second = run("complaint-storm", "--by", "alex", config=stage.folder, token=stage.token)
    for code, found, told in (first, second):
        assert code == 0, (found, told)
        assert all(found[part] is not None and found[part] < 60 for part in PARTS)
        assert "reaches Alex (on call) by email" in told
        assert (found["playbook"], found["place"], found["by"]) == ("complaint-storm", "running", "alex")
    assert first[1]["previous"] is None
    assert second[1]["previous"]["drill"] == first[1]["drill"]


def test_where_nobody_answers_that_is_null_and_the_exit_code_says_so(stage: Stage) -> None:
    code, found, _ = run("impersonation", "--wait", "0.1", config=stage.folder, token=stage.token)
    assert code == 1
    assert found["missing"] == ["acknowledge"]
    assert found["acknowledge_s"] is None
    assert found["page_s"] is not None
    assert found["hold_s"] is found["posts_slipped"] is None, "its playbook holds nothing"
    engine = open_store(read_settings(stage.folder).store)
    try:
        (view,) = list_incidents(engine, found["drill"])
        assert list_incidents(engine, "") == [], "life is not touched"
    finally:
        engine.dispose()
    assert view.state is IncidentState.RESOLVED
    code, known, _ = run("impersonation", "--history", config=stage.folder)
    assert code == 0
    assert [each | {"previous": None} for each in known] == [found]


def test_what_only_people_report_is_opened_by_hand(stage: Stage) -> None:
    with answering(stage):
        code, found, told = run("employee-post", config=stage.folder, token=stage.token)
    assert code == 0, (found, told)
    assert found["playbook"] == "employee-post"


def test_a_crisis_is_played_beside_life_and_found(stage: Stage) -> None:
    with answering(stage):
        code, found, told = run("burst", "--speed", "60", config=stage.folder, token=stage.token)
    assert code == 0, (found, told)
    assert 30 < found["detect_s"] < 300
    assert found["posts_slipped"] == 0
    assert "Learning: the workers have read them" in told


async def test_asked_to_end_it_ends_everything_and_keeps_what_was_measured(stage: Stage) -> None:
    engine, name = open_store(read_settings(stage.folder).store), "viral-outrage"
    environment = {**os.environ, "FIREBREAK_GATE_TOKEN": stage.token}
    quiet = asyncio.subprocess.DEVNULL
    words = command(name, "--json", config=stage.folder)
    process = await asyncio.create_subprocess_exec(
        *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=quiet
    )
    try:
        await until(lambda: bool(open_of(engine, name)), "the drill's incident is open", 60)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            printed, _ = await process.communicate()
        assert process.returncode == 1
        assert json.loads(printed)["faults"] == ["ended_early"]
        (kept,) = drills.read_drills(engine, name=name)
        assert kept.ended_ms is not None
        assert open_of(engine, name) == []
        assert kept.run in {hold.run for hold in holds_in_force(engine)}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        engine.dispose()


def open_of(engine: Any, playbook: str) -> list[str]:
    """The open incidents of a playbook."""
    found = list_incidents(engine)
    return [view.id for view in found if view.playbook == playbook and view.state is not IncidentState.RESOLVED]
