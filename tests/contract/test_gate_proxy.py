"""The gate behind proxies: nginx and Envoy as deploy/ sets them up, and the headers by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Engine

from playbooks.content.hold_scope import Narrowing
from playbooks.gate.http import gate_app
from playbooks.settings import StoreSettings
from playbooks.settings.gate import Otherwise
from playbooks.store.engine import open_store, writing
from playbooks.store.gate.audit import read_audit
from playbooks.store.holds.holds import place
from streams.brokers.broker import free_port
from tests.parts.gate import CRISIS_TOKEN, TOKEN, a_gate, callers
from tests.parts.gate_process import running, settle
from tests.parts.holding import hold, put
from tests.parts.proxies import envoy, nginx, platform, post
from tests.parts.require import require

HEADERS = {
    "X-Firebreak-Token": TOKEN,
    "X-Firebreak-Brand": "acme",
    "X-Firebreak-Platform": "x",
    "X-Firebreak-Post-Id": "1",
    "X-Firebreak-Text": "Good%20morning%20%F0%9F%8C%9E",
}
Client = TestClient[Any, Any]


@pytest.fixture
async def client(store: Engine) -> AsyncIterator[Client]:
    async with TestClient(TestServer(gate_app(a_gate(store), callers()))) as made:
        yield made


async def ask(client: Client, method: str = "GET", path: str = "/v1/gate/ext-auth", **more: str) -> tuple[int, str]:
    headers = HEADERS | {name.replace("_", "-"): said for name, said in more.items()}
    async with client.request(method, path, headers={name: said for name, said in headers.items() if said}) as response:
        return response.status, response.headers.get("X-Firebreak-Reasons", "")


async def test_a_yes_is_200_and_a_hold_is_403_with_its_reasons(client: Client, store: Engine) -> None:
    assert await ask(client) == (200, "no_hold")
    put(store, hold())
    assert await ask(client) == (403, "hold_in_force")


async def test_any_method_and_any_path_below_is_the_same_question(client: Client, store: Engine) -> None:
    put(store, hold())
    for method in ("GET", "POST", "DELETE"):
        assert (await ask(client, method, "/v1/gate/ext-auth/2/tweets"))[0] == 403


async def test_the_proxys_own_token_counts_before_its_clients(client: Client) -> None:
    theirs = {"Authorization": "Bearer the-platforms-own-token"}
    assert (await ask(client, **theirs))[0] == 200
    assert (await ask(client, X_Firebreak_Token="", Authorization=f"Bearer {TOKEN}"))[0] == 200
    assert (await ask(client, X_Firebreak_Token="wrong", Authorization=f"Bearer {TOKEN}"))[0] == 401
    assert (await ask(client, X_Firebreak_Token=""))[0] == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"X_Firebreak_Brand": ""},
        {"X_Firebreak_Platform": "X Y"},
        {"X_Firebreak_Post_Id": ""},
        {"X_Firebreak_Post_Id": "%UNIQUE_ID%"},
        {"X_Firebreak_Automated": "perhaps"},
        {"X_Firebreak_Text": "%FF%FE"},
    ],
)
async def test_headers_that_are_no_question_are_403(client: Client, wrong: dict[str, str]) -> None:
    assert (await ask(client, **wrong))[0] == 403


async def test_a_header_that_comes_twice_is_believed_in_neither_form(client: Client) -> None:
    twice = [*HEADERS.items(), ("X-Firebreak-Brand", "other")]
    async with client.get("/v1/gate/ext-auth", headers=twice) as response:
        assert response.status == 403


async def test_what_a_proxy_leaves_out_is_held_and_what_it_says_counts(client: Client, store: Engine) -> None:
    put(store, hold("first", brand="other"))
    with writing(store) as conn:
        place(
            conn,
            hold_id="narrow",
            incident="inc-first",
            run="",
            brand="acme",
            platform=None,
            reason="why",
            releasers_needed=1,
            placed_ms=1,
            recorded_ms=1,
            only=Narrowing(tags=("sale",)),
        )
    assert (await ask(client, X_Firebreak_Post_Id="1", X_Firebreak_Text="a"))[0] == 403
    tagged = {"X_Firebreak_Post_Id": "2", "X_Firebreak_Text": "b"}
    assert (await ask(client, X_Firebreak_Tags="news, weather", **tagged))[0] == 200
    assert (await ask(client, X_Firebreak_Tags="news, Sale", **tagged))[0] == 403


async def test_the_crisis_team_posts_through_a_proxy_of_its_own(client: Client, store: Engine) -> None:
    put(store, hold())
    by_hand = {"X_Firebreak_Automated": "false", "X_Firebreak_Actor": "ada"}
    assert (await ask(client, **by_hand))[0] == 403
    another = {"X_Firebreak_Post_Id": "2", "X_Firebreak_Text": "We%20hear%20you"}
    assert await ask(client, X_Firebreak_Token=CRISIS_TOKEN, **another, **by_hand) == (200, "crisis_team")


async def test_a_post_whose_text_is_not_known_is_held_unless_the_settings_let_it_go(store: Engine) -> None:
    for says, status in ((Otherwise.HOLD, 403), (Otherwise.ALLOW, 200)):
        async with TestClient(TestServer(gate_app(a_gate(store), callers(), says))) as made:
            assert (await ask(made, X_Firebreak_Text=""))[0] == status


# --- real proxies -----------------------------------------------------------------------------------------------------

#: What each answers while nobody says anything for the gate. Envoy's own answer is a 403 too.
PROXIES = {"nginx": (nginx, 500), "envoy": (envoy, 403)}


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_lets_nothing_through_that_is_held_nor_while_the_gate_is_gone(name: str, tmp_path: Path) -> None:
    require(name)
    before, gone = PROXIES[name]
    mine, gate, behind = free_port(), free_port(), free_port()
    settle(tmp_path, gate, without_text="allow")
    with platform(behind) as there, before(tmp_path, mine, gate, behind) as url:
        assert post(url) == gone, "there is no gate yet"
        with running(tmp_path, f"http://127.0.0.1:{gate}"):
            assert post(url) == 201
            engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
            put(engine, hold())
            engine.dispose()
            assert post(url) == 403
            spoofed = {"X-Firebreak-Brand": "other", "X-Firebreak-Token": "x", "X-Firebreak-Platform": "y"}
            assert post(url, **spoofed) == 403, "what the client says is not believed"
        assert post(url) == gone, "the gate is gone"
        assert there.posted == 1


@pytest.mark.parametrize("name", PROXIES)
def test_a_post_that_names_itself_through_a_proxy_is_told_by_the_proxys_name(name: str, tmp_path: Path) -> None:
    require(name)
    before, _ = PROXIES[name]
    mine, gate, behind = free_port(), free_port(), free_port()
    settle(tmp_path, gate, without_text="allow")
    with platform(behind), before(tmp_path, mine, gate, behind) as url, running(tmp_path, f"http://127.0.0.1:{gate}"):
        assert post(url, **{"X-Request-Id": "mine", "X-Firebreak-Post-Id": "mine"}) == 201
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    _, rows, _ = read_audit(engine)
    asked = [msgspec.json.decode(row.body)["asked"] for row in rows if row.n]
    engine.dispose()
    assert [(one["brand"], one["platform"], one["account"]) for one in asked] == [("acme", "x", "acme_news")]
    assert asked[0]["post"] != "mine"
