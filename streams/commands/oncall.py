"""``firebreak oncall``: who is on call now and next, and whether anybody is for the days ahead."""

from __future__ import annotations

import asyncio
import sys

import click
from rich.console import Console
from rich.text import Text

from streams.settings import Settings, SettingsError, read_settings

_FOUND_WRONG = 1
#: A year: calendars are read that far, and the day and month of a turn say which.
MOST_DAYS = 366
_AHEAD = f"How many days to look ahead, at most {MOST_DAYS}."


@click.command("oncall", short_help="Show who is on call now and next, and gaps ahead.")
@click.option("--role", "roles", multiple=True, help="Only this role; may be given several times.")
@click.option("--days", type=click.FloatRange(0.01, MOST_DAYS), default=14.0, show_default=True, help=_AHEAD)
@click.option("--zone", help="Show times in this zone (an IANA name) and not in the rota's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def oncall_command(ctx: click.Context, roles: tuple[str, ...], days: float, zone: str | None, as_json: bool) -> None:
    """Show who is on call now and next, and for the next 14 days.

    Reads rota files and asks for calendars, as the runner does; of a calendar that does not answer the last copy in the
    store counts. Gaps are red. Exit code 1: somewhere ahead nobody is on call, or a rota is in trouble.

    \b
    firebreak --config DIR oncall
    firebreak --config DIR oncall --role on-call --days 3 --json
    """
    sys.exit(asyncio.run(_show(read_settings(ctx.obj), roles, days, zone, as_json)))


async def _show(settings: Settings, roles: tuple[str, ...], days: float, zone: str | None, as_json: bool) -> int:
    from playbooks.oncall import drawn, outlook
    from playbooks.oncall.keeper import RotaKeeper
    from playbooks.oncall.zone import NoSuchZone, zone_named
    from playbooks.wall_clock import now_ms
    from streams.rota_shelf import shelf_of

    try:
        shown_in = zone_named(zone) if zone else None
    except NoSuchZone as wrong:
        raise click.BadParameter(str(wrong), param_hint="--zone") from None
    wanted = _wanted(settings, roles)
    keeper = RotaKeeper(settings, now_ms, shelf_of(settings), ahead_days=days)
    await keeper.open()
    await keeper.look()
    rotas = keeper.rotas()
    found = [outlook.outlook(role, settings, rotas, now_ms(), days, shown_in) for role in wanted]
    if as_json:
        click.echo(outlook.as_json(found, rotas, settings).decode())
    else:
        console = Console(highlight=False)
        names = {key: person.name for key, person in settings.people.items()}
        for each in found:
            console.print(drawn.drawn(each, names))
        for trouble in rotas.troubles:
            console.print(Text(str(trouble), drawn.GAP))
    return _FOUND_WRONG if rotas.troubles or any(each.gaps for each in found) else 0


def _wanted(settings: Settings, roles: tuple[str, ...]) -> list[str]:
    if not settings.roles:
        raise SettingsError("there are no roles in the settings; say who is on call under roles (docs/oncall.md)")
    for role in roles:
        if role not in settings.roles:
            known = ", ".join(sorted(settings.roles))
            raise click.BadParameter(f"there is no role {role!r} in the settings (known: {known})", param_hint="--role")
    return list(dict.fromkeys(roles)) or sorted(settings.roles)
