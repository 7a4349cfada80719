"""The console with what it may not know of by itself: whether Kafka answers, for the page Readiness."""

from __future__ import annotations

import asyncio

from playbooks.console import server
from streams.kafka_probe import kafka_probe
from streams.settings import Settings


async def run_console(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the pages until `stop`."""
    await server.run_console(settings, stop, probes=[kafka_probe(settings.kafka)])
