"""``firebreak mute``: planned silence for a kind of signal or a playbook, shown, set and lifted."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click
import msgspec

from streams.commands.signed import signed
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.armings.mute import Mute, Wanted

_FOUND_WRONG: Final = 1
_UNITS_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Moment(click.ParamType):
    """A moment, RFC 3339 with an offset, or a time from now (``90m``, ``4h``, ``2d``): milliseconds since 1970 UTC."""

    name = "WHEN"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The moment that `value` says."""
        from playbooks.wall_clock import now_ms

        if isinstance(value, int):
            return value
        if span := re.fullmatch(r"([0-9]{1,5})([mhd])", value):
            return now_ms() + int(span[1]) * _UNITS_MS[span[2]]
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail(f"{value!r} is neither a time from now (90m, 4h, 2d) nor like 2026-12-24T18:00+01:00", param, ctx)
        return int(at.timestamp() * 1000)


@click.command("mute", short_help="Show, set or lift planned silence.")
@click.option("--kind", help="Mute this kind of signal, such as volume or silence.")
@click.option("--playbook", help="Mute what this playbook would do.")
@click.option("--brand", help="Only for this brand; without it for all.")
@click.option("--until", "ends_ms", type=Moment(), help="When it ends: 90m, 4h, 2d or 2026-12-24T18:00+01:00.")
@click.option("--from", "begins_ms", type=Moment(), help="When it begins, if not now.")
@click.option("--lift", metavar="ID", help="End this mute before its time.")
@click.option("--by", "person", help="Who says so: a key under people in the settings.")
@click.option("--reason", help="Why; it is shown wherever something is not done because of it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (of what there is).")
@click.pass_context
def mute_command(
    ctx: click.Context,
    kind: str | None,
    playbook: str | None,
    brand: str | None,
    ends_ms: int | None,
    begins_ms: int | None,
    lift: str | None,
    person: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Show the mutes there are, set one, or lift one.

    While a kind of signal or a playbook is muted, incidents open and are shown, and nobody is paged or told and nothing
    is held for them. A mute ends by itself, after 14 days at the latest; what is still open then is acted on. It takes
    back no page and lets go of no hold, and silence and dead letters are muted only by their name.

    \b
    firebreak --config DIR mute
    firebreak --config DIR mute --kind volume --brand acme --until 4h --by ada --reason "The final is on"
    firebreak --config DIR mute --lift mute-0123456789ab --by ada --reason "It was called off"
    """
    from playbooks.console.links import open_migrated

    settings = read_settings(ctx.obj)
    engine = open_migrated(settings)
    try:
        if lift is not None:
            sys.exit(_lift(engine, settings, lift, signed(settings, person, reason)))
        if kind is None and playbook is None:
            if ends_ms is not None or person is not None or reason is not None:
                raise click.UsageError("say what is muted: --kind, --playbook, or both")
            _show(engine, settings, brand, as_json=as_json)
            return
        if ends_ms is None:
            raise click.UsageError("say when it ends: --until 4h, or --until 2026-12-24T18:00+01:00")
        by, why = signed(settings, person, reason)
        wanted = _wanted(kind, playbook, brand, begins_ms or 0, ends_ms, why)
        sys.exit(_mute(engine, settings, wanted, by))
    finally:
        engine.dispose()


def _wanted(kind: str | None, playbook: str | None, brand: str | None, begins: int, ends: int, why: str) -> Wanted:
    from detectors.signal import SignalKind
    from playbooks.armings.mute import Wanted

    if kind is not None and kind not in list(SignalKind):
        raise click.BadParameter(f"{kind!r} is no kind of signal (known: {', '.join(SignalKind)})", param_hint="--kind")
    return Wanted(brand, SignalKind(kind) if kind else None, playbook, begins, ends, why)


def _mute(engine: Engine, settings: Settings, wanted: Wanted, person: str) -> int:
    from detectors.mention import rfc3339
    from playbooks.armings.mute import Muted
    from playbooks.armings.mute_words import SAID
    from playbooks.content.catalog import library_of
    from playbooks.store import mutes
    from playbooks.wall_clock import now_ms

    library = library_of(settings)
    told, id = mutes.mute(engine, wanted, person, library, settings, now_ms())
    if told is not Muted.DONE:
        known = {
            Muted.NO_SUCH_BRAND: settings.brands,
            Muted.NO_SUCH_PLAYBOOK: [one.playbook.id for one in library.newest()],
        }.get(told)
        there = f" There are: {', '.join(sorted(known)) or 'none'}." if known is not None else ""
        click.echo(f"firebreak: {SAID[told]}{there}", err=True)
        return _FOUND_WRONG
    click.echo(f"{id}: muted until {rfc3339(wanted.ends_ms)}. To end it earlier: firebreak mute --lift {id}")
    return 0


def _lift(engine: Engine, settings: Settings, id: str, by: tuple[str, str]) -> int:
    from playbooks.armings.mute import Muted
    from playbooks.armings.mute_words import SAID
    from playbooks.store import mutes
    from playbooks.wall_clock import now_ms

    told = mutes.lift(engine, id, *by, settings, now_ms())
    good = told is Muted.LIFTED
    click.echo(SAID[told] if good else f"firebreak: {SAID[told]}", err=not good)
    return 0 if good else _FOUND_WRONG


def _show(engine: Engine, settings: Settings, brand: str | None, *, as_json: bool) -> None:
    from playbooks.store import mutes
    from playbooks.wall_clock import now_ms

    at_ms = now_ms()
    found = [mute for mute in mutes.not_over(engine, at_ms) if brand is None or mute.brand in (None, brand)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif not found:
        click.echo("Nothing is muted.")
    else:
        names = {key: known.name for key, known in settings.people.items()}
        for mute in found:
            click.echo(_told(mute, names, at_ms))


def _told(mute: Mute, names: dict[str, str], at_ms: int) -> str:
    """A mute in two lines."""
    from playbooks.armings.mute_words import what
    from playbooks.effects.plain_text import one_line

    begins = "" if mute.in_force(at_ms) else f"from {_clock(mute.begins_ms)} "
    by, why = one_line(names.get(mute.person, mute.person), 40), one_line(mute.reason, 200)
    return f"{mute.id}  {what(mute)}\n  {begins}until {_clock(mute.ends_ms)} UTC, by {by}: {why}"


def _clock(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"
