"""Webhooks, posted to a real HTTP server."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from playbooks.effects.outcome import Delivered, Failed, FailedReason, Retry, RetryReason
from playbooks.effects.webhook import Webhook, signature
from playbooks.secret import Secret
from playbooks.settings.channels import WebhookSettings
from playbooks.settings.section import SecretFrom
from tests.parts.http_servers import Receiver, Request, always, receiving
from tests.parts.messages import AT_MS, message
from tests.parts.smtp import Talk, keeps_silent, says, talking

SECRET = "secret-of-the-webhook"


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Webhook:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return Webhook(WebhookSettings(secret=SecretFrom(env="HOOK_SECRET")))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Webhook:
    """One that soon gives up, for servers that never answer."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return Webhook(WebhookSettings(secret=SecretFrom(env="HOOK_SECRET"), timeout_s=0.3))


def outcome_for(status: int) -> type[Delivered | Retry | Failed]:
    if 200 <= status <= 299:
        return Delivered
    return Retry if status in {408, 409, 425, 429} or status >= 500 else Failed


async def test_the_receiver_can_check_who_sent_it_and_when(webhook: Webhook) -> None:
    async with receiving(Receiver(always(200))) as receiver:
        assert await webhook.send(message(f"{receiver.url}/hook?team=1", sending_ms=AT_MS)) == Delivered("HTTP 200")
    (got,) = receiver.requests
    assert got.path == "/hook?team=1"
    timestamp = int(got.headers["X-Firebreak-Timestamp"])
    assert timestamp == AT_MS // 1000
    assert got.headers["X-Firebreak-Signature"] == signature(Secret(SECRET), timestamp, got.body)
    assert json.loads(got.body)["id"] == got.headers["Idempotency-Key"] == "firebreak-0123"


async def test_every_http_status_has_its_outcome(webhook: Webhook) -> None:
    async def answer(request: Request) -> web.Response:
        return web.Response(status=int(request.path.removeprefix("/")))

    wrong = {}
    async with receiving(Receiver(answer)) as receiver:
        for status in range(200, 600):
            outcome = await webhook.send(message(f"{receiver.url}/{status}"))
            if type(outcome) is not outcome_for(status):
                wrong[status] = outcome
    assert wrong == {}
    assert len(receiver.requests) == 400  # each was posted once: no redirect was followed, nothing repeated


async def test_a_429_says_when_to_come_back(webhook: Webhook) -> None:
    async with receiving(Receiver(always(429, {"Retry-After": "42"}))) as receiver:
        assert await webhook.send(message(receiver.url)) == Retry(RetryReason.BUSY, "HTTP 429", 42.0)


async def test_a_redirect_is_not_followed(webhook: Webhook) -> None:
    async with receiving(Receiver(always(200))) as elsewhere:
        async with receiving(Receiver(always(307, {"Location": elsewhere.url}))) as receiver:
            assert await webhook.send(message(receiver.url)) == Failed(FailedReason.REDIRECTED, "HTTP 307")
    assert elsewhere.requests == []


async def test_nobody_listening_is_tried_again(webhook: Webhook, port: int) -> None:
    outcome = await webhook.send(message(f"http://127.0.0.1:{port}/"))
    assert outcome == Retry(RetryReason.UNREACHABLE, "HTTP: no connection to the server")


async def test_a_slow_answer_means_that_it_was_perhaps_taken(hasty: Webhook) -> None:
    waiting = asyncio.Event()

    async def slowly(_: Request) -> web.Response:
        await waiting.wait()
        return web.Response()

    async with receiving(Receiver(slowly)) as receiver:
        outcome = await hasty.send(message(receiver.url))
        waiting.set()
    assert isinstance(outcome, Retry)
    assert outcome.reason.perhaps_taken


@pytest.mark.parametrize("talk", [says(b""), keeps_silent(b""), says(b"HTTP/1.1 200 OK\r\nContent-Le")])
async def test_a_connection_that_breaks_off_means_that_it_was_perhaps_taken(hasty: Webhook, talk: Talk) -> None:
    async with talking(talk) as port:
        outcome = await hasty.send(message(f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Retry)
    assert outcome.reason.perhaps_taken


async def test_an_answer_that_is_not_http_is_tried_again(webhook: Webhook) -> None:
    async with talking(says(b"220 mail.test ESMTP\r\n")) as port:
        outcome = await webhook.send(message(f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Retry)
    assert outcome.reason is RetryReason.SERVER_FAULT


@pytest.mark.parametrize(
    "address", ["", "ada", "ftp://127.0.0.1/", "http://", "http://[::1", "http://a:99999/", "://x"]
)
async def test_what_is_no_address_has_failed(webhook: Webhook, address: str) -> None:
    outcome = await webhook.send(message(address))
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.BAD_ADDRESS
