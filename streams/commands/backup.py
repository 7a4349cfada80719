"""``firebreak backup FILE`` and ``firebreak restore FILE``: the whole store as one file, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from streams.settings import read_settings

if TYPE_CHECKING:
    from playbooks.store.backups.file import Summary

_FOUND_WRONG = 1
_FILE = click.Path(path_type=Path, dir_okay=False)
#: What has to be said for a restore that takes the place of what is there.
REPLACE = "--replace-everything"


@click.command("backup", short_help="Write the whole store to one file, while it is in use.")
@click.argument("file", type=_FILE)
@click.pass_context
def backup_command(ctx: click.Context, file: Path) -> None:
    """Write everything in the store to FILE: incidents, holds, what is due, the ledger, who did what.

    Nothing has to be stopped: the backup is the store at one moment. FILE must not be there yet, appears only when it
    is whole, and can be read by its owner alone; it holds what people said, names and posts. Kafka's topics are not
    in it (docs/backup.md).

    \b
    firebreak --config DIR backup firebreak-$(date +%F).backup
    """
    from playbooks.store.backups.backup import backup
    from playbooks.store.backups.file import BadBackup
    from playbooks.store.engine import open_store
    from playbooks.wall_clock import now_ms

    engine = open_store(read_settings(ctx.obj).store)
    try:
        summary = backup(engine, file, now_ms())
    except BadBackup as wrong:
        _refuse(str(wrong))
    finally:
        engine.dispose()
    click.echo(f"{file}: {_in_words(summary)}")


@click.command("restore", short_help="Put a backup back into an empty store.")
@click.argument("file", type=_FILE)
@click.option("--check", "check_only", is_flag=True, help="Only read FILE to its end: is it whole? Nothing is changed.")
@click.option(REPLACE, "replace", is_flag=True, help="Take the place of everything that is in the store.")
@click.pass_context
def restore_command(ctx: click.Context, file: Path, check_only: bool, replace: bool) -> None:
    """Put the backup FILE into the store that the settings name, SQLite or PostgreSQL, whichever it came from.

    The store must be empty, unless --replace-everything is said; then what is there is gone. Either all of the backup
    is there afterwards or the store is as it was. A hold that is in force and that the backup does not have in force
    stops it: release it first, so that posting begins by somebody's word.

    What was due when the backup was made is due again: the runner sends it when it starts. Erased posts that are in
    an older backup are back with it: erase them again.
    """
    from playbooks.store.backups.file import BadBackup, check
    from playbooks.store.backups.restore import NotEmpty, WouldOpen, restore
    from playbooks.store.engine import open_store

    try:
        if check_only:
            click.echo(f"{file} is whole: {_in_words(check(file))}")
            return
        engine = open_store(read_settings(ctx.obj).store)
        try:
            restored = restore(engine, file, replace=replace)
        finally:
            engine.dispose()
    except BadBackup as wrong:
        _refuse(str(wrong))
    except NotEmpty as wrong:
        _refuse(f"{wrong}; to lose that, say {REPLACE}")
    except WouldOpen as wrong:
        _refuse(f"{wrong}; release them first (docs/backup.md)")
    click.echo(f"{file} is in the store: {_in_words(restored.summary)}")
    if restored.due:
        what = "1 action is" if restored.due == 1 else f"{restored.due:,} actions are"
        click.echo(f"{what} due in it: the runner carries them out when it starts, also if they were sent since.")


def _in_words(summary: Summary) -> str:
    from detectors.mention import rfc3339

    rows = sum(summary.rows.values())
    incidents = summary.rows.get("incidents", 0)
    return (
        f"{rows:,} rows of {len(summary.rows)} tables, {incidents:,} {'incident' if incidents == 1 else 'incidents'}, "
        f"made {rfc3339(summary.made_ms)} from {summary.store}, schema {summary.schema}, sha256 {summary.sha256[:16]}"
    )


def _refuse(why: str) -> NoReturn:
    click.echo(f"firebreak: {why}", err=True)
    sys.exit(_FOUND_WRONG)
