"""``firebreak incident open`` and ``move``: what people say about which playbook an incident goes by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

import click

from streams.commands import incident_said as said
from streams.commands.signed import signed
from streams.settings import Settings

if TYPE_CHECKING:
    from playbooks.content.catalog import Library
    from playbooks.incidents.action import ActionDecision
    from playbooks.store.incidents.deeds import Told
    from playbooks.store.incidents.reporting import Answer, Report


@click.command("open", short_help="Report what Firebreak did not see.")
@click.argument("brand")
@click.argument("playbook")
@click.option("--severity", type=click.IntRange(1, 5), required=True, help="1 (worth a look) to 5 (the whole company).")
@click.option("--platform", help="Where; without it the brand as a whole.")
@click.option("--what", required=True, help="What happened; it stands at the top of every page that goes out.")
@said.by
@click.pass_context
def open_command(
    ctx: click.Context, brand: str, playbook: str, severity: int, platform: str | None, what: str, person: str | None
) -> None:
    """Open an incident of BRAND by hand with PLAYBOOK, or join the one of its cause that is open.

    An open incident that goes by a milder playbook is moved to PLAYBOOK, under the reporter's name, and everything that
    this asks for is done at once. Pages go out as far as the brand is armed; whom is printed, and who is not.
    """
    from playbooks.content.catalog import library_of
    from playbooks.store.incidents.deeds import Told
    from playbooks.store.incidents.reporting import Report, report
    from playbooks.wall_clock import now_ms

    settings, engine = said.opened(ctx)
    if not what.strip():
        raise click.BadParameter("say what happened, in a sentence", param_hint="--what")
    by, words = signed(settings, person, what)
    said.not_too_long(words, "--what")
    about, library = Report(brand, playbook, severity, words, platform), library_of(settings)
    name = settings.people[by].name
    came = report(engine, about, by, name, library, settings, now_ms())
    if came.told is not Told.DONE:
        said.refuse(_why_not(came.told, about, settings, library, now_ms()))
    click.echo("\n".join(_told(came, about, name)))


@click.command("move", short_help="Let one go by another playbook, or another version.")
@click.argument("incident")
@click.argument("playbook", metavar="PLAYBOOK[@VERSION]")
@said.by
@said.reason
@click.pass_context
def move_command(ctx: click.Context, incident: str, playbook: str, person: str | None, reason: str | None) -> None:
    """Let INCIDENT go by PLAYBOOK from here on, in its newest version or the one that is named.

    What was planned stays planned. Everything that a graver playbook asks for is done at once: its pages, its tasks,
    and holds that are in force go by the stricter terms. Of any other, what was not planned yet.
    """
    from playbooks.content.catalog import day_of, library_of
    from playbooks.store.incidents.deeds import Told
    from playbooks.store.incidents.moving import move
    from playbooks.wall_clock import now_ms

    settings, engine = said.opened(ctx)
    by, why = signed(settings, person, reason)
    said.not_too_long(why, "--reason")
    library = library_of(settings)
    told, plan = move(engine, incident, by, why, playbook, library, settings.brands, now_ms())
    if told is Told.NO_SUCH_PLAYBOOK:
        may = library.movable_to(day_of(now_ms()))
        known = ", ".join(f"{one.playbook.id}@{one.playbook.version}" for one in may)
        said.refuse(f"there is no playbook {playbook!r} in use; in use are: {known}")
    if told is not Told.DONE or plan is None:
        said.refuse(said.NOT[told.value])
    click.echo(f"{incident} goes by {playbook} from here on.")
    click.echo("\n".join(_paged(plan.paged, plan.not_paged)))


def _why_not(told: Told, about: Report, settings: Settings, library: Library, now_ms: int) -> str:
    """Why nothing was reported, and what there is instead."""
    from playbooks.content.catalog import day_of

    match told.value:
        case "no_such_brand":
            known = ", ".join(sorted(settings.brands)) or "none"
            return f"there is no brand {about.brand!r} in the settings (there: {known})"
        case "no_such_playbook":
            known = ", ".join(one.playbook.id for one in library.reportable(day_of(now_ms))) or "none"
            return f"people cannot report {about.playbook!r} by hand; they can: {known}"
        case "no_such_platform":
            return f"no platform can be called {about.platform!r} (1 to 32 of a-z, 0-9, _ and -); nothing was reported"
        case other:
            return said.NOT[other]


def _told(came: Answer, about: Report, name: str) -> list[str]:
    """What a report did, and who hears of it."""
    from playbooks.store.incidents.reporting import Came

    paged = _paged(came.paged, came.why_not)
    match came.came:
        case Came.OPENED:
            return [f"{came.incident} is open, reported by {name}.", *paged]
        case Came.MOVED:
            moved = f"{came.incident} was open and went by {came.before}: it is moved to {came.playbook}, by {name}."
            return [moved, *paged]
        case Came.JOINED if came.playbook == about.playbook:
            return [f"{came.incident} was open already, by {came.playbook}: the report joined it.", *paged]
        case Came.JOINED:
            graver = f"{came.incident} was open already, by {came.playbook}, which is graver: the report joined it."
            return [graver, *paged]
        case _:
            assert_never(came.came)


def _paged(roles: Sequence[str], why_not: Sequence[ActionDecision]) -> list[str]:
    """Which roles are paged; in capitals that nobody is, for whoever reports it counts on it."""
    from playbooks.incidents.action_words import not_done

    lines = [f"Paged: {', '.join(roles)}."] if roles else []
    lines += [f"NOT PAGED{'' if roles else ', NOBODY IS'}: {not_done(why)}." for why in why_not]
    return lines or ["Nobody is paged anew for it."]
