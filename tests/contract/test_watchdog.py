"""Who pages when Firebreak is gone: the deployed rules and routes, with a real Prometheus and a real Alertmanager."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from playbooks.labels import Role
from tests.parts.alertmanager import running_alertmanager
from tests.parts.http_servers import Receiver, Request, receiving
from tests.parts.prometheus import rule_files, running_prometheus
from tests.parts.require import CHECKOUT
from tests.parts.waiting import until

pytestmark = [pytest.mark.prometheus, pytest.mark.slow]

DEPLOYED = CHECKOUT / "deploy" / "alertmanager" / "alertmanager.yml"
#: Prometheus, its rules and Alertmanager each look once a second at the most.
PATIENCE_S = 40.0
ROLES = (Role.TRIAGE, Role.WATCH, Role.RESPOND, Role.RUNNER, Role.GATE, Role.CONSOLE, Role.TRAINER)


class Heard:
    """What came to each receiver, and when."""

    def __init__(self) -> None:
        self.said: list[tuple[float, str, dict[str, Any]]] = []

    async def answer(self, request: Request) -> web.Response:
        self.said.append((time.monotonic(), request.path.strip("/"), json.loads(request.body)))
        return web.Response(text="OK")

    def beats(self) -> list[float]:
        return [at for at, receiver, _ in self.said if receiver == "outside"]

    def told(self, receiver: str) -> set[tuple[str, str]]:
        """The alerts that a receiver was told of, each with how it stood."""
        return {
            (alert["labels"]["alertname"], alert["status"])
            for _, name, said in self.said
            if name == receiver
            for alert in said["alerts"]
        }


class Processes:
    """What Firebreak's processes show; `gone` are those that show nothing any more."""

    def __init__(self) -> None:
        self.gone: set[Role] = set()
        self.chain_well = 1

    async def answer(self, _: Request) -> web.Response:
        lines = [f'firebreak_build_info{{role="{role}"}} 1' for role in ROLES if role not in self.gone]
        if Role.RUNNER not in self.gone:
            lines.append(f"firebreak_chain_well {self.chain_well}")
        return web.Response(text="\n".join(lines) + "\n")


def routes(to: str) -> dict[str, Any]:
    """The deployed settings with seconds for minutes, and with receivers that a test can look into."""
    known: dict[str, Any] = yaml.safe_load(DEPLOYED.read_text(encoding="utf-8"))
    quick = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1s"}
    known["route"] |= quick
    for route in known["route"]["routes"]:
        route |= quick
    for receiver in known["receivers"]:
        kinds = receiver.pop("email_configs", None) or receiver.pop("webhook_configs")
        receiver["webhook_configs"] = [{"url": f"{to}/{receiver['name']}", "send_resolved": kinds[0]["send_resolved"]}]
    known["global"] = {}
    return known


def quick_rules(folder: Path) -> list[Path]:
    """The deployed rules, with a second for each wait."""
    made = []
    for path in rule_files():
        copy = folder / path.name
        copy.write_text(re.sub(r"\bfor: \d+[smh]\b", "for: 1s", path.read_text(encoding="utf-8")), encoding="utf-8")
        made.append(copy)
    return made


class Watched:
    """Prometheus and Alertmanager over made-up processes, each of which can be ended."""

    def __init__(self, heard: Heard, processes: Processes, prometheus: ExitStack) -> None:
        self.heard = heard
        self.processes = processes
        self.prometheus = prometheus


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    heard, processes = Heard(), Processes()
    rules = quick_rules(folder)
    async with receiving(Receiver(heard.answer)) as outside, receiving(Receiver(processes.answer)) as shown:
        with ExitStack() as both, ExitStack() as prometheus:
            places = [folder / name for name in ("alertmanager", "prometheus")]
            for place in places:
                place.mkdir()
            # In threads: the servers above answer meanwhile.
            manager = running_alertmanager(places[0], "", routes(outside.url))
            url = await asyncio.to_thread(both.enter_context, manager)
            scraped = {"firebreak": [f"127.0.0.1:{shown.port}"]}
            asked = running_prometheus(places[1], scraped, rules, [url.removeprefix("http://")])
            await asyncio.to_thread(prometheus.enter_context, asked)
            yield Watched(heard, processes, prometheus)
            await asyncio.to_thread(prometheus.close)
            await asyncio.to_thread(both.close)


async def test_the_outside_hears_the_watchdog_again_and_again_and_no_more_when_prometheus_is_gone(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as found:
        await until(lambda: len(found.heard.beats()) >= 3, "the watchdog beats", PATIENCE_S)
        assert not found.heard.told("ops")
        await asyncio.to_thread(found.prometheus.close)
        ended = time.monotonic()
        # Four times its own interval an alert lives on in Alertmanager; then nobody speaks of it any more.
        await until(lambda: time.monotonic() - max(found.heard.beats()) > 5, "it is silent", PATIENCE_S)
        assert max(found.heard.beats()) - ended < 15
        assert found.heard.told("outside") == {("FirebreakWatchdog", "firing")}


async def test_ops_hear_of_a_runner_that_is_gone_by_a_road_that_needs_no_runner(tmp_path: Path) -> None:
    async with watched(tmp_path) as found:
        await until(lambda: bool(found.heard.beats()), "the watchdog beats", PATIENCE_S)
        found.processes.gone.add(Role.RUNNER)
        await until(lambda: ("FirebreakRunnerMissing", "firing") in found.heard.told("ops"), "ops hear", PATIENCE_S)
        beats = len(found.heard.beats())
        await until(lambda: len(found.heard.beats()) > beats, "the watchdog beats on", PATIENCE_S)
        found.processes.gone.clear()
        resolved = ("FirebreakRunnerMissing", "resolved")
        await until(lambda: resolved in found.heard.told("ops"), "ops hear that it is back", PATIENCE_S)


async def test_ops_hear_of_a_chain_that_the_runner_finds_broken_and_what_can_wait_goes_elsewhere(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as found:
        found.processes.chain_well = 0
        found.processes.gone.add(Role.TRAINER)
        await until(lambda: ("FirebreakChainBroken", "firing") in found.heard.told("ops"), "ops hear", PATIENCE_S)
        trainer = {("FirebreakTrainerMissing", "firing")}
        await until(lambda: found.heard.told("ops-in-the-morning") == trainer, "it waits for the morning", PATIENCE_S)
        assert "FirebreakTrainerMissing" not in {name for name, _ in found.heard.told("ops")}
