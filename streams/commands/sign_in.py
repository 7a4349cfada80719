"""``firebreak sign-in PERSON``: a one-time link to the console for one of the people in the settings."""

from __future__ import annotations

import click

from streams.settings import read_settings


@click.command(name="sign-in", short_help="Make a link that signs a person in to the console.")
@click.argument("person")
@click.pass_context
def sign_in(ctx: click.Context, person: str) -> None:
    """Print a link that signs PERSON in to the console: it works once, for one hour.

    PERSON is a key under people in the settings. Give the link to nobody else: what is done with it is recorded under
    their name, and a hold that two people must release counts them by it.
    """
    from playbooks.console.links import UnknownPerson, link_for
    from playbooks.wall_clock import now_ms

    try:
        click.echo(link_for(read_settings(ctx.obj), person, now_ms()))
    except UnknownPerson as wrong:
        raise click.BadParameter(str(wrong)) from None
