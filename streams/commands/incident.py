"""``firebreak incident``: what people do about incidents, from the command line; the same deeds as on the console."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from streams.commands import incident_said as said
from streams.commands.incident_playbooks import move_command, open_command
from streams.commands.signed import signed
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.incidents.incident import IncidentView
    from playbooks.incidents.still_asked import AskedEach
    from playbooks.store.incidents.deeds import Told


@click.group("incident", short_help="List incidents, and do about them what people do.")
def incident_command() -> None:
    """List and show incidents, and do about them what people do on the console, under a name.

    Whoever may run this on the store's machine may write under any name of the settings: it is for when the console is
    away, and for scripts. Every act is in the incident's log.

    \b
    firebreak --config DIR incident list
    firebreak --config DIR incident show inc-83c8d02f08d13e26
    firebreak --config DIR incident acknowledge inc-83c8d02f08d13e26 --by ada
    firebreak --config DIR incident resolve inc-83c8d02f08d13e26 --by ada --reason "Mended at 14:10"
    """


incident_command.add_command(open_command)
incident_command.add_command(move_command)


@incident_command.command("list", short_help="Show incidents, the newest first.")
@click.option("--all", "every", is_flag=True, help="Also those that are over.")
@click.option("--brand", help="Only of this brand.")
@click.option("--run", "run", help="Only of this drill or replay, by its id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Look at so many.")
@said.as_json
@click.pass_context
def list_command(
    ctx: click.Context, every: bool, brand: str | None, run: str | None, limit: int, as_json: bool
) -> None:
    """Show the incidents that are open, or with --all those that are over too, the newest first."""
    from playbooks.incidents.incident import IncidentState
    from playbooks.store.incidents.incidents import list_incidents
    from streams.commands.incident_shown import as_rows, in_list

    settings, engine = said.opened(ctx)
    found = [
        view
        for view in list_incidents(engine, run, limit)
        if brand in (None, view.brand) and (every or view.state is not IncidentState.RESOLVED)
    ]
    if as_json:
        said.print_json(as_rows(found))
        return
    if not found:
        click.echo("No incidents." if every else "No incident is open.")
        return
    click.echo("\n".join(in_list(found, said.names(settings))))


@incident_command.command("show", short_help="Show one incident: how it stands, and what happened.")
@click.argument("incident")
@click.option("--review", "markdown", is_flag=True, help="Print the review document (Markdown), with measured times.")
@said.as_json
@click.pass_context
def show_command(ctx: click.Context, incident: str, markdown: bool, as_json: bool) -> None:
    """Show how an incident stands, what happened, its posts and holds, and who was told."""
    from streams.commands.incident_shown import Shown, as_json_of, in_lines, read, review_of

    settings, engine = said.opened(ctx)
    known: Shown | None = read(engine, incident)
    if known is None:
        said.refuse(said.NOT["no_such_incident"])
        return
    brand = settings.brands.get(known.view.brand)
    name = (brand.name if brand else "") or known.view.brand
    if as_json:
        said.print_json(as_json_of(known, _asked_each(settings, known.stands)))
    elif markdown:
        click.echo(review_of(known, name, said.names(settings)), nl=False)
    else:
        click.echo("\n".join(in_lines(known, name, said.names(settings), _asked_each(settings, known.stands))))


@incident_command.command("acknowledge", short_help="Say that somebody has it.")
@click.argument("incident")
@said.by
@click.pass_context
def acknowledge_command(ctx: click.Context, incident: str, person: str | None) -> None:
    """Note that the person --by has the incident; nobody else is paged for now."""
    from playbooks.incidents.log_entry import AcknowledgedBy
    from playbooks.store.incidents.deeds import acknowledge_by
    from playbooks.wall_clock import now_ms

    settings, engine = said.opened(ctx)
    by, _ = signed(settings, person, "acknowledged")
    told = acknowledge_by(engine, incident, by, AcknowledgedBy.COMMAND, now_ms())
    said.say(told, f"{settings.people[by].name} has {incident}.")


def _deed(name: str, short: str, long: str, done: str, place: str) -> None:
    """A command that does one deed, with a reason."""

    @incident_command.command(name, short_help=short, help=long)
    @click.argument("incident")
    @said.by
    @said.reason
    @click.pass_context
    def command(ctx: click.Context, incident: str, person: str | None, reason: str | None) -> None:
        from pkgutil import resolve_name

        deed: said.Deed = resolve_name(place)
        said.do(ctx, deed, incident, person, reason, done)


_deed(
    "note",
    "Write something down in the log.",
    "Write down what everybody should know of an incident that is open (--reason holds the words).\n\nIt cannot be "
    "erased: quote no posts and name nobody from outside.",
    "It is in the log of {incident}.",
    "playbooks.store.incidents.deeds:note",
)
_deed(
    "contain",
    "Say that it does not spread any more.",
    "Note that an incident does not spread any more. Nobody is paged further unless it gets worse; holds stay.",
    "{incident} is contained.",
    "playbooks.store.incidents.deeds:contain",
)
_deed(
    "resolve",
    "Say that it is over.",
    "Note that an incident is over. Everybody who was paged or told hears the all-clear; holds stay in force.",
    "{incident} is over. Holds stay in force until they are released.",
    "playbooks.store.incidents.deeds:resolve",
)


@incident_command.command("reopen", short_help="Open one again that was ended too early.")
@click.argument("incident")
@said.by
@said.reason
@click.pass_context
def reopen_command(ctx: click.Context, incident: str, person: str | None, reason: str | None) -> None:
    """Open an incident again that was ended too early; its pages go out anew."""
    from playbooks.content.catalog import library_of
    from playbooks.store.incidents.deeds import reopen

    settings = read_settings(ctx.obj)
    library = library_of(settings)

    def deed(engine: Engine, incident: str, by: str, why: str, now_ms: int) -> Told:
        return reopen(engine, incident, by, why, library, settings.brands, now_ms)

    said.do(ctx, deed, incident, person, reason, "{incident} is open again, and its pages go out anew.")


@incident_command.command("merge", short_help="Say that two incidents are one.")
@click.argument("incident")
@click.argument("into")
@said.by
@said.reason
@click.pass_context
def merge_command(ctx: click.Context, incident: str, into: str, person: str | None, reason: str | None) -> None:
    """Let INCIDENT go on as INTO, another open incident of the same brand.

    What would join INCIDENT joins INTO. Holds stay in force, tasks and deadlines count on, and whoever was paged and
    has not answered is still asked until somebody has INTO. Everybody who was told hears of it.
    """
    from playbooks.store.incidents.merging import merge

    def deed(engine: Engine, incident: str, by: str, why: str, now_ms: int) -> Told:
        return merge(engine, incident, into, by, why, now_ms)

    said.do(ctx, deed, incident, person, reason, f"{{incident}} goes on as {into}.")


@incident_command.command("verdict", short_help="Say whether it was real.")
@click.argument("incident")
@click.argument("verdict", type=click.Choice(["real", "false", "unjudged"]))
@said.by
@said.reason
@click.pass_context
def verdict_command(ctx: click.Context, incident: str, verdict: str, person: str | None, reason: str | None) -> None:
    """Say whether an incident was real or a false alarm (or take that back): it is what false pages are counted by."""
    from playbooks.labels import Judgement
    from playbooks.store.incidents.judging import judge

    def deed(engine: Engine, incident: str, by: str, why: str, now_ms: int) -> Told:
        return judge(engine, incident, by, Judgement(verdict), why, now_ms)

    said.do(ctx, deed, incident, person, reason, f"{{incident}} is {verdict}.")


@incident_command.command("verify", short_help="Check that the log is what was written.")
@click.argument("incidents", nargs=-1)
@said.as_json
@click.pass_context
def verify_command(ctx: click.Context, incidents: tuple[str, ...], as_json: bool) -> None:
    """Check the hash of each entry, and of each post that is quoted; of all incidents, or of INCIDENTS.

    Exit code 1: something is not what was written. A log whose last entries were taken away looks whole: keep the last
    hash, which is printed, elsewhere.
    """
    from playbooks.store.incidents.verifying import verify

    _, engine = said.opened(ctx)
    found = verify(engine, incidents)
    if as_json:
        said.print_json(found)
    else:
        for one in found:
            gone = f", {one.erased} of them erased" if one.erased else ""
            what = f"{one.entries} entries, {one.posts} posts quoted{gone}, last hash {one.last[:16] or 'none'}"
            click.echo(f"{one.incident}: {'; '.join(one.faults) or 'as it was written'} ({what})")
        wrong = sum(bool(one.faults) for one in found)
        click.echo(f"{len(found)} incidents, {wrong} not as they were written.")
    if any(one.faults for one in found):
        sys.exit(said.FOUND_WRONG)


def _asked_each(settings: Settings, view: IncidentView) -> list[AskedEach]:
    """Who of those that a page asks each for themselves has acknowledged; rotas are read as the runner reads them."""
    from detectors.run import run_of
    from playbooks.incidents.still_asked import asked_each
    from playbooks.oncall.keeper import RotaKeeper
    from playbooks.oncall.people import who_is_asked
    from playbooks.oncall.rotas import NO_ROTAS, Rotas
    from playbooks.wall_clock import now_ms
    from streams.rota_shelf import shelf_of

    async def known_now() -> Rotas:
        keeper = RotaKeeper(settings, now_ms, shelf_of(settings))
        await keeper.open()
        await keeper.look()
        return keeper.rotas()

    if not any(action.each for action in view.actions):
        return []
    rotas = asyncio.run(known_now()) if settings.rotas else NO_ROTAS
    return asked_each(view, who_is_asked(run_of(view.run), settings, rotas, now_ms()))
