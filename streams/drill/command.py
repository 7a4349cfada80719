"""The command `firebreak drill`."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from playbooks.content.catalog import library_of
from playbooks.drills.drill import Drill
from playbooks.store import drills
from playbooks.store.engine import migrate, open_store
from streams.demo.ending import Ending
from streams.demo.stage import BRAND, Stage, StageFailed
from streams.demo.telling import Telling
from streams.drill import report
from streams.drill.choice import choices, chosen
from streams.drill.course import Order, conduct
from streams.drill.embedded import embedded_system
from streams.drill.learned import NotRead
from streams.drill.running import running_system
from streams.drill.whom import who_is_reached
from streams.settings import Settings, SettingsError, read_settings

#: Times life: there is nobody to keep pace with in an embedded drill; in a running system pages come one by one.
EMBEDDED_SPEED: Final = 30.0
RUNNING_SPEED: Final = 10.0
_EMBEDDED_WAIT_S: Final = 60.0
_NOBODY_WAIT_S: Final = 30.0
_FOUND_WRONG: Final = 1


@click.command("drill", short_help="Run a fire drill, and measure it.")
@click.argument("name", required=False)
@click.option("--list", "lists", is_flag=True, help="Show what can be drilled.")
@click.option("--history", is_flag=True, help="Show the drills there were, of NAME or of all.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--embedded", is_flag=True, help="In a system started for it, though --config names one.")
@click.option("--brand", help="Which brand; without it the first of the settings.")
@click.option("--by", "person", help="Who runs it: a key of the settings' people.")
@click.option("--wait", "wait_min", type=click.FloatRange(0.1, 240), default=30.0, show_default=True, metavar="MINUTES")
@click.option("--speed", type=click.FloatRange(1, 240), help="Times life at which the crisis is played.")
@click.option("--seed", default=1, show_default=True, help="Another seed is another week and another crisis.")
@click.option("--gate", "gate_url", help="The gate's address, where it is not the settings'.")
@click.pass_context
def drill_command(
    ctx: click.Context,
    name: str | None,
    lists: bool,
    history: bool,
    as_json: bool,
    embedded: bool,
    brand: str | None,
    person: str | None,
    wait_min: float,
    speed: float | None,
    seed: int,
    gate_url: str | None,
) -> None:
    """Run a fire drill: a crisis that is not real, from its first mention to the last acknowledgement.

    NAME is a scenario of the simulator or a playbook (see --list). With --config it goes through the running system
    and waits for real people (--wait); without it, or with --embedded, through one that is started for it, whose
    people answer by themselves. Everything is marked as a drill: it reaches only people with `drills: true`, holds
    only its own posts, and touches no baseline. Exit code 1: something did not happen that should have.

    \b
    firebreak drill burst --json
    firebreak --config DIR drill complaint-storm --by ada
    firebreak --config DIR drill --history
    """
    settings = read_settings(ctx.obj)
    if lists or (name is None and not history):
        _list(settings, as_json)
        return
    if history:
        _history(settings, name, as_json)
        return
    assert name is not None
    choice = chosen(name, library_of(settings), _now_ms())
    run = f"drill-{choice.name}-{secrets.token_hex(4)}"
    _check_person(settings, person, named=ctx.obj is not None)
    if ctx.obj is None or embedded:
        order = Order(choice, run, BRAND, person or "", speed or EMBEDDED_SPEED, seed, _EMBEDDED_WAIT_S)
        sys.exit(_run_embedded(settings, ctx.obj, order, as_json))
    order = Order(choice, run, _brand(settings, brand), person or "", speed or RUNNING_SPEED, seed, wait_min * 60)
    sys.exit(_run_running(settings, order, gate_url, as_json))


def _run_running(settings: Settings, order: Order, gate_url: str | None, as_json: bool) -> int:
    progress = Console(stderr=True, highlight=False)

    async def run() -> int:
        async with running_system(settings, order.run, gate_url) as house:
            whom = await who_is_reached(settings, house.library, order.run, _now_ms())
            for line in whom.lines(order.brand, order.run):
                progress.print(line, soft_wrap=True, markup=False)
            wanted = order if whom.anybody else _replace_wait(order, _NOBODY_WAIT_S)
            drill = await conduct(house, wanted, Telling(progress))
            return _shown(drill, drills.read_drills(house.engine, name=drill.name), settings, as_json)

    with Ending() as ending:
        try:
            return asyncio.run(ending.watch(run()))
        except NotRead as wrong:
            progress.print(f"The drill failed: {wrong}", markup=False)
            return _FOUND_WRONG


def _run_embedded(settings: Settings, config: Path | None, order: Order, as_json: bool) -> int:
    progress = Console(stderr=True, highlight=False)
    with Ending() as ending:
        stage = Stage(library=settings.library)
        try:
            stage.start()
            return asyncio.run(ending.watch(_embedded(stage, settings, config, order, as_json, Telling(progress))))
        except (KeyboardInterrupt, asyncio.CancelledError):
            progress.print("Ended before the drill had begun.")
            return _FOUND_WRONG
        except StageFailed as failed:
            progress.print(f"The drill failed: {failed}", markup=False)
            return _FOUND_WRONG
        finally:
            ending.begun = True
            stage.end()


async def _embedded(
    stage: Stage, settings: Settings, config: Path | None, order: Order, as_json: bool, telling: Telling
) -> int:
    async with embedded_system(stage, telling) as house:
        drill = await conduct(house, order, telling)
        kept = _keep(settings, drill) if config is not None else []
        return _shown(drill, kept, house.settings, as_json)


def _keep(settings: Settings, drill: Drill) -> list[Drill]:
    """What an embedded drill measured, in the store that the settings name: its own is gone with it."""
    engine = open_store(settings.store)
    try:
        migrate(engine)
        drills.keep(engine, drill)
        return drills.read_drills(engine, name=drill.name)
    finally:
        engine.dispose()


def _shown(drill: Drill, others: list[Drill], settings: Settings, as_json: bool) -> int:
    if as_json:
        click.echo(report.as_json(drill, others).decode())
    else:
        names = {key: person.name for key, person in settings.people.items()}
        report.show(Console(highlight=False), drill, others, lambda person: names.get(person, person))
    return 0 if drill.result is not None and drill.result.good else _FOUND_WRONG


def _list(settings: Settings, as_json: bool) -> None:
    found = choices(library_of(settings), _now_ms())
    if as_json:
        click.echo(report.listing_json(found).decode())
    else:
        report.listing(Console(highlight=False), found)


def _history(settings: Settings, name: str | None, as_json: bool) -> None:
    engine = open_store(settings.store)
    try:
        migrate(engine)
        found = drills.read_drills(engine, name=name)
    finally:
        engine.dispose()
    if as_json:
        click.echo(report.history_json(found).decode())
    elif found:
        report.history(Console(highlight=False), found)
    else:
        click.echo(f"The store {settings.store.url} knows of no drill{f' called {name}' if name else ''} yet.")


def _brand(settings: Settings, wanted: str | None) -> str:
    if not settings.brands:
        raise SettingsError("there are no brands in the settings; name one under brands, or drill with --embedded")
    if wanted is not None and wanted not in settings.brands:
        known = ", ".join(settings.brands)
        raise SettingsError(f"--brand: there is no brand {wanted!r} in the settings; there are: {known}")
    return wanted or next(iter(settings.brands))


def _check_person(settings: Settings, person: str | None, *, named: bool) -> None:
    if person is not None and not named:
        raise SettingsError("--by names somebody of the settings: say with --config which they are, or leave it out")
    if person is not None and person not in settings.people:
        known = ", ".join(settings.people) or "none"
        raise SettingsError(f"--by: there is nobody {person!r} under people in the settings; there are: {known}")


def _replace_wait(order: Order, wait_s: float) -> Order:
    return Order(order.choice, order.run, order.brand, order.person, order.speed, order.seed, wait_s)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
