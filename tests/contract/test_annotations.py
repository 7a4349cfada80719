"""Annotations, made in a server that behaves as Grafana's annotation API is documented to."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from detectors.run import Drill
from playbooks.effects.annotate import MAX_UNDER_WAY, Annotations, tags, text
from playbooks.effects.message import Notice
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.settings import GrafanaSettings
from playbooks.settings.section import SecretFrom
from tests.parts.http_servers import Grafana, Receiver, Request, always, receiving, serving_grafana
from tests.parts.messages import AT_MS, LINKS, NOTICE, message
from tests.parts.smtp import Talk, keeps_silent, says, talking


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", "grafana-token")


def effect_at(url: str, timeout_s: float = 5.0) -> Annotations:
    return Annotations(GrafanaSettings(url=url, token=SecretFrom(env="GRAFANA_TOKEN"), timeout_s=timeout_s))


def reason(outcome: Outcome) -> object:
    assert isinstance(outcome, Retry | Failed)
    return outcome.reason


@pytest.mark.parametrize("prefix", ["", "/grafana"])
async def test_an_annotation_is_made_with_time_text_and_tags(prefix: str) -> None:
    async with serving_grafana(Grafana(prefix=prefix)) as grafana:
        assert await effect_at(grafana.url).send(message()) == Delivered("Grafana annotation 1")
    (made,) = grafana.annotations
    assert made["time"] == AT_MS
    assert made["tags"] == ["firebreak", "page", "acme", "x"]
    assert made["text"] == f"{NOTICE.subject}\n{NOTICE.text}\n{LINKS.incident}"


def test_a_drill_is_tagged_and_says_so() -> None:
    drill = message(run=Drill("drill-7"))
    assert "drill" in tags(drill)
    assert text(drill).startswith("DRILL: ")


def test_text_from_outside_is_no_html_in_grafana() -> None:
    shown = text(message(notice=Notice(subject="<script>", text='<img src="x" onerror="y">&amp;')))
    assert "<" not in shown
    assert "&amp;amp;" in shown


async def test_a_wrong_token_has_failed() -> None:
    async with serving_grafana(Grafana(token="another")) as grafana:
        assert await effect_at(grafana.url).send(message()) == Failed(FailedReason.BAD_CREDENTIALS, "HTTP 401")


@pytest.mark.parametrize(("status", "expected"), [(500, RetryReason.SERVER_FAULT), (429, RetryReason.BUSY)])
async def test_a_grafana_in_trouble_is_tried_again(status: int, expected: RetryReason) -> None:
    async with serving_grafana(Grafana(status=status)) as grafana:
        assert reason(await effect_at(grafana.url).send(message())) is expected


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_a_refusal_has_failed(status: int) -> None:
    async with serving_grafana(Grafana(status=status)) as grafana:
        assert isinstance(await effect_at(grafana.url).send(message()), Failed)


async def test_a_slow_grafana_costs_no_more_than_the_time_out() -> None:
    begun = time.monotonic()
    async with serving_grafana(Grafana(slow=asyncio.Event())) as grafana:
        outcome = await effect_at(grafana.url, timeout_s=0.2).send(message())
        assert time.monotonic() - begun < 8
    assert outcome == Retry(RetryReason.NO_ANSWER, "Grafana: no answer in time")


async def test_a_grafana_that_drips_keeps_no_more_than_a_few_threads() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with talking(drip) as port:
        grafana = effect_at(f"http://127.0.0.1:{port}", timeout_s=0.1)
        tries = await asyncio.gather(*(grafana.send(message()) for _ in range(MAX_UNDER_WAY + 2)))
    assert [reason(outcome) for outcome in tries].count(RetryReason.BUSY) == 2


async def test_nobody_listening_is_tried_again(port: int) -> None:
    assert reason(await effect_at(f"http://127.0.0.1:{port}").send(message())) is RetryReason.UNREACHABLE


@pytest.mark.parametrize("talk", [says(b""), keeps_silent(b"")])
async def test_a_connection_that_breaks_off_means_that_it_was_perhaps_made(talk: Talk) -> None:
    async with talking(talk) as port:
        outcome = await effect_at(f"http://127.0.0.1:{port}", timeout_s=0.3).send(message())
    assert reason(outcome) is RetryReason.NO_ANSWER


@pytest.mark.parametrize("body", ["<html>login</html>", "[]", "null", "5", '{"message":"fine"}', ""])
@pytest.mark.parametrize("status", [200, 404, 500])
async def test_an_answer_that_is_not_grafanas_is_no_annotation(status: int, body: str) -> None:
    async with receiving(Receiver(always(status, text=body))) as receiver:
        assert not isinstance(await effect_at(receiver.url).send(message()), Delivered)


async def test_a_page_to_log_in_at_is_not_followed() -> None:
    async def answer(request: Request) -> web.Response:
        if request.path == "/login":
            return web.json_response({"id": 1})
        return web.Response(status=302, headers={"Location": "/login"})

    async with receiving(Receiver(answer)) as receiver:
        outcome = await effect_at(receiver.url).send(message())
    assert outcome == Failed(FailedReason.REDIRECTED, "Grafana: the address leads elsewhere")
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("url", ["", "grafana", "ftp://grafana", "http://", "http://a:b"])
async def test_what_is_no_address_has_failed(url: str) -> None:
    assert isinstance(await effect_at(url).send(message()), Failed)
