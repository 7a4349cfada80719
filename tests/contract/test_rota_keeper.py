"""Rotas while a process runs: files that change, calendars whose server comes and goes, copies that outlive it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner
from msgspec.structs import replace
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from detectors.run import LIVE
from playbooks import telemetry
from playbooks.labels import Channel, Role
from playbooks.oncall.aside import read_aside
from playbooks.oncall.asked import Read
from playbooks.oncall.keeper import RotaKeeper
from playbooks.oncall.kept import Kept
from playbooks.oncall.people import DAY_MS, Nobody, Unreachable, members, reach
from playbooks.oncall.rota_schema import moment_of
from playbooks.oncall.rotas import RotaTrouble
from playbooks.oncall.shelf import StoreShelf
from playbooks.oncall.source import RETRY_MS
from playbooks.oncall.zone import zone_named
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.people import CalendarSettings, OfRota, Person, RotaSettings
from playbooks.store.calendars import read_calendar, write_calendar
from playbooks.store.engine import migrate, open_store
from streams.cli import main
from tests.parts.calendars import asked, calendar, event
from tests.parts.http_servers import Receiver, Request, always, receiving
from tests.parts.waiting import until

NOW = moment_of("2026-10-20T09:30Z", zone_named("UTC"))
BO = calendar(event("Bo", ":20261020T090000Z", ":20261020T100000Z", "RRULE:FREQ=DAILY"))
ADA = BO.replace("Bo", "Ada")
HOUR_MS = 3_600_000
POLL_MS = 300_000
ROTA = """zone: UTC
layers: [{id: always, people: [NAME], starts: 2026-01-05 09:00, hand_over: {at: ['09:00']}}]
"""


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        return self.ms


def settings_of(rota: RotaSettings) -> PlaybookSettings:
    """One role of one rota."""
    return PlaybookSettings(
        people={"ada": Person(name="Ada"), "bo": Person(name="Bo", email="bo@example.org")},
        roles={"on-call": OfRota(rota="comms")},
        rotas={"comms": rota},
    )


def ical(server: Receiver, **how: float) -> RotaSettings:
    """A calendar of that server."""
    return RotaSettings(ical=replace(CalendarSettings(url=f"{server.url}/a.ics", timeout_s=2.0), **how))


def on_call(keeper: RotaKeeper, settings: PlaybookSettings, at_ms: int) -> list[str] | Unreachable:
    """Who is, or why nobody is."""
    found = members("on-call", settings, keeper.rotas(), at_ms)
    return found.why if isinstance(found, Nobody) else list(found)


def troubles(keeper: RotaKeeper) -> list[RotaTrouble]:
    """What is wrong."""
    return [trouble.why for trouble in keeper.rotas().troubles]


async def test_a_calendar_on_a_server_says_who_is_on_call_and_who_is_not() -> None:
    clock = Clock()
    async with receiving(Receiver(always(200, text=BO))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, clock)
        assert on_call(keeper, settings, NOW) is Unreachable.ROTA_NOT_READ
        await keeper.open()
    assert on_call(keeper, settings, NOW) == ["bo"]
    assert on_call(keeper, settings, NOW + HOUR_MS) is Unreachable.NOBODY_ON_CALL
    nobody = members("on-call", settings, keeper.rotas(), NOW + HOUR_MS)
    assert isinstance(nobody, Nobody)
    assert nobody.next_ms == moment_of("2026-10-21T09:00Z", zone_named("UTC"))
    reached = reach(LIVE, "on-call", settings, {Channel.EMAIL: lambda person: person.email}, keeper.rotas(), NOW)
    assert [contact.address for contact in reached.to_send] == ["bo@example.org"]


async def test_a_calendar_is_asked_for_when_it_is_due_and_by_its_version() -> None:
    clock = Clock()
    async with receiving(Receiver(always(200, {"ETag": '"1"'}, BO))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, clock)
        await keeper.open()
        clock.ms += POLL_MS - 1
        await keeper.look()
        assert len(server.requests) == 1
        server.answer = always(304)
        clock.ms += 1
        await keeper.look()
        assert [request.headers.get("If-None-Match") for request in server.requests] == [None, '"1"']
        server.answer = always(200, {"ETag": '"2"'}, ADA)
        clock.ms += POLL_MS
        await keeper.look()
        assert on_call(keeper, settings, NOW) == ["ada"]


async def test_while_a_server_is_away_the_last_calendar_counts_for_as_long_as_is_set(port: int) -> None:
    clock = Clock()
    async with receiving(Receiver(always(200, text=BO))) as server:
        settings = settings_of(ical(server, keep_h=48))
        keeper = RotaKeeper(settings, clock)
        await keeper.open()
    last = NOW
    clock.ms = NOW + POLL_MS
    await keeper.look()
    assert troubles(keeper) == [RotaTrouble.UNREACHABLE]
    assert on_call(keeper, settings, last + DAY_MS) == ["bo"]
    clock.ms = last + 48 * HOUR_MS - 1
    await keeper.look()
    assert on_call(keeper, settings, clock.ms) == ["bo"]
    assert on_call(keeper, settings, clock.ms + 1) is Unreachable.ROTA_TOO_OLD


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        (404, "", RotaTrouble.REFUSED),
        (200, "<html>", RotaTrouble.NOT_A_CALENDAR),
        (200, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", RotaTrouble.NOT_A_CALENDAR),
    ],
)
async def test_a_bad_calendar_changes_nothing_until_a_good_one_comes(status: int, text: str, why: RotaTrouble) -> None:
    clock = Clock()
    async with receiving(Receiver(always(200, {"ETag": '"1"'}, BO))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, clock)
        await keeper.open()
        server.answer = always(status, {"ETag": '"bad"'}, text)
        clock.ms += POLL_MS
        await keeper.look()
        assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([why], ["bo"])
        server.answer = always(200, text=ADA)
        clock.ms += max(RETRY_MS, POLL_MS)
        await keeper.look()
        assert server.requests[-1].headers["If-None-Match"] == '"1"'
        assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([], ["ada"])


async def test_a_server_that_comes_back_is_found_within_a_minute() -> None:
    telemetry.start([Role.RUNNER], brands=())
    clock = Clock()
    async with receiving(Receiver(always(503))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, clock)
        await keeper.open()
        assert troubles(keeper) == [RotaTrouble.REFUSED]
        assert REGISTRY.get_sample_value("firebreak_rota_troubles", {"why": "refused"}) == 1
        server.answer = always(200, text=BO)
        clock.ms += RETRY_MS
        await keeper.look()
        assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([], ["bo"])
        assert REGISTRY.get_sample_value("firebreak_rota_troubles", {"why": "refused"}) == 0


async def test_an_event_of_nobody_known_is_told_and_the_others_count() -> None:
    text = calendar(
        event("Bo", ":20261020T090000Z", ":20261020T100000Z"),
        event("Zoe\\n\x1b[31m", ":20261021T090000Z", ":20261021T100000Z"),
    )
    async with receiving(Receiver(always(200, text=text))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, Clock())
        await keeper.open()
    assert troubles(keeper) == [RotaTrouble.EVENT_LEFT_OUT]
    assert f"{keeper.rotas().troubles[0]}".isprintable()
    assert on_call(keeper, settings, NOW) == ["bo"]


async def test_the_copy_in_the_store_counts_after_a_restart_while_the_server_is_away(store: Engine) -> None:
    clock = Clock()
    async with receiving(Receiver(always(200, {"ETag": '"1"'}, BO))) as server:
        settings = settings_of(ical(server))
        await RotaKeeper(settings, clock, StoreShelf.plain(store)).open()
    clock.ms += HOUR_MS
    keeper = RotaKeeper(settings, clock, StoreShelf.plain(store))
    await keeper.open()
    assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([], ["bo"])
    await keeper.look()
    assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([RotaTrouble.UNREACHABLE], ["bo"])
    assert on_call(keeper, settings, NOW + 72 * HOUR_MS) is Unreachable.ROTA_TOO_OLD


async def test_the_copy_of_another_address_is_not_gone_by(store: Engine) -> None:
    write_calendar(store, "comms", "a" * 64, Kept(BO, "", "", NOW))
    async with receiving(Receiver(always(503))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, Clock(), StoreShelf.plain(store))
        await keeper.open()
    assert on_call(keeper, settings, NOW) is Unreachable.ROTA_NOT_READ


async def test_the_command_goes_by_the_copy_of_a_calendar_that_is_away_and_says_so(tmp_path: Path) -> None:
    def said() -> tuple[int, list[str], list[str]]:
        found = CliRunner().invoke(main, ["--config", str(tmp_path), "oncall", "--json"])
        told = json.loads(found.output)
        on_call = [person["person"] for person in told["roles"][0]["on_call"]]
        return found.exit_code, on_call, [trouble["why"] for trouble in told["troubles"]]

    always_bo = calendar(event("Bo", ";VALUE=DATE:20200101", ";VALUE=DATE:20990101"))
    async with receiving(Receiver(always(200, text=always_bo))) as server:
        (tmp_path / "firebreak.yaml").write_text(
            f"store: {{url: 'sqlite:///{tmp_path}/store.db'}}\n"
            "people: {bo: {name: Bo}}\nroles: {on-call: {rota: comms}}\n"
            f"rotas: {{comms: {{ical: {{url: '{server.url}/a.ics'}}}}}}\n",
            encoding="utf-8",
        )
        # The store is there where Firebreak runs; the command makes none.
        engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
        await asyncio.to_thread(migrate, engine)
        engine.dispose()
        assert await asyncio.to_thread(said) == (0, ["bo"], [])
    assert await asyncio.to_thread(said) == (1, ["bo"], ["unreachable"])


def test_an_older_copy_takes_no_newer_ones_place(store: Engine) -> None:
    write_calendar(store, "comms", "a", Kept(BO, '"2"', "", 2))
    write_calendar(store, "comms", "a", Kept(ADA, '"1"', "", 1))
    assert read_calendar(store, "comms", "a") == Kept(BO, '"2"', "", 2)
    write_calendar(store, "comms", "b", Kept(ADA, '"1"', "", 1))
    assert (read_calendar(store, "comms", "a"), read_calendar(store, "comms", "b")) == (None, Kept(ADA, '"1"', "", 1))


async def test_a_calendar_in_a_file_is_read_again_and_what_is_wrong_with_it_told(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "a.ics"
    file.write_text(BO, encoding="utf-8")
    settings = settings_of(RotaSettings(ical=CalendarSettings(file=str(file))))
    keeper = RotaKeeper(settings, clock)
    await keeper.open()
    assert on_call(keeper, settings, NOW) == ["bo"]
    file.unlink()
    clock.ms += POLL_MS
    await keeper.look()
    assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([RotaTrouble.FILE_NOT_READ], ["bo"])


async def test_a_rota_file_that_changes_counts_at_once_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rota.yaml"
    file.write_text(ROTA.replace("NAME", "bo"), encoding="utf-8")
    settings = settings_of(RotaSettings(file=str(file)))
    keeper = RotaKeeper(settings, Clock())
    await keeper.open()
    assert on_call(keeper, settings, NOW) == ["bo"]
    for wrong in (ROTA.replace("NAME", "zoe"), "zone: [", ""):
        file.write_text(wrong, encoding="utf-8")
        await keeper.look()
        assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([RotaTrouble.FILE_NOT_READ], ["bo"])
    file.unlink()
    await keeper.look()
    assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([RotaTrouble.FILE_NOT_READ], ["bo"])
    file.write_text(ROTA.replace("NAME", "ada"), encoding="utf-8")
    await keeper.look()
    assert (troubles(keeper), on_call(keeper, settings, NOW)) == ([], ["ada"])


async def test_a_running_keeper_reads_at_once_and_stops_when_told(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with receiving(Receiver(always(200, text=BO))) as server:
        settings = settings_of(ical(server))
        keeper = RotaKeeper(settings, Clock())
        running = asyncio.create_task(keeper.run(stop))
        await until(lambda: on_call(keeper, settings, NOW) == ["bo"], "Bo is on call")
        stop.set()
        await asyncio.wait_for(running, 5)


async def test_a_keeper_that_waits_for_a_server_stops_at_once_when_told() -> None:
    asked_for, answered = asyncio.Event(), asyncio.Event()

    async def answer(_: Request) -> web.Response:
        asked_for.set()
        await answered.wait()
        return web.Response()

    stop = asyncio.Event()
    async with receiving(Receiver(answer)) as server:
        running = asyncio.create_task(RotaKeeper(settings_of(ical(server, timeout_s=60)), Clock()).run(stop))
        await asyncio.wait_for(asked_for.wait(), 5)
        stop.set()
        await asyncio.wait_for(running, 20)
        answered.set()


async def test_a_calendar_that_takes_too_long_is_ended_and_costs_nothing_more() -> None:
    for_ever = event("Bo", ":00010101T000000Z", ":00010101T000001Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")
    began = time.monotonic()
    assert await read_aside(asked(calendar(for_ever)), within_s=1.5) is RotaTrouble.TAKES_TOO_MUCH
    assert time.monotonic() - began < 30


async def test_a_calendar_is_read_without_the_secrets_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = tmp_path / "sitecustomize.py"
    probe.write_text("import os, pathlib\npathlib.Path(__file__).with_name('seen').write_text(str(dict(os.environ)))\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.getcwd()]))
    monkeypatch.setenv("FIREBREAK_GATE_TOKEN", "hush-hush")
    assert isinstance(await read_aside(asked(BO)), Read)
    assert "hush-hush" not in (tmp_path / "seen").read_text()


async def test_only_the_process_that_reads_calendars_loads_the_libraries() -> None:
    code = "import playbooks.oncall.keeper, playbooks.oncall.people, sys; print('icalendar' in sys.modules)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    assert said.strip() == b"False"
