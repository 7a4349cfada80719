"""``firebreak erase``: posts erased for good from the store, by post, by author or by age."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from streams.commands.signed import signed
from streams.settings import read_settings

if TYPE_CHECKING:
    from playbooks.store.incidents.erasing import What

_FOUND_WRONG: Final = 1
_DAY_MS: Final = 86_400_000


@click.command("erase", short_help="Erase posts for good: by post, by author, by age.")
@click.option("--post", help="One post: PLATFORM:ID, as the incident's page shows it, or SCHEDULER:ID.")
@click.option("--author", help="Everything of one handle; case and a leading @ do not count.")
@click.option("--platform", help="With --author: only on this platform.")
@click.option("--older-than", "days", type=click.FloatRange(0), help="Everything written more than so many days ago.")
@click.option("--by", "person", help="Who says so: a key under people in the settings.")
@click.option("--reason", help="Why; it is shown where the post was. Do not name the author in it.")
@click.pass_context
def erase_command(
    ctx: click.Context,
    post: str | None,
    author: str | None,
    platform: str | None,
    days: float | None,
    person: str | None,
    reason: str | None,
) -> None:
    """Erase what posts say and who wrote them from the store. There is no way back.

    The incident's log goes on verifying: it has posts by a salted hash only, and the salt is erased too. A post
    that was erased is not kept again when it comes again. Your own posts that were found in schedulers go too
    (--post SCHEDULER:ID, --author for whom they name, --older-than), but none that still waits to be restored.
    Backups and Kafka's topics keep what they have for as long as they last (docs/privacy.md). Exit code 1: there
    was nothing to erase.

    \b
    firebreak --config DIR erase --author ada_l --by cy --reason "Asked by the author, ticket 12"
    firebreak --config DIR erase --post bluesky:at://did:plc:ab/app.bsky.feed.post/1 --by cy --reason "Asked for"
    firebreak --config DIR erase --older-than 90 --by cy --reason "Ninety days"
    """
    from playbooks.console.links import open_migrated
    from playbooks.store.incidents.erasing import erase, not_erased
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    now = now_ms()
    what = _what(post, author, platform, days, now)
    by, why = signed(settings, person, reason)
    engine = open_migrated(settings)
    try:
        gone = erase(engine, what, by, why, now)
        waiting = not_erased(engine, what) if days is None else []
    finally:
        engine.dispose()
    for scheduler, name in waiting:
        click.echo(
            f"firebreak: {scheduler}:{name} is kept: it is a post of yours that waits in a scheduler, and would be "
            f"lost. To have it gone, say 'firebreak schedulers drop {scheduler} {name}', and erase once that is done.",
            err=True,
        )
    if not gone:
        click.echo("firebreak: the store has no such post that may go; nothing was erased", err=True)
        sys.exit(_FOUND_WRONG)
    click.echo(f"{gone} {'post is' if gone == 1 else 'posts are'} erased. Older backups still have them.")


def _what(post: str | None, author: str | None, platform: str | None, days: float | None, now_ms: int) -> What:
    from playbooks.store.incidents.erasing import Author, Before, OnePost

    if sum(one is not None for one in (post, author, days)) != 1:
        raise click.UsageError("say one of --post, --author and --older-than")
    if platform is not None and author is None:
        raise click.UsageError("--platform goes with --author; a post is PLATFORM:ID")
    if author is not None:
        if not author.strip().removeprefix("@"):
            raise click.BadParameter("say a handle", param_hint="--author")
        return Author(author, platform)
    if days is not None:
        return Before(now_ms - int(days * _DAY_MS))
    where, colon, id = (post or "").partition(":")
    if not (where and colon and id):
        raise click.BadParameter(f"{post!r} is not PLATFORM:ID", param_hint="--post")
    return OnePost(where, id)
