"""Alerts for Debian's Alertmanager: fired, told on, ended."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from playbooks.effects.alertmanager import Alertmanager
from playbooks.effects.message import Message, Stage
from playbooks.effects.outcome import Delivered, Failed, FailedReason
from playbooks.settings.channels import AlertmanagerSettings
from tests.parts.alertmanager import alerts, running_alertmanager
from tests.parts.http_servers import Receiver, always, receiving
from tests.parts.messages import LINKS, NOTICE, message
from tests.parts.running import until


@dataclass(slots=True)
class Place:
    """The Alertmanager, what it told its receiver, and the effect that speaks to it."""

    url: str
    receiver: Receiver
    effect: Alertmanager

    def told(self, status: str) -> list[dict[str, Any]]:
        """The alerts that the receiver was told of with this status."""
        bodies = [json.loads(request.body) for request in self.receiver.requests]
        return [alert for body in bodies for alert in body["alerts"] if alert["status"] == status]

    async def firing(self) -> list[dict[str, Any]]:
        """The alerts that are there."""
        return await asyncio.to_thread(alerts, self.url)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with _place(tmp_path) as found:
        yield found


@asynccontextmanager
async def _place(folder: Path) -> AsyncIterator[Place]:
    async with receiving(Receiver(always(200))) as receiver:
        started = running_alertmanager(folder, f"{receiver.url}/told")
        url = await asyncio.to_thread(started.__enter__)
        try:
            yield Place(url, receiver, Alertmanager(AlertmanagerSettings(url=url)))
        finally:
            await asyncio.to_thread(started.__exit__, None, None, None)


def now_ms() -> int:
    return int(time.time() * 1000)


def page(**changes: Any) -> Message:
    return message("comms", sending_ms=now_ms(), **changes)


def closing(stage: Stage) -> Message:
    return page(notice=msgspec.structs.replace(NOTICE, stage=stage))


async def test_a_page_fires_and_says_what_it_is_about(place: Place) -> None:
    assert isinstance(await place.effect.send(page()), Delivered)
    await until(lambda: place.told("firing"))
    (alert,) = place.told("firing")
    labels = {
        name: alert["labels"][name] for name in ("alertname", "receiver", "kind", "severity", "incident", "drill")
    }
    assert labels == {
        "alertname": "Firebreak",
        "receiver": "comms",
        "kind": "page",
        "severity": "4",
        "incident": "inc-1",
        "drill": "false",
    }
    assert alert["annotations"]["summary"] == NOTICE.subject
    assert alert["annotations"]["incident_url"] == LINKS.incident
    assert alert["generatorURL"] == LINKS.incident


async def test_the_same_page_twice_is_one_alert(place: Place) -> None:
    for _ in range(2):
        assert isinstance(await place.effect.send(page()), Delivered)
    assert len(await place.firing()) == 1


async def test_it_fires_for_as_long_as_was_said_though_nothing_more_is_heard(place: Place) -> None:
    await place.effect.send(page())
    (alert,) = await place.firing()
    ends = time.mktime(time.strptime(alert["endsAt"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert 23.9 * 3600 < ends - time.time() < 24.1 * 3600


@pytest.mark.parametrize("stage", [Stage.ACKNOWLEDGED, Stage.RESOLVED])
async def test_what_is_acknowledged_or_over_fires_no_more(place: Place, stage: Stage) -> None:
    other = msgspec.structs.replace(NOTICE, incident="inc-2")
    assert isinstance(await place.effect.send(page(notice=other)), Delivered)
    assert isinstance(await place.effect.send(page()), Delivered)
    await until(lambda: len(place.told("firing")) == 2)
    assert isinstance(await place.effect.send(closing(stage)), Delivered)
    await until(lambda: place.told("resolved"))
    assert [alert["labels"]["incident"] for alert in await place.firing()] == ["inc-2"]


async def test_to_close_what_is_not_there_is_done(place: Place) -> None:
    assert isinstance(await place.effect.send(closing(Stage.RESOLVED)), Delivered)
    assert await place.firing() == []


async def test_a_strangers_text_arrives_as_text(place: Place) -> None:
    hostile = "{{ .Labels }} <!channel> @here https://evil.example/x \x00\n\"'\\ \ud800"
    notice = msgspec.structs.replace(NOTICE, subject=hostile, text=hostile, platform=hostile, playbook=hostile)
    assert isinstance(await place.effect.send(page(notice=notice)), Delivered)
    await until(lambda: place.told("firing"))
    assert place.told("firing")[0]["annotations"]["summary"].startswith(
        "{{ .Labels }} ‹!channel> ＠here https[:]//evil"
    )


async def test_an_address_that_is_another_programs_has_failed(place: Place) -> None:
    effect = Alertmanager(AlertmanagerSettings(url=f"{place.url}/elsewhere"))
    outcome = await effect.send(page())
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.REFUSED
