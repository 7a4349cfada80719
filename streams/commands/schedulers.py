"""``firebreak schedulers``: how far the accounts in schedulers are held, and what becomes of what was held back."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from streams.commands.signed import signed
from streams.rights_now import rights_now
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.schedulers.kept import Wish

_FOUND_WRONG: Final = 1
_WORDS: Final = {
    "done": "noted; the runner does it once no hold covers the account, and keeps the spacing (gate.spacing_min)",
    "no_such_post": "no such post was found in that scheduler; 'schedulers list --posts' shows those that were",
    "not_held_back": "the post is not held back now",
    "not_in_the_roles": "only who may release the hold may say what becomes of its posts",
    "is_protected": "the hold protects this person, who may not say what becomes of its posts",
}

_by = click.option("--by", "person", help="Who says so: a key under people in the settings.")
_why = click.option("--reason", help="Why; it stands in the record.")


@click.group("schedulers", short_help="Show how far schedulers are held; give back what was held there.")
def schedulers_command() -> None:
    """Accounts in schedulers (docs/schedulers.md): what their last read-back shows, and posts that wait for a word.

    \b
    firebreak --config DIR schedulers list --posts
    firebreak --config DIR schedulers give-back main 61f2 --at 2026-11-24T09:00:00+01:00 --by bo --reason "Fits again"
    firebreak --config DIR schedulers drop main 61f3 --by bo --reason "Out of place now"
    """


@schedulers_command.command("list")
@click.option("--posts", is_flag=True, help="Show the posts that go, went out, or wait for a word, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def listed(ctx: click.Context, posts: bool, as_json: bool) -> None:
    """Show each account. Exit code 1: one is held in part, has leaked, or cannot be read."""
    from playbooks.schedulers.decisions import AccountState
    from playbooks.schedulers.kept import Stage
    from playbooks.store.schedules.posts import accounts, kept_posts

    settings = read_settings(ctx.obj)
    engine = _opened(settings)
    known = accounts(engine)
    shown = (Stage.FOUND, Stage.REFUSED, Stage.LEAKED, Stage.STOPPED, Stage.DELETED)
    found: list[dict[str, Any]] = []
    for name in settings.schedulers:
        account = known.get(name)
        row = {"scheduler": name, "state": "never looked at"} if account is None else msgspec.to_builtins(account)
        if posts:
            kept = kept_posts(engine, name, shown).values()
            row["posts"] = [{k: v for k, v in msgspec.to_builtins(each).items() if k != "body"} for each in kept]
        found.append(row)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        _print(found)
    good = (AccountState.OPEN, AccountState.HELD)
    sys.exit(_FOUND_WRONG if any(each.state not in good or each.why is not None for each in known.values()) else 0)


@schedulers_command.command("give-back")
@click.argument("scheduler")
@click.argument("posts", nargs=-1, required=True)
@click.option(
    "--at", help="When it goes out, RFC 3339 with an offset [default: it becomes a draft, where there are any]."
)
@_by
@_why
@click.pass_context
def give_back(
    ctx: click.Context, scheduler: str, posts: tuple[str, ...], at: str | None, person: str | None, reason: str | None
) -> None:
    """Give posts back: at a time, never nearer to another than the spacing, or as drafts."""
    from playbooks.schedulers.kept import Wish

    at_ms = None if at is None else _moment_ms(at)
    _say(ctx, scheduler, posts, Wish.DRAFT if at_ms is None else Wish.SCHEDULE, at_ms, person, reason)


@schedulers_command.command()
@click.argument("scheduler")
@click.argument("posts", nargs=-1, required=True)
@_by
@_why
@click.pass_context
def drop(ctx: click.Context, scheduler: str, posts: tuple[str, ...], person: str | None, reason: str | None) -> None:
    """Say that posts shall never go out. A draft stays a draft; what was only put off is deleted."""
    from playbooks.schedulers.kept import Wish

    _say(ctx, scheduler, posts, Wish.DROP, None, person, reason)


def _say(
    ctx: click.Context,
    scheduler: str,
    posts: tuple[str, ...],
    wish: Wish,
    at_ms: int | None,
    person: str | None,
    reason: str | None,
) -> None:
    from playbooks.store.schedules.deeds import say_of_scheduled
    from playbooks.store.schedules.posts import Asked
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    who, why = signed(settings, person, reason)
    engine, roles = _opened(settings), rights_now(settings)
    came = {
        post: say_of_scheduled(engine, scheduler, post, wish, at_ms, who, why, settings, roles, now_ms())
        for post in posts
    }
    for post, asked in came.items():
        click.echo(f"{post}: {_WORDS[asked.value]}", err=asked is not Asked.DONE)
    sys.exit(0 if set(came.values()) == {Asked.DONE} else _FOUND_WRONG)


def _print(found: list[dict[str, Any]]) -> None:
    from detectors.mention import rfc3339
    from playbooks.effects.plain_text import one_line

    if not found:
        click.echo("No schedulers are named in the settings (docs/schedulers.md).")
    for row in found:
        if "checked_ms" not in row:
            click.echo(f"{row['scheduler']}: never looked at; is a runner there?")
            continue
        counted = f"{row['going']} still go, {row['stopped']} held back, {row['leaked']} went out"
        detail = f" ({row['detail']})" if row["detail"] else ""
        click.echo(f"{row['scheduler']}: {row['state']}{detail}; {counted}; read {rfc3339(row['checked_ms'])}")
        for post in row.get("posts", ()):
            click.echo(f"  {post['stage']} {rfc3339(post['due_ms'])} {post['post']}: {one_line(post['text'], 80)}")


def _moment_ms(written: str) -> int:
    from detectors.mention import to_ms

    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter("say a moment with its offset, such as 2026-11-24T09:00:00+01:00", param_hint="--at")
    return to_ms(moment)


def _opened(settings: Settings) -> Engine:
    from playbooks.console.links import open_migrated

    engine: Engine = open_migrated(settings)
    return engine
