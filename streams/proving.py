"""Test messages from the command line: sent by every channel of a person, and confirmed by the code in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streams.settings import Settings, SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Engine

_FOUND_WRONG = 1


async def send_tests(settings: Settings, person: str) -> int:
    """Send a test message to each contact point of a person, or of all; the exit code."""
    from playbooks.readiness.ask_channels import opened
    from playbooks.readiness.contacts import points_of
    from playbooks.readiness.proof import for_tests, message_of, new_test, send_test, testable, way_of
    from playbooks.readiness.reachability import channels_for_people
    from playbooks.store.delivery.contact_tests import note_outcome, note_test
    from playbooks.wall_clock import now_ms

    people = _people(settings, person)
    way, (effects, missing) = way_of(settings), opened(for_tests(settings))
    every = [point for point in points_of(settings, channels_for_people(settings)) if point.person in people]
    points = testable(every, effects, people)
    for one in missing:
        click.echo(f"{one.channel.value}: no test goes out by it: {one.missing}", err=True)
    if not points:
        click.echo("nobody of them has a contact point on a channel that can be used (docs/channels.md)", err=True)
        return _FOUND_WRONG
    engine, failed = _store(settings), len(points) < len(every)
    try:
        for point in points:
            test = new_test(point, now_ms())
            note_test(engine, test)
            word, detail = await send_test(effects[point.channel], message_of(test, point, way, now_ms()))
            note_outcome(engine, test.id, word, detail)
            click.echo(f"{point.name} by {point.channel.value}: {word} ({detail})")
            failed = failed or word in ("failed", "retry")
    finally:
        engine.dispose()
    click.echo("\nThat a channel took it shows nothing yet. Whoever got one says its code: on the console, on the page")
    click.echo("Readiness, or to you, for: firebreak check --confirm CODE")
    return _FOUND_WRONG if failed else 0


def confirm_code(settings: Settings, code: str) -> int:
    """Take the code of a test message for the word of whoever got it; the exit code."""
    from playbooks.readiness.proof import said_with
    from playbooks.store.delivery.contact_tests import confirm, newest_tests
    from playbooks.wall_clock import now_ms

    engine = _store(settings)
    try:
        found = said_with(code, newest_tests(engine), now_ms())
        if len(found) != 1:
            wrong = "no test message of the last seven days waits for this code"
            several = "several test messages have this code; send them again"
            click.echo(several if found else wrong, err=True)
            return _FOUND_WRONG
        confirm(engine, found[0].id, now_ms())
        name = settings.people[found[0].person].name if found[0].person in settings.people else found[0].person
        click.echo(f"{name} by {found[0].channel.value}: confirmed, for {settings.readiness.verified_days:g} days")
        return 0
    finally:
        engine.dispose()


def _people(settings: Settings, person: str) -> list[str]:
    if not settings.people:
        raise SettingsError("there are no people in the settings; say who they are under people (docs/settings.md)")
    if person == "all":
        return list(settings.people)
    if person not in settings.people:
        known = ", ".join(sorted(settings.people))
        said = f"{person!r} is not under people in the settings (known: {known})"
        raise click.BadParameter(said, param_hint="--send-test")
    return [person]


def _store(settings: Settings) -> Engine:
    from playbooks.store.engine import migrate, open_store

    engine = open_store(settings.store)
    migrate(engine)
    return engine
