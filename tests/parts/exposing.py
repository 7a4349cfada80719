"""A process that writes every metric of the vocabulary, again and again, until its standard input closes.

``python -m tests.parts.exposing`` prints the port that it shows them on.
"""

from __future__ import annotations

import asyncio
import sys
import time

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from playbooks import telemetry
from playbooks.health import serve_health
from playbooks.labels import Role
from playbooks.telemetry import VOCABULARY
from playbooks.vocabulary import Metric, Named, ScoreHistogram, Unit

BRAND = "acme"


def write_all() -> None:
    """Move every series of every metric once."""
    for metric in VOCABULARY.values():
        if Named.PARTITION in metric.labels.values():
            metric.instrument.labels("0")  # type: ignore[union-attr]
        if isinstance(metric.instrument, ScoreHistogram):
            metric.instrument.observe_many([0.2, 0.7])
        else:
            for labels in _label_sets(metric):
                _move(metric.instrument.labels(**labels) if labels else metric.instrument, metric.unit)


def _label_sets(metric: Metric) -> list[dict[str, str]]:
    sets = []
    for sample in next(iter(metric.instrument.collect())).samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        if labels not in sets:
            sets.append(labels)
    return sets


def _move(instrument: MetricWrapperBase, unit: Unit) -> None:
    match instrument:
        case Counter():
            instrument.inc()
        case Gauge():
            instrument.set(time.time() if unit is Unit.MOMENT else 1)
        case Histogram():
            instrument.observe(0.002)
        case _:
            raise TypeError(f"no way to move {instrument}")


async def main() -> None:
    """Show everything until nobody listens any more."""
    telemetry.start(list(Role), brands=[BRAND])
    closed = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    async with serve_health("127.0.0.1", 0, list) as port:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        while not closed.done():
            write_all()
            await asyncio.wait([closed], timeout=0.5)


if __name__ == "__main__":
    asyncio.run(main())
