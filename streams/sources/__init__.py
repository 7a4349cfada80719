"""Sources: what brings mentions into Kafka. Each is one file here and one line in `SOURCES`.

Contract: a source is an ``async def run_x(settings, stop)`` that runs until `stop` is set; `process.run_source` gives
it a store, topics, a producer, a lease (it runs once however often it is started) and its health. It sends mentions
(`detectors.mention`), never drops one that Kafka has not acknowledged, and writes down how far it has read only after
that. What it cannot read it counts and drops; a time when it could not read at all it reports.

In the flow: sources -> `mentions` -> triage. ``firebreak replay`` writes the same topic from a file.
"""

from __future__ import annotations

from typing import Final

#: Every source by its name, and where it is; a process loads only the one it runs.
SOURCES: Final[dict[str, str]] = {
    "bluesky": "streams.sources.bluesky:run_bluesky",
    "webhook": "streams.sources.webhook:run_webhook",
}
