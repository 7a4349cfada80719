"""The console's pages and commands over HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession
from sqlalchemy import Engine

from detectors.signal import Post
from playbooks.console.server import Started, run_console
from playbooks.delivery.standing import entry_of
from playbooks.incidents.log_entry import Acknowledged, HoldReleased, ReleaseAgreed, Resolved
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.listening import PortTaken
from playbooks.settings import ConsoleSettings, StoreSettings
from playbooks.store import schema
from playbooks.store.delivery import outbox
from playbooks.store.engine import open_store, writing
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.incidents.incidents import incident_history, incident_view
from tests.parts.console import NOW_MS, SETTINGS, Clock, browsing, crisis, csrf_in, page, send
from tests.parts.due_actions import begin, record
from tests.parts.holding import PLACED_MS, hold, put, signal

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&{{ 7*7 }}"


def bodies(store: Engine, incident: str, kind: type) -> list[tuple[str, object]]:
    """Who wrote which entry of a kind into the incident's log."""
    return [(row.actor, row.entry) for row in incident_history(store, incident) if isinstance(row.entry, kind)]


def hold_of(store: Engine, incident: str) -> str:
    return next(found.id for found in holds_in_force(store) if found.incident == incident)


async def test_the_list_shows_each_incident_and_what_stands(store: Engine) -> None:
    crisis(store)
    crisis(store, brand="quiet")
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, "/")
    assert html.index("Acme Airways") > 0
    assert "119 people complained about Acme Airways across all platforms; 7.4 would be usual." in html
    assert "Nobody has it yet" in html
    assert "Posting held" in html
    assert "Only observed: nobody was paged" in html


async def test_an_empty_store_says_that_all_is_calm(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        assert "Nothing has happened" in await page(browser, "/")
        assert "Nothing is held" in await page(browser, "/holds")


async def test_an_incident_says_why(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, f"/incidents/{incident}")
    for words in (
        "less than once in a quadrillion stretches of 15 minutes",
        "2 February 2026, 02:32 UTC",
        "163 mentions",
        "119 mentions, 73 %; usually 24 %",
        "104",
        "3 to 14",
        "NegativitySpike, version 1",
        "<code>3109044170</code>",
        "complaint-storm 2.0.0",
        "Severity 4 of 5",
        "page on-call",
    ):
        assert words in html, words


async def test_the_timeline_says_where_it_was_written_down_at_another_time(store: Engine) -> None:
    late = crisis(store, run="replay-1", at_ms=PLACED_MS - 7_200_000)
    prompt = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        assert "(written down 2 February 2026, 02:40 UTC)" in await page(browser, f"/incidents/{late}")
        assert "written down" not in await page(browser, f"/incidents/{prompt}")


async def test_an_incident_whose_pages_reached_nobody_says_so_in_the_list(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        assert "Nobody could be reached" not in await page(browser, "/")
        with writing(store) as conn:
            mine = (schema.outbox.c.incident == incident, schema.outbox.c.action == "page")
            conn.execute(schema.outbox.update().where(*mine).values(state="failed"))
        assert "Nobody could be reached" in await page(browser, "/")
        assert "Nobody could be reached" in await page(browser, f"/incidents/{incident}")
        with writing(store) as conn:
            conn.execute(schema.outbox.update().where(*mine).values(state="delivered"))
        assert "Nobody could be reached" not in await page(browser, "/")


async def test_the_ledger_says_who_was_told_and_what_came_of_it(store: Engine) -> None:
    incident = crisis(store)
    for due in outbox.claim_due(store, "runner", NOW_MS, 60_000, 10):
        if due.action is ActionKind.HOLD:
            note = entry_of(due, ("", Channel.NONE), DeliveryOutcome.DELIVERED, "in force", NOW_MS)
            begin(store, due, [], [note], 3, NOW_MS)
        if due.target == "on-call":
            point = ("ada", Channel.EMAIL)
            begin(store, due, [point], [], 3, NOW_MS)
            record(store, entry_of(due, point, DeliveryOutcome.ACCEPTED, f"250 {HOSTILE}", NOW_MS))
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, f"/incidents/{incident}")
    assert "hold on posting" not in html, "a hold tells nobody; it has its own card"
    assert "page to on-call, by email" in html
    assert "accepted" in html
    assert "under way" not in html
    assert "250 &lt;script&gt;" in html
    assert "<script" not in html


async def test_acknowledging_is_recorded_under_the_viewers_name(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        status, to = await send(browser, f"/incidents/{incident}/acknowledge")
        assert (status, to) == (303, f"/incidents/{incident}?said=done")
        html = await page(browser, to)
    assert "You have it." in html
    assert "Ada Lovelace has it" in html
    assert "Acknowledge: I have this" not in html
    assert bodies(store, incident, Acknowledged) == [("ada", Acknowledged())]
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, f"/incidents/{incident}/acknowledge"))[1].endswith("said=already")
    async with browsing(store, "bo", Clock()) as browser:
        assert (await send(browser, f"/incidents/{incident}/acknowledge"))[1].endswith("said=done")
    assert [person for person, _ in bodies(store, incident, Acknowledged)] == ["ada", "bo"]


async def test_an_incident_is_over_when_somebody_says_so_with_a_reason_and_its_holds_stay(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        status, to = await send(browser, f"/incidents/{incident}/resolve", reason=" ")
        assert (status, to) == (303, f"/incidents/{incident}?said=no_reason_to_end")
        assert "Say why it is over" in await page(browser, to)
        status, to = await send(browser, f"/incidents/{incident}/resolve", reason="The cause is <b>mended</b>.")
        assert (status, to) == (303, f"/incidents/{incident}?said=ended")
        html = await page(browser, to)
        assert (await send(browser, f"/incidents/{incident}/resolve", reason="again"))[1].endswith("?said=is_over")
    assert "Ada Lovelace ended it:" in html
    assert "&lt;b&gt;mended&lt;/b&gt;" in html
    assert "It is over</button>" not in html
    assert hold_of(store, incident)
    assert [actor for actor, _ in bodies(store, incident, Resolved)] == ["ada"]


async def test_a_hold_is_released_with_a_reason_by_who_may(store: Engine) -> None:
    incident = crisis(store)
    held = hold_of(store, incident)
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, f"/holds/{held}/release", reason=" \n"))[1].endswith("said=no_reason")
        assert "the hold stays in force" in await page(browser, f"/incidents/{incident}?said=no_reason")
        assert len(holds_in_force(store)) == 1
        status, to = await send(browser, f"/holds/{held}/release", reason=HOSTILE)
        assert (status, to) == (303, f"/incidents/{incident}?said=released")
        html = await page(browser, to)
    assert "is no longer held" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<img" not in html
    assert bodies(store, incident, ReleaseAgreed) == [("ada", ReleaseAgreed(held, HOSTILE))]
    assert bodies(store, incident, HoldReleased) == [("ada", HoldReleased(held))]
    assert holds_in_force(store) == []


async def test_who_is_not_in_the_playbooks_roles_releases_nothing(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "cy", Clock()) as browser:
        html = await page(browser, f"/incidents/{incident}")
        assert "Who may release it: Ada Lovelace or Bo Diddley." in html
        assert "Why may posting go on?" not in html
        status, to = await send(browser, f"/holds/{hold_of(store, incident)}/release", reason="I want to")
        assert (status, to) == (303, f"/incidents/{incident}?said=not_in_the_roles")
    assert len(holds_in_force(store)) == 1


async def test_where_two_are_needed_one_person_is_not_enough_however_often(store: Engine) -> None:
    put(store, hold(people=2), released_by=("on-call", "executives"))
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, "/holds/hold-1/release", reason="calm"))[1].endswith("said=needs_another_person")
        assert (await send(browser, "/holds/hold-1/release", reason="calm"))[1].endswith("said=already_agreed")
        html = await page(browser, "/incidents/inc-hold-1")
        assert "You have agreed. It now needs another person." in html
        assert len(holds_in_force(store)) == 1
    async with browsing(store, "bo", Clock()) as browser:
        assert "It stays until 1 more person agrees" in await page(browser, "/incidents/inc-hold-1")
        assert (await send(browser, "/holds/hold-1/release", reason="I looked"))[1].endswith("said=released")
    assert holds_in_force(store) == []


async def test_a_hold_that_too_few_people_could_open_says_so(store: Engine) -> None:
    put(store, hold(people=2), released_by=("on-call",))
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, "/holds")
    assert "It takes 2 people in on-call to open this hold, and the settings name 1." in html


@pytest.mark.parametrize("token", ["", "0" * 64, "\u00e9"])
async def test_a_form_without_this_sessions_token_does_nothing(store: Engine, token: str) -> None:
    incident = crisis(store)
    held = hold_of(store, incident)
    async with browsing(store, "bo", Clock()) as other, browsing(store, "ada", Clock()) as browser:
        stolen = csrf_in(await page(other, "/"))
        for csrf in (token, stolen):
            for path in (f"/incidents/{incident}/acknowledge", f"/holds/{held}/release", "/sign-out"):
                async with browser.post(path, data={"csrf": csrf, "reason": "x"}) as response:
                    assert response.status == 400
                    assert "another session" in await response.text()
        assert "Ada Lovelace" in await page(browser, "/")
    view = incident_view(store, incident)
    assert view is not None
    assert view.acknowledged_by is None
    assert view.held


async def test_commands_are_not_reached_by_links_or_without_a_session(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        await page(browser, f"/incidents/{incident}/acknowledge", status=405)
    async with browsing(store, None, Clock()) as nobody:
        async with nobody.post(f"/incidents/{incident}/acknowledge", data={"csrf": "x"}) as response:
            assert response.status == 401
            assert 'href="/"' in await response.text()
    assert bodies(store, incident, Acknowledged) == []


@pytest.mark.parametrize("run", ["drill-7", "replay-airline"])
async def test_drills_and_replays_say_so_on_every_page(store: Engine, run: str) -> None:
    incident = crisis(store, run)
    kind = run.partition("-")[0].upper()
    async with browsing(store, "ada", Clock()) as browser:
        assert f">{kind}<" in await page(browser, "/")
        for path in (f"/incidents/{incident}", f"/runbooks/complaint-storm/2.0.0?incident={incident}"):
            html = await page(browser, path)
            assert f"<b>{kind}</b> {run}" in html
            assert f"<title>{kind}: " in html
        holds = await page(browser, "/holds")
        assert ("Drill: posts for Acme Airways are held in the exercise" in holds) is (kind == "DRILL")
        assert "Automated posts for Acme Airways are held" not in holds


async def test_the_runbook_is_read_for_its_incident(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "bo", Clock()) as browser:
        html = await page(browser, f"/runbooks/complaint-storm/2.0.0?incident={incident}")
        assert "<h1>Many people complain at once</h1>" in html
        assert f'href="/incidents/{incident}"' in html
        for other in ("", "inc-none", "%00", "<script>"):
            html = await page(browser, f"/runbooks/complaint-storm/2.0.0?incident={other}")
            assert "Runbook</p>" in html
        await page(browser, "/runbooks/complaint-storm/9.9.9", status=404)
        await page(browser, "/runbooks/..%2F..%2Fetc/passwd", status=404)


async def test_the_runbooks_page_has_the_approved_words_and_the_button_that_acknowledges(store: Engine) -> None:
    incident = crisis(store)
    where = f"/runbooks/complaint-storm/2.0.0?incident={incident}"
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, where)
        assert "Approved words" in html
        assert "For the public" in html
        assert "&lt;" in html.partition("Approved words")[2], "what is to be filled in is text"
        assert f'action="/incidents/{incident}/acknowledge"' in html
        await send(browser, f"/incidents/{incident}/acknowledge")
        assert f'action="/incidents/{incident}/acknowledge"' not in await page(browser, where)


async def test_hostile_text_is_shown_as_text_wherever_it_comes_from(store: Engine) -> None:
    posts = (Post(id=HOSTILE, platform=HOSTILE[:20], at_ms=PLACED_MS),)
    incident = crisis(
        store, evidence=msgspec.structs.replace(signal().evidence, posts=posts), detector=HOSTILE, platform=HOSTILE
    )
    put(store, msgspec.structs.replace(hold("other"), reason=HOSTILE))
    brands = {"acme": msgspec.structs.replace(SETTINGS.brands["acme"], name=HOSTILE)}
    settings = msgspec.structs.replace(SETTINGS, brands=brands)
    async with browsing(store, "cy", Clock(), settings) as browser:
        for path in ("/", "/holds", f"/incidents/{incident}", f"/incidents/{incident}?said={HOSTILE}"):
            html = await page(browser, path)
            assert "<script" not in html
            assert "<img" not in html
            assert "<b>Twombly" not in html
            assert "&lt;script&gt;" in html
            assert "{{ 7*7 }}" in html, "text is no template either"


async def test_no_page_needs_anything_from_elsewhere_or_any_script(store: Engine) -> None:
    incident = crisis(store)
    paths = ("/", "/holds", f"/incidents/{incident}", "/runbooks/complaint-storm/2.0.0", "/nothing")
    async with browsing(store, "ada", Clock()) as browser:
        for path in paths:
            async with browser.get(path) as response:
                html, headers = await response.text(), response.headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "script-src" not in headers["Content-Security-Policy"]
            assert headers["Cache-Control"] == "no-store"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "<script" not in html
            assert " style=" not in html
            assert not re.search(r'\son\w+="', html)
            for source in re.findall(r'<(?:link|img|form)[^>]+(?:href|src|action)="([^"]*)"', html):
                assert source.startswith("/")
                assert not source.startswith("//")
        for asset in set(re.findall(r'"(/static/[^"]+)"', html)):
            async with browser.get(asset) as response:
                assert response.status == 200
                assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"csrf=x&reason=" + b"a" * 70_000, {}, 413),
        (b"&".join([b"a=1"] * 100), {}, 400),
        (b"\xff\xfe=1", {}, 400),
        (b"%ff=%00", {}, 400),
        (b'{"csrf":"x"}', {"Content-Type": "application/json"}, 400),
        (b"x", {"Content-Type": "multipart/form-data; boundary=y"}, 400),
        (b"", {}, 400),
    ],
)
async def test_a_hostile_form_is_refused_with_a_page(
    store: Engine, data: bytes, headers: dict[str, str], status: int
) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    async with browsing(store, "ada", Clock()) as browser:
        async with browser.post("/incidents/inc-1/acknowledge", data=data, headers=kind) as response:
            assert response.status == status
            assert "<h1>" in await response.text()


@pytest.mark.parametrize(
    "path", ["/incidents/%00", "/incidents/a%2Fb", "/incidents/" + "a" * 300, "/incidents/%ED%A0%80"]
)
async def test_an_address_that_names_nothing_says_so(store: Engine, path: str) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        assert "There is nothing here" in await page(browser, path, status=404)


async def test_what_does_not_exist_cannot_be_acknowledged_or_released(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, "/incidents/inc-none/acknowledge"))[0] == 404
        assert (await send(browser, "/holds/none/release", reason="x"))[0] == 404


async def test_a_store_that_is_away_is_said_in_words(tmp_path: Path, migrated_sqlite: Path) -> None:
    path = shutil.copyfile(migrated_sqlite, tmp_path / "store.db")
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    async with browsing(engine, "ada", Clock()) as browser:
        await page(browser, "/")
        os.unlink(path)
        html = await page(browser, "/", status=503)
    engine.dispose()
    assert "The store does not answer" in html
    assert "Holds stay in force" in html


async def test_the_process_prints_a_link_serves_and_ends_when_told(
    store_settings: StoreSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = msgspec.structs.replace(SETTINGS, store=store_settings, console=ConsoleSettings(port=0))
    stop = asyncio.Event()
    started: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_console(settings, stop, started.set_result))
    async with asyncio.timeout(20), ClientSession() as session:
        link = (await started).link
        assert link is not None
        async with session.get(link) as response:
            assert "Who are you?" in await response.text()
        for path in ("healthz", "readyz", "metrics"):
            async with session.get(f"http://127.0.0.1:{(await started).port}/{path}") as response:
                assert response.status == 200
        stop.set()
        await running
    stop.set()
    await run_console(settings, stop)
    assert re.search(r"works once, for one hour\): http://127\.0\.0\.1:\d+/sign-in/", capsys.readouterr().out)


async def test_a_taken_port_says_which_and_what_to_do(store_settings: StoreSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = msgspec.structs.replace(SETTINGS, store=store_settings, console=ConsoleSettings(port=port))
        with pytest.raises(PortTaken, match=rf"port {port} .*console\.port"):
            await run_console(settings, asyncio.Event())
