"""``firebreak check``: would this page anyone right now? And the test messages by which people show that it would."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

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

    Looks at people and rotas, channels, playbooks, processes, the store, Kafka and the clock, and says what to do.
    Nothing is sent and nothing is changed. Exit code 1: a page would fail.

    \b
    firebreak --config DIR check
    firebreak --config DIR check --send-test ada     by every channel ada has
    firebreak --config DIR check --confirm 482913    the code in the message
    """
    settings = read_settings(ctx.obj)
    if person is not None and code is not None:
        raise click.UsageError("--send-test and --confirm are two steps: send first, then confirm what came")
    if person is not None:
        sys.exit(asyncio.run(_send_tests(settings, person)))
    if code is not None:
        sys.exit(_confirm(settings, code))
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


async def _send_tests(settings: Settings, person: str) -> int:
    from playbooks.reachability import channels_for_people
    from playbooks.readiness.ask_channels import opened
    from playbooks.readiness.contacts import points_of
    from playbooks.readiness.proof import for_tests, message_of, new_test, send_test, testable, way_of
    from playbooks.store.contact_tests import note_outcome, note_test
    from playbooks.wall_clock import now_ms

    people = _people(settings, person)
    way, (effects, missing) = way_of(settings), opened(for_tests(settings))
    every = [point for point in points_of(settings, channels_for_people(settings)) if point.person in people]
    points = testable(every, effects, people)
    for one in missing:
        click.echo(f"{one.channel.value}: no test goes out by it: {one.missing}", err=True)
    if not points:
        click.echo("nobody of them has a contact point on a channel that can be used (docs/channels.md)", err=True)
        return _FOUND_WRONG
    engine, failed = _store(settings), len(points) < len(every)
    try:
        for point in points:
            test = new_test(point, now_ms())
            note_test(engine, test)
            word, detail = await send_test(effects[point.channel], message_of(test, point, way, now_ms()))
            note_outcome(engine, test.id, word, detail)
            click.echo(f"{point.name} by {point.channel.value}: {word} ({detail})")
            failed = failed or word in ("failed", "retry")
    finally:
        engine.dispose()
    click.echo("\nThat a channel took it shows nothing yet. Whoever got one says its code: on the console, on the page")
    click.echo("Readiness, or to you, for: firebreak check --confirm CODE")
    return _FOUND_WRONG if failed else 0


def _confirm(settings: Settings, code: str) -> int:
    from playbooks.readiness.proof import said_with
    from playbooks.store.contact_tests import confirm, newest_tests
    from playbooks.wall_clock import now_ms

    engine = _store(settings)
    try:
        found = said_with(code, newest_tests(engine), now_ms())
        if len(found) != 1:
            wrong = "no test message of the last seven days waits for this code"
            several = "several test messages have this code; send them again"
            click.echo(several if found else wrong, err=True)
            return _FOUND_WRONG
        confirm(engine, found[0].id, now_ms())
        name = settings.people[found[0].person].name if found[0].person in settings.people else found[0].person
        click.echo(f"{name} by {found[0].channel.value}: confirmed, for {settings.readiness.verified_days:g} days")
        return 0
    finally:
        engine.dispose()


def _people(settings: Settings, person: str) -> list[str]:
    if not settings.people:
        raise SettingsError("there are no people in the settings; say who they are under people (docs/settings.md)")
    if person == "all":
        return list(settings.people)
    if person not in settings.people:
        known = ", ".join(sorted(settings.people))
        said = f"{person!r} is not under people in the settings (known: {known})"
        raise click.BadParameter(said, param_hint="--send-test")
    return [person]


def _store(settings: Settings) -> Engine:
    from playbooks.store.engine import migrate, open_store

    engine = open_store(settings.store)
    migrate(engine)
    return engine
