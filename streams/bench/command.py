"""The command ``firebreak bench``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

_MENTIONS = 200_000
_MEMORY_MENTIONS = 1_000_000
_LEAST_FOR_MEMORY = 100_000
_SAMPLES = 20
_NAMES = ("faust", "quix", "bytewax", "aiokafka", "firebreak")


@click.command(short_help="Measure throughput beside other readers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--mentions", type=click.IntRange(min=4000), help="How many [default: 200000; with --memory 1000000].")
@click.option("--partitions", type=click.IntRange(min=1), default=4, show_default=True, help="Partitions of the topic.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="How often each reader reads.")
@click.option("--reader", "names", type=click.Choice(_NAMES), multiple=True, help="Only this one; may be repeated.")
@click.option("--memory", is_flag=True, help="Only the memory of Firebreak's triage, over a million mentions.")
@click.option("--watch", "watching", is_flag=True, help="Only what watching costs: 20,000 series, all detectors on.")
@click.option("--paging", is_flag=True, help="Only how soon people are paged: 500 incidents at once, 200 brands.")
@click.option("--gate", "of_gate", is_flag=True, help="Only the gate's answers, beside a bare web server.")
@click.option("--store", "store_url", metavar="URL", help="An empty store, with --paging [default: a new SQLite file].")
@click.option(
    "--series", type=click.IntRange(min=20), default=20_000, show_default=True, help="How many, with --watch."
)
def bench(
    as_json: bool,
    mentions: int | None,
    partitions: int,
    rounds: int,
    names: Sequence[str],
    memory: bool,
    watching: bool,
    paging: bool,
    of_gate: bool,
    store_url: str | None,
    series: int,
) -> None:
    """Measure throughput side by side: five readers, the same mentions, the same triage work, on real Apache Kafka.

    Starts Kafka from Maven Central's jars on loopback (it needs Java and Maven), writes the mentions once and lets the
    readers take turns, each in a process of its own. Ends with 1 where the readers' cells differ, memory grows,
    watching costs more than is wanted, somebody is paged too late or twice, or the gate is slow.
    """
    if of_gate:
        from streams.bench.gate_bench import gate_command

        sys.exit(gate_command(as_json))
    from streams.bench.main import cost_of_watching, memory_bench, pages_at_once, side_by_side

    if paging:
        sys.exit(pages_at_once(store_url, as_json))
    if watching:
        sys.exit(cost_of_watching(series, as_json))
    if memory:
        number = mentions or _MEMORY_MENTIONS
        if number < _LEAST_FOR_MEMORY:
            raise click.BadParameter(
                f"--memory needs at least {_LEAST_FOR_MEMORY} to say anything", param_hint="--mentions"
            )
        sys.exit(memory_bench(number, partitions, max(1, number // _SAMPLES), as_json))
    sys.exit(side_by_side(names or _NAMES, mentions or _MENTIONS, partitions, rounds, as_json))
