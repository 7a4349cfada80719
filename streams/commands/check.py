"""``firebreak check``: would this page anyone right now? And the test messages by which people show that it would."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams import proving
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbooks.readiness.finding import Check, Finding

_FOUND_WRONG = 1
_TONE = {"fails": "bold red", "look": "yellow", "unknown": "cyan", "well": "green"}
_MARK = {"fails": "✗", "look": "!", "unknown": "?", "well": "✓"}


@click.command("check", short_help="Would this page anyone right now?")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--all", "everything", is_flag=True, help="Also list, one by one, what is in order.")
@click.option("--send-test", "person", metavar="PERSON|all", help="Send a test message to each contact point.")
@click.option("--confirm", "code", metavar="CODE", help="Say that the test message with this code has come.")
@click.pass_context
def check_command(ctx: click.Context, as_json: bool, everything: bool, person: str | None, code: str | None) -> None:
    """Would this page anyone right now?

    Looks at people and rotas, channels, schedulers, playbooks, processes, the store, Kafka and the clock, and
    says what to do.
    Nothing is sent or changed but what --send-test and --confirm say. Exit code 1: a page would fail.

    \b
    firebreak --config DIR check
    firebreak --config DIR check --send-test ada     by every channel ada has
    firebreak --config DIR check --confirm 482913    the code in the message
    """
    settings = read_settings(ctx.obj)
    if person is not None and code is not None:
        raise click.UsageError("--send-test and --confirm are two steps: send first, then confirm what came")
    if person is not None:
        sys.exit(asyncio.run(proving.send_tests(settings, person)))
    if code is not None:
        sys.exit(proving.confirm_code(settings, code))
    sys.exit(asyncio.run(_check(settings, as_json=as_json, everything=everything)))


async def _check(settings: Settings, *, as_json: bool, everything: bool) -> int:
    from playbooks.oncall.keeper import RotaKeeper
    from playbooks.readiness.check import check
    from playbooks.readiness.finding import as_json as json_of
    from playbooks.wall_clock import now_ms
    from streams.kafka_probe import kafka_probe
    from streams.rota_shelf import shelf_of

    keeper = RotaKeeper(settings, now_ms, shelf_of(settings))
    await keeper.open()
    await keeper.look()
    found = await check(settings, keeper.rotas(), now_ms, [kafka_probe(settings.kafka)])
    if as_json:
        click.echo(json_of(found).decode())
    else:
        show(found, Console(highlight=False), everything=everything)
    return 0 if found.answer.yes else _FOUND_WRONG


def show(check: Check, console: Console, *, everything: bool) -> None:
    """Print a check: the answer, then what is wrong, the worst first, each with what to do."""
    from playbooks.readiness.finding import Weight

    answer = check.answer
    console.print(Text("Would this page anyone right now?", "bold"))
    word = (" YES ", "bold white on green") if answer.yes else (" NO ", "bold white on red")
    console.print(Text.assemble(word, " ", answer.sentence))
    for weight in Weight:
        found = check.of(weight)
        if not found:
            continue
        console.print()
        console.print(Text(f"{weight.words} ({len(found)})", _TONE[weight.value]))
        if weight is Weight.WELL and not everything:
            console.print(Text("  one by one with --all"))
            continue
        console.print(_table(found))


def _table(found: Sequence[Finding]) -> Table:
    """A mark before each finding, and what to do below it; what is longer than a line hangs."""
    table = Table.grid(padding=(0, 1))
    for one in found:
        tone = _TONE[one.weight.value]
        table.add_row(Text(_MARK[one.weight.value], tone), Text(one.text))
        if one.to_do:
            table.add_row("", Text(f"→ {one.to_do}", "dim"))
    return table
