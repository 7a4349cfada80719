"""The gate over HTTP: what a scheduler gets, and that nothing but a clear yes is a yes."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from detectors.mention import rfc3339
from playbooks.gate.http import MAX_BODY_BYTES, gate_app
from playbooks.gate.rules import GateRules
from playbooks.gate.service import run_gate
from playbooks.listening import PortTaken
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.gate import GateSettings, Otherwise
from playbooks.settings.section import MissingSecret, SecretFrom
from playbooks.store.engine import open_store, writing
from playbooks.store.holds.holds import agree_release
from tests.parts.gate import TOKEN, a_gate, callers
from tests.parts.holding import PLACED_MS, hold, put
from tests.parts.postgres import TEMPLATE, Postgres

AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
NOW_MS = PLACED_MS + 60_000
POST = {"id": "post-1", "text": "Good morning"}
QUESTION: dict[str, Any] = {"brand": "acme", "platform": "x", "post": POST}

Client = TestClient[Any, Any]


@pytest.fixture
async def client(store: Engine) -> AsyncIterator[Client]:
    gate = a_gate(store, lambda: NOW_MS)
    async with TestClient(TestServer(gate_app(gate, callers()))) as made:
        yield made


@pytest.fixture
def sqlite_store(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    path = tmp_path / "store.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    yield engine
    engine.dispose()


async def ask(client: Client, question: object = None, **fields: object) -> tuple[int, dict[str, Any]]:
    body = {**QUESTION, **fields} if question is None else question
    async with client.post("/v1/gate/decisions", json=body, headers=AUTHORISED) as response:
        return response.status, await response.json()


async def test_nothing_held_is_a_yes_for_one_second(client: Client) -> None:
    status, answer = await ask(client)
    assert status == 200
    assert answer["decision"] == "allow"
    assert answer["hold"] is None
    assert answer["valid_until"] == rfc3339(NOW_MS + 1_000)
    assert [reason["code"] for reason in answer["reasons"]] == ["no_hold"]


async def test_a_hold_counts_from_its_commit_and_until_people_release_it(client: Client, store: Engine) -> None:
    put(store, hold(people=2))
    status, answer = await ask(client)
    assert (status, answer["decision"], answer["hold"]) == (200, "hold", "hold-1")
    assert answer["reasons"][0]["code"] == "hold_in_force"
    agree_release(store, "hold-1", "ada", "calm again", NOW_MS, looked=1)
    assert (await ask(client))[1]["decision"] == "hold"
    agree_release(store, "hold-1", "bo", "calm again", NOW_MS, looked=1)
    after = (await ask(client))[1]
    assert (after["decision"], after["reasons"][0]["code"]) == ("hold", "was_held"), "each post needs its own word"
    assert (await ask(client, post={"id": "post-2", "text": "Good evening"}))[1]["decision"] == "allow"


async def test_a_post_that_says_a_person_wrote_it_is_held_too(client: Client, store: Engine) -> None:
    put(store, hold())
    assert (await ask(client, automated=False))[1]["decision"] == "hold"


async def test_the_drills_scheduler_meets_the_drills_hold_and_real_posts_do_not(client: Client, store: Engine) -> None:
    put(store, hold(run="drill-7"))
    assert (await ask(client))[1]["decision"] == "allow"
    assert (await ask(client, run="drill-7"))[1]["decision"] == "hold"


async def test_a_brand_that_nobody_configured_is_held(client: Client) -> None:
    status, answer = await ask(client, brand="nobody")
    assert (status, answer["decision"], answer["hold"]) == (200, "hold", None)
    assert answer["reasons"][0]["code"] == "brand_not_configured"


async def test_every_field_of_the_contract_is_taken_and_unknown_ones_are_ignored(client: Client) -> None:
    post = {**POST, "links": ["https://acme.example/a"], "scheduled_at": "2026-02-02T09:00:00+01:00", "media": []}
    more = {"account": "a", "campaign": "c", "tags": ["t"], "automated": True, "actor": "ada", "scheduler": "s", "z": 1}
    assert (await ask(client, post=post, **more))[0] == 200


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "missing required field `brand`"),
        ({"brand": "acme", "post": POST}, "missing required field `platform`"),
        ({"brand": "acme", "platform": "x"}, "missing required field `post`"),
        ({"brand": "acme", "platform": "x", "post": {"id": "1"}}, "missing required field `text`"),
        ({"brand": "acme", "platform": "x", "post": {"text": "t"}}, "missing required field `id`"),
        ({**QUESTION, "brand": None}, "got `null` - at `$.brand`"),
        ({**QUESTION, "brand": "ACME"}, "at `$.brand`"),
        ({**QUESTION, "platform": "x\n"}, "at `$.platform`"),
        ({**QUESTION, "automated": "false"}, "at `$.automated`"),
        ({**QUESTION, "tags": "all"}, "at `$.tags`"),
        ({**QUESTION, "post": {**POST, "scheduled_at": "tomorrow"}}, "at `$.post.scheduled_at`"),
        ([], "Expected `object`"),
        (None, "Expected `object`"),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(client: Client, question: object, says: str) -> None:
    async with client.post("/v1/gate/decisions", data=json.dumps(question), headers=AUTHORISED) as response:
        answer = await response.json()
        assert response.status == 400
    assert answer["code"] == "bad_request"
    assert says in answer["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"\xff\xfe", b'{"brand":"\xff"}', b'{"brand":"\\ud800"}', b"[" * 100_000, b'{"z":' * 50_000],
    ids=["empty", "text", "utf-16 mark", "not utf-8", "lone surrogate", "deep arrays", "deep objects"],
)
async def test_a_body_that_is_no_json_is_refused(client: Client, body: bytes) -> None:
    async with client.post("/v1/gate/decisions", data=body, headers=AUTHORISED) as response:
        assert response.status == 400
        assert (await response.json())["code"] == "bad_request"


async def test_a_body_over_the_limit_is_refused_also_when_it_is_small_on_the_wire(client: Client) -> None:
    body = json.dumps({**QUESTION, "post": {"id": "1", "text": "a" * MAX_BODY_BYTES}}).encode()
    async with client.post("/v1/gate/decisions", data=body, headers=AUTHORISED) as response:
        assert (response.status, (await response.json())["code"]) == (413, "too_large")
    packed = {**AUTHORISED, "Content-Encoding": "gzip"}
    async with client.post("/v1/gate/decisions", data=gzip.compress(body), headers=packed) as response:
        assert (response.status, (await response.json())["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer t\u00f6ken"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/gate/decisions"), ("GET", "/v1/gate/holds")])
async def test_without_the_token_nothing_is_answered(
    client: Client, headers: dict[str, str], method: str, path: str
) -> None:
    async with client.request(method, path, json=QUESTION, headers=headers) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert TOKEN not in await response.text()
        assert (await response.json())["code"] == "not_authorised"


async def test_an_address_or_method_that_is_not_there_is_json_too(client: Client) -> None:
    async with client.get("/v1/gate/decisions", headers=AUTHORISED) as response:
        assert (response.status, (await response.json())["code"]) == (405, "bad_request")
    async with client.get("/elsewhere") as response:
        assert (response.status, (await response.json())["code"]) == (404, "bad_request")


async def listed(client: Client, query: str) -> list[str]:
    async with client.get(f"/v1/gate/holds{query}", headers=AUTHORISED) as response:
        assert response.status == 200
        return [found["id"] for found in (await response.json())["holds"]]


async def test_the_list_says_what_each_hold_holds_back(client: Client, store: Engine) -> None:
    put(store, hold("a", platform="x", people=2))
    put(store, hold("b", brand="other"))
    put(store, hold("drill", run="drill-7"))
    assert await listed(client, "") == ["a", "b"]
    assert await listed(client, "?brand=&platform=") == ["a", "b"]
    assert await listed(client, "?brand=acme&platform=x") == ["a"]
    assert await listed(client, "?brand=acme&platform=bluesky") == []
    assert await listed(client, "?platform=bluesky") == ["b"]
    assert await listed(client, "?brand=acme&run=drill-7") == ["a", "drill"]
    async with client.get("/v1/gate/holds?brand=acme", headers=AUTHORISED) as response:
        found = (await response.json())["holds"][0]
    assert found["holds_back"] == "every automated post for acme, on x"
    assert "2 people" in found["release"]
    async with client.get("/v1/gate/holds?brand=A%20B", headers=AUTHORISED) as response:
        assert response.status == 400


async def test_a_store_that_was_taken_away_is_a_no(sqlite_store: Engine) -> None:
    gate = a_gate(sqlite_store)
    async with TestClient(TestServer(gate_app(gate, callers()))) as client:
        assert (await ask(client))[0] == 200
        path = str(sqlite_store.url.database)
        os.rename(path, f"{path}.away")
        status, answer = await ask(client)
        assert (status, answer["code"]) == (503, "store_unreachable")
        shutil.copyfile(f"{path}.away", path)
        assert (await ask(client))[0] == 503, "another file in its place is not the store"
        os.replace(f"{path}.away", path)
        assert (await ask(client))[0] == 200


@pytest.mark.postgres
async def test_a_database_that_takes_no_connections_is_a_no_until_it_does(postgres: Postgres) -> None:
    name = postgres.new_database(TEMPLATE)
    engine = open_store(postgres.settings(name))
    async with TestClient(TestServer(gate_app(a_gate(engine), callers()))) as client:
        assert (await ask(client))[0] == 200
        postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        status, answer = await ask(client)
        assert (status, answer["code"]) == (503, "store_unreachable")
        postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert (await ask(client))[0] == 200
    engine.dispose()


@pytest.mark.postgres
async def test_a_store_that_keeps_us_waiting_is_a_no(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playbooks.gate.service.STORE_TIMEOUT_S", 0.2)
    engine = open_store(postgres.settings(postgres.new_database(TEMPLATE)))
    async with TestClient(TestServer(gate_app(a_gate(engine), callers()))) as client:
        with writing(engine) as busy:
            busy.execute(text("LOCK TABLE holds IN ACCESS EXCLUSIVE MODE"))
            status, answer = await ask(client)
        assert (status, answer["code"]) == (503, "store_unreachable")
        assert "did not answer within 0.2 s" in answer["message"]
        assert (await ask(client))[0] == 200
    engine.dispose()


async def test_a_store_without_its_tables_is_a_no(tmp_path: Path) -> None:
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/empty.db"))
    async with TestClient(TestServer(gate_app(a_gate(engine), callers()))) as client:
        assert (await ask(client))[0] == 503
    engine.dispose()


async def test_a_fault_of_our_own_is_a_no(store: Engine) -> None:
    def broken() -> int:
        raise RuntimeError("no clock")

    async with TestClient(TestServer(gate_app(a_gate(store, broken), callers()))) as client:
        status, answer = await ask(client)
    assert (status, answer["code"]) == (500, "fault")


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z"]
)
async def test_a_time_that_nobody_plans_for_is_refused_as_what_it_is(client: Client, at: str) -> None:
    status, answer = await ask(client, post={**POST, "scheduled_at": at})
    assert (status, answer["code"]) == (400, "bad_request")
    assert "between the years 2000 and 2100" in answer["message"]
    assert "post" in answer["message"]


async def test_one_question_that_cannot_be_answered_fails_no_other(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong_for_one(hold_rules: object, brand: str, *_: object) -> str | None:
        if brand == "other":
            raise ValueError("year 10000 is out of range")
        return None

    monkeypatch.setattr(GateRules, "blind_for", wrong_for_one)
    async with TestClient(TestServer(gate_app(a_gate(store), callers()))) as client:
        brands = ["other" if number == 7 else "acme" for number in range(24)]
        answers = await asyncio.gather(*(ask(client, brand=brand) for brand in brands))
    assert [status for status, _ in answers] == [500 if brand == "other" else 200 for brand in brands]


async def test_ready_says_whether_the_store_can_be_read(sqlite_store: Engine) -> None:
    gate = a_gate(sqlite_store)
    assert gate.not_ready() == ["the store has not been read yet"]
    await gate.look()
    assert gate.not_ready() == []
    os.unlink(str(sqlite_store.url.database))
    await gate.look()
    assert "taken away" in gate.not_ready()[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.just("acme") | st.just("x") | st.just(POST)
        for name in ("brand", "platform", "post", "account", "campaign", "tags", "automated", "actor", "run")
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=fields | json_values, platform=st.none() | st.just("x"))
def test_no_question_opens_a_hold(sqlite_store: Engine, question: object, platform: str | None) -> None:
    put(sqlite_store, hold(platform=platform))

    async def answered() -> tuple[int, dict[str, Any]]:
        gate = a_gate(sqlite_store)
        async with TestClient(TestServer(gate_app(gate, callers()))) as client:
            return await ask(client, question if question is not None else "null")

    status, answer = asyncio.run(answered())
    assert status in (200, 400)
    if status == 200:
        assert isinstance(question, dict)
        same_platform = platform in (None, question["platform"])
        held = question["brand"] not in ("acme", "other") or (question["brand"] == "acme" and same_platform)
        assert answer["decision"] == ("hold" if held else "allow")


def gate_settings(tmp_path: Path, port: int = 0) -> PlaybookSettings:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    return PlaybookSettings(
        store=StoreSettings(url=f"sqlite:///{tmp_path}/firebreak.db"),
        gate=GateSettings(port=port, token=SecretFrom(file=str(token))),
        brands={"acme": BrandSettings(when_detection_is_dead=Otherwise.ALLOW)},
    )


async def test_the_process_tells_its_port_answers_and_ends_when_told(tmp_path: Path) -> None:
    stop = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_gate(gate_settings(tmp_path), stop, port.set_result))
    async with asyncio.timeout(20), ClientSession(f"http://127.0.0.1:{await port}") as session:
        async with session.post("/v1/gate/decisions", json=QUESTION, headers=AUTHORISED) as response:
            assert (await response.json())["decision"] == "allow"
        for path in ("/healthz", "/metrics"):
            async with session.get(path) as response:
                assert response.status == 200
        stop.set()
        await running


async def test_a_taken_port_says_which_and_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} on 127\.0\.0\.1 is in use.*gate\.port"):
            await run_gate(gate_settings(tmp_path, port), asyncio.Event())


async def test_without_a_token_the_gate_does_not_start(tmp_path: Path) -> None:
    without = msgspec.structs.replace(
        gate_settings(tmp_path), gate=GateSettings(token=SecretFrom(env="FIREBREAK_NO_SUCH_TOKEN"))
    )
    with pytest.raises(MissingSecret, match="FIREBREAK_NO_SUCH_TOKEN"):
        await run_gate(without, asyncio.Event())
