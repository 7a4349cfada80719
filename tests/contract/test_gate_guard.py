"""The decorator and the context manager: what they guard runs after a clear and fresh yes, and after nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from sqlalchemy import Engine

from playbooks.gate.answer import Answer, Outcome
from playbooks.gate.client import GateClient
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.guard import REMEMBER_MS, GateGuard, NotAllowed, PlainGateGuard
from playbooks.gate.http import gate_app
from playbooks.gate.plain_client import PlainGateClient
from playbooks.secret import Secret
from playbooks.store.holds.holds import agree_release
from tests.parts.bad_gates import BAD_GATES, Answering, answering
from tests.parts.gate import TOKEN, a_gate, callers
from tests.parts.holding import PLACED_MS, hold, put


def asked(text: str) -> GateRequest:
    return GateRequest(brand="acme", platform="x", post=OutgoingPost(id=text, text=text))


class Fake:
    """A client whose answers are given; it counts how often it is asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.times = 0

    async def ask(self, request: GateRequest) -> Answer:
        return self.plainly(request)

    def plainly(self, request: GateRequest) -> Answer:
        self.times += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Plainly:
    def __init__(self, fake: Fake) -> None:
        self.ask = fake.plainly


YES = Answer(Outcome.ALLOWED, ("nothing is held",), None, 1_000)
HELD = Answer(Outcome.HELD, ("held",), "hold-1")
NOES = [Answer(outcome, ("no",)) for outcome in Outcome if outcome is not Outcome.ALLOWED]


async def test_what_is_guarded_runs_after_a_yes() -> None:
    guard = GateGuard(Fake(YES), clock=lambda: 0)

    @guard.checked(asked)
    async def publish(text: str) -> str:
        return f"posted {text}"

    assert await publish("Hello") == "posted Hello"
    plain = PlainGateGuard(Plainly(Fake(YES)), clock=lambda: 0)
    assert plain.checked(asked)(lambda text: f"posted {text}")("Hello") == "posted Hello"


@pytest.mark.parametrize("no", NOES, ids=lambda answer: answer.outcome.value)
async def test_what_is_guarded_does_not_run_after_anything_else(no: Answer) -> None:
    ran = []
    with pytest.raises(NotAllowed) as told:
        async with GateGuard(Fake(no), clock=lambda: 0).allowed(asked("Hello")):
            ran.append("async")
    assert told.value.answer is no
    with pytest.raises(NotAllowed), PlainGateGuard(Plainly(Fake(no)), clock=lambda: 0).allowed(asked("Hello")):
        ran.append("plain")
    assert ran == []


async def test_a_yes_that_is_no_longer_good_is_a_no() -> None:
    with pytest.raises(NotAllowed) as told:
        async with GateGuard(Fake(YES), clock=lambda: 1_000).allowed(asked("Hello")):
            raise AssertionError("posted")
    assert told.value.answer.outcome is Outcome.EXPIRED


async def test_a_no_is_remembered_for_a_short_while_and_a_yes_never() -> None:
    at_ms = [0]
    fake = Fake(HELD, YES)
    guard = GateGuard(fake, clock=lambda: at_ms[0])
    for at_ms[0], times in ((0, 1), (REMEMBER_MS - 1, 1)):
        with pytest.raises(NotAllowed):
            async with guard.allowed(asked("Hello")):
                raise AssertionError("posted")
        assert fake.times == times
    once = Fake(YES)
    guard = GateGuard(once, clock=lambda: 0)
    for times in (1, 2, 3):
        async with guard.allowed(asked("Hello")):
            pass
        assert once.times == times


async def test_what_cannot_be_reached_is_asked_again_at_once() -> None:
    fake = Fake(Answer(Outcome.UNREACHABLE, ("gone",)), YES)
    guard = GateGuard(fake, clock=lambda: 0)
    with pytest.raises(NotAllowed):
        async with guard.allowed(asked("Hello")):
            raise AssertionError("posted")
    async with guard.allowed(asked("Hello")):
        pass
    assert fake.times == 2


async def test_another_post_is_not_held_by_what_is_remembered() -> None:
    guard = GateGuard(Fake(HELD, YES), clock=lambda: 0)
    with pytest.raises(NotAllowed):
        async with guard.allowed(asked("Hello")):
            raise AssertionError("posted")
    async with guard.allowed(asked("Another")):
        pass


async def test_both_clients_get_the_gates_own_yes_and_no(store: Engine) -> None:
    async with TestServer(gate_app(a_gate(store), callers())) as server, ClientSession() as session:
        url = str(server.make_url("/"))
        guard = GateGuard(GateClient(session, url, Secret(TOKEN)), remember_ms=1)
        plain = PlainGateGuard(PlainGateClient(url, Secret(TOKEN)), remember_ms=1)
        publish = plain.checked(asked)(lambda text: f"posted {text}")
        async with guard.allowed(asked("Hello")):
            pass
        assert await asyncio.to_thread(publish, "Hello") == "posted Hello"
        put(store, hold())
        with pytest.raises(NotAllowed, match="Held since"):
            async with guard.allowed(asked("Good evening")):
                raise AssertionError("posted")
        with pytest.raises(NotAllowed, match="Held since"):
            await asyncio.to_thread(publish, "Good evening")
        agree_release(store, "hold-1", "ada", "calm", PLACED_MS, looked=1)
        assert await asyncio.to_thread(publish, "Good night") == "posted Good night"


@pytest.mark.parametrize(("handler", "outcome", "timeout_s"), BAD_GATES)
async def test_a_gate_that_misbehaves_is_a_no_to_the_plain_client_too(
    handler: Answering, outcome: Outcome, timeout_s: float
) -> None:
    async with TestServer(answering(handler)) as server:
        client = PlainGateClient(str(server.make_url("/")), Secret(TOKEN), timeout_s=timeout_s)
        assert (await asyncio.to_thread(client.ask, asked("Hello"))).outcome is outcome


def test_a_head_that_comes_byte_by_byte_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            other, _ = server.accept()
            with other:
                other.recv(65536)
                other.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not done.wait(0.02):
                    try:
                        other.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        client = PlainGateClient(f"http://127.0.0.1:{server.getsockname()[1]}", Secret(TOKEN), timeout_s=0.4)
        assert client.ask(asked("Hello")).outcome is Outcome.TIMED_OUT
        done.set()
        thread.join()


@pytest.mark.parametrize("url", ["", "gate", "ftp://gate", "http://"])
def test_what_is_no_address_is_told_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a gate"):
        PlainGateClient(url, Secret(TOKEN))


async def _a_coroutine(text: str) -> str:
    return text


async def _an_async_generator(text: str) -> AsyncIterator[str]:
    yield text


def _a_generator(text: str) -> Iterator[str]:
    yield text


class Called:
    async def __call__(self, text: str) -> str:
        return text


@pytest.mark.parametrize(
    "publish", [_a_coroutine, _an_async_generator, _a_generator, Called(), partial(_a_coroutine, "Hello")]
)
def test_the_plain_decorator_refuses_what_would_run_after_the_yes(publish: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="runs later than it is called"):
        PlainGateGuard(Plainly(Fake(YES)), clock=lambda: 0).checked(asked)(publish)


def test_a_function_that_gives_back_what_has_still_to_run_is_told_so_and_that_never_runs() -> None:
    plain = PlainGateGuard(Plainly(Fake(YES)), clock=lambda: 0)
    for publish in (lambda text: _a_coroutine(text), lambda text: _a_generator(text)):
        with pytest.raises(TypeError, match="has still to run"):
            plain.checked(asked)(publish)("Hello")


@pytest.mark.parametrize("publish", [str.upper, _an_async_generator, _a_generator])
def test_the_decorator_for_coroutines_refuses_anything_else(publish: Callable[..., Awaitable[str]]) -> None:
    with pytest.raises(TypeError, match="no 'async def'"):
        GateGuard(Fake(YES), clock=lambda: 0).checked(asked)(publish)


async def test_an_object_whose_call_is_a_coroutine_is_guarded_as_one() -> None:
    assert await GateGuard(Fake(YES), clock=lambda: 0).checked(asked)(Called())("Hello") == "Hello"


async def test_half_of_a_surrogate_pair_is_a_no_like_any_other() -> None:
    post = OutgoingPost(id="1", text="Hello \ud83d")
    request = GateRequest(brand="acme", platform="x", post=post)
    async with ClientSession() as session:
        with pytest.raises(NotAllowed, match="surrogate"):
            async with GateGuard(GateClient(session, "http://127.0.0.1:9", "token")).allowed(request):
                pass
    plain = PlainGateGuard(PlainGateClient("http://127.0.0.1:9", "token"))
    with pytest.raises(NotAllowed, match="surrogate"), plain.allowed(request):
        pass


async def test_a_token_may_be_a_plain_string(store: Engine) -> None:
    async with TestServer(gate_app(a_gate(store), callers())) as server, ClientSession() as session:
        client = GateClient(session, str(server.make_url("/")), TOKEN)
        # A yes that comes later than it is good for says so; either way the token was taken.
        taken = (Outcome.ALLOWED, Outcome.EXPIRED)
        assert (await client.ask(asked("Hello"))).outcome in taken
        plain = PlainGateClient(str(server.make_url("/")), TOKEN)
        assert (await asyncio.to_thread(plain.ask, asked("Hello"))).outcome in taken
