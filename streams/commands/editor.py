"""``firebreak editor``: posts that the policy stopped, and the words of editors and approvers about them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from streams.commands.signed import signed
from streams.rights_now import rights_now
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.policy.override import Told

_FOUND_WRONG: Final = 1
_MOST: Final = 200

_by = click.option("--by", "person", help="Who says so: a key under people in the settings.")
_why = click.option("--reason", help="Why; it stands in the gate's audit.")


@click.group("editor", short_help="Show posts that the policy stopped; let one go, approve a topic.")
def editor_command() -> None:
    """Posts that were held or rejected for what they say, whether or not there is a crisis.

    An editor of the brand lets one go, with a reason and for exactly that text; a topic that has to be approved is
    approved by its approvers. Neither opens a hold, and nobody does so for a post of their own.

    \b
    firebreak --config DIR editor list
    firebreak --config DIR editor let-go POST --by ada --reason "It quotes a song"
    firebreak --config DIR editor approve POST --topic health --by leo --reason "Study 12 says so"
    """


@editor_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def listed(ctx: click.Context, as_json: bool) -> None:
    """Show the posts that the policy stopped and nobody has let go, the last asked about first."""
    from playbooks.store.engine import reading
    from playbooks.store.gate.policy_posts import newest
    from playbooks.store.gate.texts import texts_in

    engine = _opened(read_settings(ctx.obj))
    found = newest(engine, _MOST)
    with reading(engine) as conn:
        texts = texts_in(conn, [stopped.text_ref for stopped, _ in found])
    if as_json:
        posts = [_plain(stopped) | {"text": texts.get(stopped.text_ref), "said": said} for stopped, said in found]
        click.echo(msgspec.json.format(msgspec.json.encode(posts)).decode())
        return
    for stopped, _ in found:
        where = f"{stopped.brand} on {stopped.platform}"
        click.echo(f"{stopped.id}: {where}, {stopped.verdict.value}: {_line(texts.get(stopped.text_ref))}")
        for finding in stopped.findings or ():
            click.echo(f"  {finding.reason.value}: {finding.text}")
    if not found:
        click.echo("Nothing waits for an editor.")


@editor_command.command("let-go")
@click.argument("post")
@_by
@_why
@click.pass_context
def let_go(ctx: click.Context, post: str, person: str | None, reason: str | None) -> None:
    """Let a post go with exactly this text, although the policy held it."""
    from playbooks.store.gate.editorial import let_go as say
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    by = signed(settings, person, reason)
    _end(say(_opened(settings), post, *by, settings, rights_now(settings), now_ms()))


@editor_command.command()
@click.argument("post")
@click.option("--topic", required=True, help="The topic that is approved, as the settings call it.")
@_by
@_why
@click.pass_context
def approve(ctx: click.Context, post: str, topic: str, person: str | None, reason: str | None) -> None:
    """Approve a topic in a post with exactly this text."""
    from playbooks.store.gate.editorial import approve as say
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    by = signed(settings, person, reason)
    _end(say(_opened(settings), post, topic, *by, settings, rights_now(settings), now_ms()))


def _end(told: Told) -> None:
    from playbooks.policy.override import TOLD, Told

    if told is not Told.DONE:
        click.echo(f"firebreak: {TOLD[told]}", err=True)
        sys.exit(_FOUND_WRONG)
    click.echo(TOLD[told])


def _opened(settings: Settings) -> Engine:
    from playbooks.console.links import open_migrated

    engine: Engine = open_migrated(settings)
    return engine


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


def _line(text: str | None) -> str:
    from playbooks.effects.plain_text import one_line

    return one_line(text, 120) if text is not None else "(erased)"
