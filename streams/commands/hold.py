"""``firebreak hold``: what is held, holds by hand, and what becomes of what was held."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import msgspec

from streams.commands.hold_words import looked_at_more, post_line, strange_platform, told_in_words, too_few
from streams.commands.signed import signed
from streams.rights_now import rights_now
from streams.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from playbooks.holds.by_hand import ByHand
    from playbooks.labels import PostWord

_FOUND_WRONG: Final = 1

_by = click.option("--by", "person", help="Who says so: a key under people in the settings.")
_why = click.option("--reason", help="Why; it stands in the record and is told.")


@click.group("hold", short_help="Show, place and release holds; say what becomes of held posts.")
def hold_command() -> None:
    """Holds on posting, and the posts that they held.

    A hold is in force from the moment it is placed until enough people let go; time does not open it. After that each
    post that was held needs a person's word: pass, edit, reschedule or drop.

    \b
    firebreak --config DIR hold place --brand acme --by ada --reason "The recall is announced at noon"
    firebreak --config DIR hold list --posts
    firebreak --config DIR hold release HOLD --looked 3 --by bo --reason "Announced; I looked at the three posts"
    firebreak --config DIR hold pass POST --by bo --reason "Fits"
    """


@hold_command.command()
@click.option("--brand", help="The brand whose posts are held.")
@click.option("--every-brand", is_flag=True, help="Hold the posts of every brand.")
@click.option("--platform", help="Only on this platform.")
@click.option("--account", "accounts", multiple=True, help="Only posts of this account; may be repeated.")
@click.option("--campaign", "campaigns", multiple=True, help="Only posts of this campaign; may be repeated.")
@click.option("--tag", "tags", multiple=True, help="Only posts with this tag; may be repeated.")
@click.option("--releasers", type=click.IntRange(1, 5), help="How many must agree to let go [default: gate.releasers].")
@click.option("--released-by", "roles", multiple=True, help="A role that may [default: gate.released_by].")
@click.option("--protects", default="", help="A person whom it protects, who may not release it.")
@_by
@_why
@click.pass_context
def place(
    ctx: click.Context,
    brand: str | None,
    every_brand: bool,
    platform: str | None,
    accounts: tuple[str, ...],
    campaigns: tuple[str, ...],
    tags: tuple[str, ...],
    releasers: int | None,
    roles: tuple[str, ...],
    protects: str,
    person: str | None,
    reason: str | None,
) -> None:
    """Hold posts, from now on. What a caller of the gate leaves out counts as held."""
    from playbooks.content.hold_scope import EVERY_BRAND, Narrowing
    from playbooks.holds.by_hand import ByHand
    from playbooks.store.holds.by_hand import place_by_hand
    from playbooks.store.holds.deeds import HoldTold
    from playbooks.wall_clock import now_ms

    if (brand is None) is not every_brand:
        raise click.UsageError("say what is held: either --brand BRAND or --every-brand")
    settings = read_settings(ctx.obj)
    by = signed(settings, person, reason)
    about = ByHand(
        brand or EVERY_BRAND,
        roles or settings.gate.released_by,
        platform,
        Narrowing(accounts, campaigns, tags),
        releasers or settings.gate.releasers,
        protects,
        settings.gate.ask_again_min,
    )
    engine = _opened(settings)
    told, hold = place_by_hand(engine, about, *by, settings, now_ms())
    if told is not HoldTold.DONE:
        _end_with(told_in_words(told))
    click.echo(f"Held, from now on: {hold}")
    _mind(engine, about, settings)


@hold_command.command("list")
@click.option("--posts", is_flag=True, help="Also the posts that were held and have not gone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def listed(ctx: click.Context, posts: bool, as_json: bool) -> None:
    """Show the holds in force, how many posts each held, and with --posts which."""
    from playbooks.gate.decision import what_it_holds, who_opens_it
    from playbooks.store.engine import reading
    from playbooks.store.gate.held_posts import how_many, waiting
    from playbooks.store.holds.holds import holds_in_force

    engine = _opened(read_settings(ctx.obj))
    holds = holds_in_force(engine)
    with reading(engine) as conn:
        held = {hold.id: how_many(conn, hold.id) for hold in holds}
    kept = _with_texts(engine, waiting(engine)) if posts else []
    if as_json:
        told = {"holds": [_plain(hold) | {"posts": held[hold.id]} for hold in holds], "posts": kept}
        click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
        return
    for hold in holds:
        click.echo(f"{hold.id}: {what_it_holds(hold)}; {held[hold.id]} posts held so far. {who_opens_it(hold)}")
    if not holds:
        click.echo("Nothing is held.")
    for post in kept:
        click.echo(post_line(post))


@hold_command.command()
@click.argument("hold")
@click.option("--looked", type=click.IntRange(min=0), default=0, help="How many of its posts you have looked at.")
@_by
@_why
@click.pass_context
def release(ctx: click.Context, hold: str, looked: int, person: str | None, reason: str | None) -> None:
    """Agree that a hold may go, after a look at what it held ('firebreak hold list --posts')."""
    from playbooks.holds.hold import Release
    from playbooks.holds.rights import MayRelease, may_release, roles_of
    from playbooks.store.gate.held_posts import counts
    from playbooks.store.holds.holds import agree_release, read_hold
    from playbooks.store.incidents.incidents import incident_view
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    by = signed(settings, person, reason)
    engine = _opened(settings)
    found = read_hold(engine, hold)
    if found is None:
        _end_with(told_in_words(Release.NO_SUCH_HOLD))
    view = incident_view(engine, found.incident)
    roles = [role for known in view.holds if known.id == hold for role in known.released_by] if view else []
    rights = rights_now(settings)
    may = may_release(found, by[0], roles, rights)
    if may is not MayRelease.YES:
        _end_with(told_in_words(may))
    if looked > (held := counts(engine, [hold]).get(hold, 0)):
        _end_with(looked_at_more(looked, held))
    came = agree_release(engine, hold, *by, now_ms(), looked, roles_of(by[0], rights))
    if came not in (Release.RELEASED, Release.NEEDS_ANOTHER_PERSON, Release.NEEDS_THE_ROLE):
        _end_with(told_in_words(came))
    click.echo(told_in_words(came))


@hold_command.command("break-glass")
@click.option("--brand", required=True, help="The post's brand.")
@click.option("--platform", required=True, help="The post's platform.")
@click.option("--post", required=True, help="What its scheduler calls it.")
@click.option("--text", default="", help="Its text, for a post that nobody asked about [default: what was held].")
@click.option("--account", default="", help="Its account, for a post that nobody asked about.")
@click.option("--link", "links", multiple=True, help="A link of it, for a post that nobody asked about.")
@_by
@_why
@click.pass_context
def break_glass(ctx: click.Context, /, person: str | None, reason: str | None, **post: Any) -> None:
    """Let one post go, once and soon, although it is held. Ops and the hold's roles are paged.

    A post that was held goes with the text that was held, and no other. One that nobody has asked the gate about goes
    only with exactly this --text, for this --account and with these --link; the log and the page say so.
    """
    from detectors.mention import rfc3339
    from playbooks.store.holds import deeds as hold_deeds
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    by = signed(settings, person, reason)
    this = hold_deeds.ThisPost(**post)
    engine = _opened(settings)
    told, until_ms = hold_deeds.break_glass(engine, this, *by, settings, rights_now(settings), now_ms())
    if told is not hold_deeds.HoldTold.DONE:
        _end_with(told_in_words(told))
    click.echo(f"This one post may go once, until {rfc3339(until_ms)}. Ops and who may release are paged.")


def _word(name: str, teaches: str, *options: Any) -> None:
    @click.argument("post")
    @_by
    @_why
    @click.pass_context
    def command(
        ctx: click.Context,
        post: str,
        person: str | None,
        reason: str | None,
        text: str = "",
        at: datetime | None = None,
    ) -> None:
        from playbooks.labels import PostWord

        _say(ctx, PostWord(name), post, signed(read_settings(ctx.obj), person, reason), text, at)

    for option in options:
        command = option(command)
    hold_command.command(name, help=teaches)(command)


def _say(ctx: click.Context, word: PostWord, post: str, by: tuple[str, str], text: str, at: datetime | None) -> None:
    from detectors.mention import to_ms
    from playbooks.store.holds.deeds import HoldTold, PostSaid, say_of_post
    from playbooks.wall_clock import now_ms

    settings = read_settings(ctx.obj)
    if at is not None and at.tzinfo is None:
        raise click.BadParameter("say the offset too, such as 2026-11-24T09:00:00+01:00", param_hint="--at")
    said = PostSaid(word, text, to_ms(at) if at is not None else None)
    told = say_of_post(_opened(settings), post, said, *by, settings, rights_now(settings), now_ms())
    if told is not HoldTold.DONE:
        _end_with(told_in_words(told))
    click.echo(told_in_words(told))


class _Moment(click.ParamType):
    """A moment, RFC 3339."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment; fails where it is none."""
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment, such as 2026-11-24T09:00:00+01:00", param, ctx)


_word("pass", "Let a held post go as it is, one after another.")
_word("drop", "Say that a held post shall never go.")
_word(
    "edit",
    "Let a held post go with another text, and only with that.",
    click.option("--text", required=True, help="The text that may go."),
)
_word(
    "reschedule",
    "Let a held post go from a later time on.",
    click.option("--at", type=_Moment(), required=True, help="From when on, RFC 3339 with an offset."),
)


def _mind(engine: Engine, about: ByHand, settings: Settings) -> None:
    """Say what may be wrong with a hold that stands."""
    from playbooks.holds.rights import releasers
    from playbooks.store.holds.platforms import is_strange, known_platforms

    known = known_platforms(engine, settings)
    if known and is_strange(about, known):
        click.echo(strange_platform(about, known), err=True)
    if about.releasers > 1:
        may = [one for one in releasers(about.released_by, rights_now(settings)) if one != about.protects]
        if len(may) < about.releasers:
            click.echo(too_few(about.releasers, may), err=True)


def _opened(settings: Settings) -> Engine:
    from playbooks.console.links import open_migrated

    engine: Engine = open_migrated(settings)
    return engine


def _with_texts(engine: Engine, posts: Sequence[Any]) -> list[dict[str, Any]]:
    from playbooks.store.engine import reading
    from playbooks.store.gate.texts import texts_in

    with reading(engine) as conn:
        texts = texts_in(conn, [post.text_ref for post in posts])
    return [_plain(post) | {"text": texts.get(post.text_ref)} for post in posts]


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


def _end_with(words: str) -> NoReturn:
    click.echo(f"firebreak: {words}", err=True)
    sys.exit(_FOUND_WRONG)
