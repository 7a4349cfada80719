"""What a process says of itself over HTTP."""

from __future__ import annotations

import asyncio
import socket
import time

import aiohttp
import pytest

from playbooks import telemetry
from playbooks.health import serve_health
from playbooks.labels import Role
from playbooks.listening import PortTaken


async def fetch(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def test_a_process_that_runs_but_cannot_work_is_healthy_and_not_ready_and_says_why() -> None:
    reasons = ["the store does not answer", "no model yet"]
    async with serve_health("127.0.0.1", 0, lambda: reasons) as port:
        assert await fetch(port, "/healthz") == (200, '{"status": "ok"}')
        status, body = await fetch(port, "/readyz")
        assert status == 503
        assert all(reason in body for reason in reasons)
        reasons.clear()
        assert await fetch(port, "/readyz") == (200, '{"status": "ok"}')


async def test_metrics_are_shown_as_prometheus_reads_them() -> None:
    telemetry.start([Role.GATE])
    async with serve_health("127.0.0.1", 0, list) as port:
        status, body = await fetch(port, "/metrics")
    assert status == 200
    assert "# TYPE firebreak_gate_decisions_total counter" in body
    assert "_created" not in body


async def test_a_port_in_use_is_one_clear_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {taken} .* set watch\.metrics_port"):
            async with serve_health("127.0.0.1", taken, list, "watch.metrics_port"):
                pass


@pytest.mark.parametrize(
    ("setting", "key"), [("gate.port", "set gate.host"), ("watch.metrics_port", "set metrics_host")]
)
@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
async def test_a_host_that_is_not_of_this_machine_is_told_with_its_key(host: str, setting: str, key: str) -> None:
    with pytest.raises(PortTaken, match=f"'{host}' .*{key} to an address of this machine"):
        async with serve_health(host, 0, list, setting):
            pass


async def test_a_stalled_event_loop_shows_for_a_while_after() -> None:
    async with serve_health("127.0.0.1", 0, list):
        await asyncio.sleep(0)
        time.sleep(0.6)  # noqa: ASYNC251 - the stall is what is measured
        deadline = time.monotonic() + 5
        while telemetry.EVENT_LOOP_LAG._value.get() < 0.2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_nothing_goes_on_measuring_after_the_end() -> None:
    async with serve_health("127.0.0.1", 0, list):
        assert any(task.get_name() == "event-loop-lag" for task in asyncio.all_tasks())
    assert not any(task.get_name() == "event-loop-lag" for task in asyncio.all_tasks())
