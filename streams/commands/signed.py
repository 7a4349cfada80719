"""Acts on the command line are signed: by whom, and why."""

from __future__ import annotations

import click

from streams.settings import Settings


def signed(settings: Settings, person: str | None, reason: str | None) -> tuple[str, str]:
    """Who says so, and why; raises `click.UsageError` where one is missing, or is nobody of the settings."""
    if person is None or reason is None or not reason.strip():
        raise click.UsageError("say who does it and why: --by PERSON --reason WHY")
    if person not in settings.people:
        known = ", ".join(sorted(settings.people)) or "nobody"
        raise click.BadParameter(f"{person!r} is not under people in the settings (there: {known})", param_hint="--by")
    return person, reason
