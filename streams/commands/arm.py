"""``firebreak arm``: how far Firebreak may go for each brand, and the act that changes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, assert_never

import click
import msgspec

from streams.commands.signed import signed
from streams.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from rich.table import Table
    from sqlalchemy import Engine

    from playbooks.readiness.brand_standing import BrandStanding

_FOUND_WRONG: Final = 1
#: The columns of the table, and how many characters of each stay in one line however narrow the terminal is.
_COLUMNS: Final = {"brand": 5, "armed": 13, "since": 10, "by": 5, "first week": 11, "would have done": 10}
_LONGEST: Final = 400
#: A terminal that is narrower than this shows a list and no table.
_TABLE: Final = sum(_COLUMNS.values()) + 3 * len(_COLUMNS)
_ARMINGS: Final = ("observe", "page", "page-and-hold")


@click.command("arm", short_help="Show or change how far Firebreak may go for a brand.")
@click.argument("brand", required=False)
@click.argument("arming", required=False, type=click.Choice(_ARMINGS))
@click.option("--by", "person", help="Who says so: a key under people in the settings.")
@click.option("--reason", help="Why; it stands in the record and is told.")
@click.option("--early", is_flag=True, help="Arm a brand that has not observed for its first week.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (without ARMING).")
@click.pass_context
def arm_command(
    ctx: click.Context,
    brand: str | None,
    arming: str | None,
    person: str | None,
    reason: str | None,
    early: bool,
    as_json: bool,
) -> None:
    """Show how far Firebreak may go for each brand, or change it.

    A new brand is observed for a week: incidents are opened and show what would have been done. Changing it is an act
    of a named person, with a reason; ops, the posting team and who is on call hear of it. It counts from the next
    signal on, and what is open and was not acted on is acted on at once.

    \b
    firebreak --config DIR arm
    firebreak --config DIR arm acme page --by ada --reason "A week of pages that were right"
    firebreak --config DIR arm acme observe --by ada --reason "The relaunch, until Monday"
    """
    settings = read_settings(ctx.obj)
    if brand is not None and brand not in settings.brands:
        known = ", ".join(sorted(settings.brands)) or "none"
        raise click.BadParameter(f"there is no brand {brand!r} in the settings (known: {known})", param_hint="BRAND")
    engine = _opened(settings)
    try:
        if brand is None or arming is None:
            _show(engine, settings, brand, as_json=as_json)
        else:
            sys.exit(_arm(engine, settings, brand, arming, signed(settings, person, reason), early=early))
    finally:
        engine.dispose()


def _opened(settings: Settings) -> Engine:
    from playbooks.console.links import open_migrated
    from playbooks.store.arming import know
    from playbooks.wall_clock import now_ms

    if not settings.brands:
        raise SettingsError("there are no brands in the settings; say which there are under brands (docs/settings.md)")
    engine = open_migrated(settings)
    know(engine, settings.brands, now_ms())
    return engine


def _arm(engine: Engine, settings: Settings, brand: str, to: str, signed: tuple[str, str], *, early: bool) -> int:
    from playbooks.armings.arming import Armed, Arming
    from playbooks.incidents.arming_notice import in_words
    from playbooks.store.arming import arm
    from playbooks.wall_clock import now_ms

    wanted = Arming(to)
    told = arm(engine, brand, wanted, *signed, settings, now_ms(), early=early)
    said = f"{brand} is {in_words(wanted)}"
    match told:
        case Armed.DONE:
            click.echo(f"{said} from now on. Ops, the posting team and who is on call are told.")
        case Armed.ALREADY:
            click.echo(f"{said} already; nothing has changed.")
        case Armed.TOO_EARLY:
            click.echo(_too_early(engine, settings, brand), err=True)
            return _FOUND_WRONG
        case Armed.NO_REASON | Armed.NO_PERSON | Armed.NO_SUCH_BRAND:
            raise click.UsageError(f"it was not armed: {told.value}")
        case _:
            assert_never(told)
    return 0


def _too_early(engine: Engine, settings: Settings, brand: str) -> str:
    from playbooks.readiness.brand_standing import brand_standings
    from playbooks.wall_clock import now_ms

    (known,) = [one for one in brand_standings(engine, settings, now_ms()) if one.brand == brand]
    return (
        f"firebreak: {brand} is observed for its first week, with {_days(known.days_of_observing_left)} to go: look at "
        "what it would have done (firebreak arm, or the console), or say --early if you mean it all the same"
    )


def _show(engine: Engine, settings: Settings, only: str | None, *, as_json: bool) -> None:
    from rich.console import Console

    from playbooks.readiness.brand_standing import brand_standings
    from playbooks.wall_clock import now_ms

    found = [one for one in brand_standings(engine, settings, now_ms()) if only in (None, one.brand)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        console = Console(highlight=False)
        if not console.is_terminal:  # whoever reads it there wants a line a brand
            console.width = _LONGEST
        if console.width >= _TABLE:
            console.print(_table(found))
        else:
            click.echo("\n\n".join(map(_listed, found)))


def _listed(one: BrandStanding) -> str:
    return "\n".join(f"{head}: {cell}" for head, cell in zip(_COLUMNS, _cells(one), strict=True) if cell)


def _cells(one: BrandStanding) -> tuple[str, ...]:
    from playbooks.effects.plain_text import one_line

    return one.brand, one.arming.value, _since(one), one_line(one.by, 40), _week(one), _would(one)


def _table(found: list[BrandStanding]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for head, least in _COLUMNS.items():
        # What does not fit goes on in the next line: nothing is cut off.
        table.add_column(head, overflow="fold", min_width=least)
    for one in found:
        table.add_row(*map(Text, _cells(one)))
    return table


def _since(one: BrandStanding) -> str:
    from detectors.mention import rfc3339

    return rfc3339(one.since_ms)[:10] if one.since_ms is not None else ""


def _week(one: BrandStanding) -> str:
    return f"{_days(one.days_of_observing_left)} left" if one.observes_ms else "over"


def _would(one: BrandStanding) -> str:
    would = one.would
    if would is None:
        return ""
    counted = ((would.pages, "page"), (would.holds, "hold"), (would.notices, "notice"))
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counted)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
