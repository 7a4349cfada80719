"""The check of the gate, against the gate itself: refused while held, in nobody's way, and a yes is seen."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import Engine, select

from playbooks.gate.decision import CHECK_TEXT, GateRequest, OutgoingPost
from playbooks.gate.http import gate_app
from playbooks.labels import Role
from playbooks.schedulers.canary import GateCanary
from playbooks.schedulers.decisions import Canary
from playbooks.schedulers.hold_check import HoldCheck
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.gate import GateSettings
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import reading
from playbooks.store.gate.held_posts import held_for
from playbooks.store.holds.holds import agree_release
from playbooks.store.patient_store import PatientStore
from playbooks.store.schema import outbox
from tests.parts.gate import TOKEN, a_gate, callers
from tests.parts.holding import PLACED_MS, hold, put

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


# --- of every hold, whatever schedulers there are ---------------------------------------------------------------------


class Check:
    """The runner's check of holds, over a store, with answers that are given."""

    def __init__(self, store: Engine, says: Canary) -> None:
        self.store = store
        self.asked: list[str] = []
        self.patient = PatientStore(store, asyncio.Event(), Role.RUNNER)
        self.says = says
        settings = PlaybookSettings(brands={"acme": BrandSettings()})
        self.check = HoldCheck(settings, self.patient, lambda: PLACED_MS, self.ask)

    async def ask(self, about: SchedulerSettings) -> Canary:
        self.asked.append(f"{about.brand} {about.platform}")
        return self.says

    def told(self) -> list[tuple[str, str]]:
        with reading(self.store) as conn:
            query = select(outbox.c.target, outbox.c.body).where(outbox.c.step == "hold-check")
            return sorted((target, body["text"]) for target, body in conn.execute(query))


async def test_every_hold_of_life_is_checked_without_any_scheduler_and_a_yes_is_told_once(store: Engine) -> None:
    put(store, hold())
    put(store, hold("hold-2", run="drill-1"))
    check = Check(store, Canary.ALLOWED)
    for _ in range(2):
        await check.check.look()
    assert check.asked == ["acme check", "acme check"]
    assert [role for role, _ in check.told()] == ["on-call", "ops"]
    assert "THE GATE ALLOWED" in check.told()[0][1]
    await asyncio.to_thread(check.patient.close)


@pytest.mark.parametrize("says", [Canary.REFUSED, Canary.NO_ANSWER, Canary.NOT_ASKED])
async def test_nobody_is_told_where_the_gate_said_no_yes(store: Engine, says: Canary) -> None:
    put(store, hold())
    check = Check(store, says)
    await check.check.look()
    assert check.told() == []
    await asyncio.to_thread(check.patient.close)


async def test_a_hold_that_is_released_while_the_gate_is_asked_cries_no_wolf(store: Engine) -> None:
    put(store, hold())
    check = Check(store, Canary.ALLOWED)
    ask = check.ask

    async def released(about: SchedulerSettings) -> Canary:
        await asyncio.to_thread(agree_release, store, "hold-1", "ada", "calm", PLACED_MS)
        await asyncio.to_thread(agree_release, store, "hold-1", "bo", "calm", PLACED_MS)
        return await ask(about)

    again = HoldCheck(PlaybookSettings(brands={"acme": BrandSettings()}), check.patient, lambda: PLACED_MS, released)
    await again.look()
    assert check.told() == []
    await asyncio.to_thread(check.patient.close)


async def test_the_check_does_not_count_as_somebody_asking_the_gate(store: Engine) -> None:
    gate = a_gate(store)
    post = OutgoingPost(id="check", text=CHECK_TEXT)
    await gate.decide(GateRequest(brand="acme", platform="x", post=post))
    assert gate.asked_ms is None
    await gate.decide(GateRequest(brand="acme", platform="x", post=OutgoingPost(id="1", text="Good morning")))
    assert gate.asked_ms is not None
