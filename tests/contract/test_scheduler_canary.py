"""The check of the gate, against the gate itself: refused while held, in nobody's way, and a yes is seen."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import Engine

from playbooks.gate.http import gate_app
from playbooks.schedulers.canary import GateCanary
from playbooks.schedulers.decisions import Canary
from playbooks.settings.gate import GateSettings
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.gate.held_posts import held_for
from tests.parts.gate import TOKEN, a_gate, callers
from tests.parts.holding import hold, put

ACCOUNT = SchedulerSettings(kind=SchedulerKind.POSTIZ, brand="acme", platform="x")
VARIABLE = "FIREBREAK_TEST_GATE_TOKEN"


async def asked(store: Engine, monkeypatch: pytest.MonkeyPatch, *, token: str = TOKEN) -> Canary:
    """What the check says against a gate over `store`."""
    monkeypatch.setenv(VARIABLE, token)
    async with TestServer(gate_app(a_gate(store), callers())) as server:
        assert server.port is not None
        gate = GateSettings(host="127.0.0.1", port=server.port, token=SecretFrom(env=VARIABLE))
        return await GateCanary(gate).ask(ACCOUNT)


async def test_while_the_account_is_held_the_check_is_refused_and_waits_for_nobodys_word(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, hold())
    assert await asked(store, monkeypatch) is Canary.REFUSED
    assert held_for(store, hold().id) == []


async def test_a_gate_that_lets_it_go_is_seen(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing is held in this gate's store: it is another store than the runner's, say.
    assert await asked(store, monkeypatch) is Canary.ALLOWED


async def test_a_token_that_the_gate_does_not_know_is_no_yes(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asked(store, monkeypatch, token="b-token-of-nobody-at-all") is Canary.NO_ANSWER


async def test_without_a_token_or_a_port_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert await GateCanary(GateSettings(token=SecretFrom(env=VARIABLE))).ask(ACCOUNT) is Canary.NOT_ASKED
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert await GateCanary(GateSettings(port=0, token=SecretFrom(env=VARIABLE))).ask(ACCOUNT) is Canary.NOT_ASKED


async def test_a_gate_that_is_away_lets_nothing_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert await GateCanary(GateSettings(port=9, token=SecretFrom(env=VARIABLE))).ask(ACCOUNT) is Canary.NO_ANSWER
