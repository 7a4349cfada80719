"""What the commands about incidents share: the store and the settings opened, and why something was not done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import msgspec

from streams.commands.signed import signed
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.store.incidents.deeds import Told

FOUND_WRONG: Final = 1
#: A deed that is done with an incident, a person, their words and the clock.
Deed = Callable[["Engine", str, str, str, int], "Told"]

#: Why something was not done, in words.
NOT: Final = {
    "already": "it is so already; nothing has changed",
    "is_over": "it is over already",
    "no_such_incident": "there is no such incident ('firebreak incident list --all' shows which there are)",
    "no_person": "that is nobody's key",
    "no_reason": "say why, in words",
    "is_another": "another incident of its cause is open by now; go on with that one",
    "no_such_playbook": "there is no such playbook",
    "no_such_brand": "there is no such brand in the settings",
    "too_long": "that is longer than 2,000 characters; say it in fewer",
    "no_playbook": "it stood for a hold that somebody placed by hand, so it has no playbook",
    "not_together": "only two incidents of the same brand can be merged, and of the same run",
    "is_itself": "an incident cannot be merged into itself: name the other one, that it goes on as",
}

by: Final = click.option("--by", "person", help="Who says so: a key under people in the settings.")
reason: Final = click.option("--reason", help="Why; it stands in the log.")
as_json: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def do(ctx: click.Context, deed: Deed, incident: str, person: str | None, reason: str | None, done: str) -> None:
    """Do a deed under a name and with a reason, and say that it is `done`, or why not."""
    from playbooks.wall_clock import now_ms

    settings, engine = opened(ctx)
    by, why = signed(settings, person, reason)
    not_too_long(why, "--reason")
    say(deed(engine, incident, by, why, now_ms()), done.format(incident=incident))


def not_too_long(words: str, option: str) -> None:
    """Raises `click.BadParameter` where the log would not keep all of a person's words."""
    from playbooks.store.incidents.deeds import MAX_REASON_CHARS

    if (long := len(words.strip())) > MAX_REASON_CHARS:
        told = f"has {long:,} characters, and at most {MAX_REASON_CHARS:,} are kept; say it in fewer"
        raise click.BadParameter(told, param_hint=option)


def say(told: Told, done: str) -> None:
    """Say that it is done, or end with why not."""
    if told.value != "done":
        refuse(NOT[told.value])
    click.echo(done)


def opened(ctx: click.Context) -> tuple[Settings, Engine]:
    """The settings, and the store with all its tables."""
    from playbooks.console.links import open_migrated

    settings = read_settings(ctx.obj)
    engine = open_migrated(settings)
    ctx.call_on_close(engine.dispose)
    return settings, engine


def names(settings: Settings) -> Callable[[str], str]:
    """What people are called."""
    return lambda key: settings.people[key].name if key in settings.people else key


def print_json(what: Any) -> None:
    """Print plain data."""
    click.echo(msgspec.json.format(msgspec.json.encode(what)).decode())


def refuse(why: str) -> NoReturn:
    """End with why it was not done."""
    click.echo(f"firebreak: {why}", err=True)
    sys.exit(FOUND_WRONG)
