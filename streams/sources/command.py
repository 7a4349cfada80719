"""``firebreak source NAME``: one source as a process."""

from __future__ import annotations

import click

from streams.app import process_named, run_until_told
from streams.settings import read_settings
from streams.sources import SOURCES


@click.command("source")
@click.argument("name", type=click.Choice([*SOURCES]))
@click.pass_context
def source_command(ctx: click.Context, name: str) -> None:
    """Bring mentions from a source into Kafka.

    \b
    bluesky  the public Jetstream, searched for brands.<brand>.terms
    webhook  signed POSTs to /v1/mentions (sources.webhook.port, sources.webhook.secret)

    A source runs once however often it is started: the others wait, and take over when the first ends or is killed.
    """
    run_until_told(process_named(SOURCES[name]), read_settings(ctx.obj))
