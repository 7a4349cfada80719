"""The client against servers that behave badly, and against the gate itself."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import Engine

from playbooks.gate.answer import Outcome
from playbooks.gate.client import GateClient
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.http import gate_app
from playbooks.secret import Secret
from tests.parts.bad_gates import BAD_GATES, PATIENT_S, Answering, answering
from tests.parts.gate import a_gate, callers
from tests.parts.holding import hold, put

QUESTION = GateRequest(brand="acme", platform="x", post=OutgoingPost(id="1", text="Good morning"), automated=True)


@asynccontextmanager
async def asking(app: web.Application, timeout_s: float = PATIENT_S) -> AsyncIterator[GateClient]:
    async with TestServer(app) as server, ClientSession() as session:
        yield GateClient(session, str(server.make_url("/")), Secret("token"), timeout_s=timeout_s)


async def test_the_gate_itself_says_yes_and_then_no(store: Engine) -> None:
    async with asking(gate_app(a_gate(store), callers("token"))) as client:
        yes = await client.ask(QUESTION)
        assert yes.outcome is Outcome.ALLOWED, yes
        put(store, hold())
        no = await client.ask(QUESTION)
        assert (no.outcome, no.hold) == (Outcome.HELD, "hold-1")


async def test_a_wrong_token_is_a_no(store: Engine) -> None:
    async with asking(gate_app(a_gate(store), callers("another"))) as client:
        answer = await client.ask(QUESTION)
    assert answer.outcome is Outcome.REFUSED
    assert "401" in answer.reasons[0]


@pytest.mark.parametrize(("handler", "outcome", "timeout_s"), BAD_GATES)
async def test_a_gate_that_misbehaves_is_a_no(handler: Answering, outcome: Outcome, timeout_s: float) -> None:
    async with asking(answering(handler), timeout_s) as client:
        assert (await client.ask(QUESTION)).outcome is outcome


async def test_a_gate_that_is_not_there_is_a_no() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with ClientSession() as session:
        answer = await GateClient(session, f"http://127.0.0.1:{port}", Secret("token")).ask(QUESTION)
    assert answer.outcome is Outcome.UNREACHABLE
