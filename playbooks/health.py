"""What every process says of itself over HTTP: ``/metrics``, ``/healthz`` (it runs), ``/readyz`` (it can do its work).

A process without a web server runs `serve_health`; one that has its own adds `health_routes` to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.aiohttp import make_aiohttp_handler

from playbooks import telemetry
from playbooks.background import beside
from playbooks.listening import listening

LAG_STEP_S = 0.25
LAG_STEPS = 40

Ready = Callable[[], list[str]]


def serve_health(host: str, port: int, ready: Ready, setting: str = "metrics_port") -> AbstractAsyncContextManager[int]:
    """Serve the three addresses while the block runs; hands in the bound port, which matters where `port` is 0.

    `ready` gives the reasons why the process cannot do its work just now, none where it can; it is called on the event
    loop and must not wait. `setting` is the settings key of the port, for the message of `PortTaken`.
    """
    app = web.Application()
    health_routes(app, ready)
    return listening(app, host, port, setting)


def health_routes(app: web.Application, ready: Ready) -> None:
    """Add the three addresses to `app`, and the measuring of its event loop while it runs."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        reasons = ready()
        if reasons:
            return web.json_response({"status": "not ready", "reasons": reasons}, status=503)
        return web.json_response({"status": "ok"})

    app.router.add_get("/metrics", make_aiohttp_handler(REGISTRY))
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.cleanup_ctx.append(_measuring_lag)


async def _measuring_lag(_: web.Application) -> AsyncIterator[None]:
    async with beside(measure_lag(), "event-loop-lag"):
        yield


async def measure_lag() -> None:
    """Keep `telemetry.EVENT_LOOP_LAG` at the longest delay of a timer in the last ten seconds, until cancelled.

    The longest, not the last: a scrape every few seconds would miss a stall between two of them.
    """
    loop = asyncio.get_running_loop()
    lags = [0.0] * LAG_STEPS
    step = 0
    while True:
        due = loop.time() + LAG_STEP_S
        await asyncio.sleep(LAG_STEP_S)
        lags[step % LAG_STEPS] = loop.time() - due
        telemetry.EVENT_LOOP_LAG.set(max(0.0, *lags))
        step += 1
