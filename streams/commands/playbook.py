"""``firebreak playbook``: write, check, compare, try and release playbooks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import msgspec

from detectors.pattern_words import in_words
from playbooks.content import releasing
from playbooks.content.catalog import (
    OWN_LIBRARY,
    Library,
    Pinned,
    beside_each_other,
    load_library,
    path_of,
    read_library,
    read_playbook,
)
from playbooks.content.changes import Changed, Weight, changes, least_version, weight_of
from playbooks.content.drafting import SAY_WHY, first_version, next_version
from playbooks.content.rules.texts import as_numbers
from playbooks.content.schema import PlaybookError, PlaybookId
from playbooks.content.staffing import unstaffed
from playbooks.content.trial import as_released, taken_by, trials
from playbooks.wall_clock import now_ms
from streams.decisions_file import signals_of
from streams.settings import read_settings

FOUND_WRONG: Final = 1
_BUMPS: Final = {"major": Weight.BY_ITSELF, "minor": Weight.ASKED, "patch": Weight.WORDS}
_HEADINGS: Final = {
    Weight.BY_ITSELF: "happens by itself",
    Weight.ASKED: "is asked of people",
    Weight.WORDS: "is only worded otherwise",
}


def _chosen(ctx: click.Context, _: click.Parameter, folder: Path | None) -> Path:
    """The folder that was named, else that of the settings, else our own."""
    if folder is not None:
        return folder
    named = read_settings(ctx.obj).library
    return Path(named) if named is not None else OWN_LIBRARY


def _in_library(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--library",
        "folder",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        callback=_chosen,
        help="Folder of <id>/<version>.yaml and lock.json. Without it the settings' one, or the one Firebreak brings.",
    )(command)


@click.group("playbook", short_help="Write, check, compare, try and release playbooks.")
def playbook_command() -> None:
    """Write, check, compare, try and release playbooks: what your team has agreed to do about a kind of signal.

    A playbook is a YAML file, <id>/<version>.yaml. It is a draft until it is released: then its hash stands in
    lock.json, new incidents are opened with it, and its file never changes again. An open incident keeps the version it
    was opened with. What stands in a file: docs/playbooks.md.

    \b
    firebreak playbook new my-storm --library house    begin one
    firebreak playbook check --library house           what is wrong, file by file and line by line
    firebreak playbook test my-storm --library house   which signals fire it, and which another takes
    firebreak playbook diff my-storm --library house   what a new version changes, for whom
    firebreak playbook release my-storm 1.0.0 --library house

    \b
    Exit codes: 0 all is well, 1 something is wrong with a playbook, 2 used wrongly.
    """


@playbook_command.command()
@click.argument("id")
@_in_library
@click.option("--bump", type=click.Choice(list(_BUMPS)), default="minor", show_default=True, help="For a next version.")
@click.option("--why", default=SAY_WHY, help="The changelog's line.")
@click.option("--owner", default="Head of communications", show_default=True, help="Who keeps a first version right.")
def new(id: str, folder: Path, bump: str, why: str, owner: str) -> None:
    """Begin a playbook, or the next version of one: writes a draft and says where.

    A first version is a whole form with comments that teach. A next version is a copy of the newest, without its
    approvals. What the number means: major, something else happens by itself (who is paged, when it fires, what is
    held); minor, people are asked for something else; patch, only words changed. A release checks it.
    """
    try:
        msgspec.convert(id, PlaybookId)
    except msgspec.ValidationError as wrong:
        _used_wrongly(f"{id!r} cannot be the name of a playbook: {in_words(str(wrong))}")
    library, _ = read_library(folder)
    known = library.versions(id)
    if known:
        newest = known[-1].playbook
        if not known[-1].released:
            there = path_of(folder, newest)
            _used_wrongly(f"{id} has a draft already: {there}; change that one, or release it, or take it away")
        version = least_version(newest.version, _BUMPS[bump])
        text = next_version(path_of(folder, newest).read_text(encoding="utf-8"), newest, version, why, _today())
    else:
        version, text = "1.0.0", first_version(id, owner, _today())
    path = folder / id / f"{version}.yaml"
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        _used_wrongly(f"{path} is there already; mend it, or take it away")
    click.echo(f"{path} is a draft. Change it, then: firebreak playbook check; firebreak playbook diff {id}")


@playbook_command.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_in_library
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], folder: Path) -> None:
    """Say everything that is wrong, with file and line: of FILES, or of the whole library.

    In a library also that no released file was edited, that playbooks of one cause agree, and what is a draft, overdue
    for review or deprecated. With --config also whether the settings have the roles that the playbooks speak of.
    """
    if files:
        faults = [fault for path in files for fault in read_playbook(_text(path), path)[1]]
        click.echo("\n".join(map(str, faults)) or f"{len(files)} files, nothing wrong")
    else:
        library, faults = read_library(folder)
        faults += [fault for fault in _as_it_would_be(folder, library) if str(fault) not in map(str, faults)]
        for fault in faults:
            click.echo(str(fault))
        click.echo(f"{folder}:")
        lacking = unstaffed(library, read_settings(ctx.obj)) if ctx.obj else []
        for line in (*_standing(library, _today()), *lacking):
            click.echo(line)
        faults += [PlaybookError(folder, 1, line) for line in lacking]
    sys.exit(FOUND_WRONG if faults else 0)


@playbook_command.command()
@click.argument("id")
@click.argument("old", required=False)
@click.argument("new", required=False)
@_in_library
def diff(id: str, old: str | None, new: str | None, folder: Path) -> None:
    """Say in words what version NEW changes since OLD, and for whom.

    Without them: the newest version, draft or not, since the release before it.
    """
    library = load_library(folder)
    now = _version(library, id, new) if new else _newest(library, id)
    before = _version(library, id, old) if old else releasing.before_it(library, now.playbook)
    if before is None:
        _used_wrongly(f"{id} {now.playbook.version} is the first version: nothing was released before it")
    _tell(before, now, changes(before.playbook, now.playbook))


@playbook_command.command()
@click.argument("id")
@click.argument("version")
@_in_library
@click.option("--yes", is_flag=True, help="Do not ask.")
def release(id: str, version: str, folder: Path, yes: bool) -> None:
    """Release a draft: from then on its file never changes, and new incidents are opened with it.

    It needs two different people under approvals, your own words wherever the form has its own, a review that is not
    overdue, and a version number that says how much changed. Open incidents keep the version they were opened with;
    running workers take it up when they start.
    """
    library = load_library(folder)
    draft = _version(library, id, version)
    in_the_way = releasing.obstacles(folder, library, draft, _today())
    if in_the_way:
        for obstacle in in_the_way:
            click.echo(obstacle, err=True)
        sys.exit(FOUND_WRONG)
    before = releasing.before_it(library, draft.playbook)
    if before is not None:
        _tell(before, draft, changes(before.playbook, draft.playbook))
    if not yes:
        click.confirm(f"Release {id} {version}? Its file never changes afterwards", abort=True)
    releasing.release(folder, draft)
    people = ", ".join(f"{one.name} ({one.role})" for one in draft.playbook.approvals)
    click.echo(f"{id} {version} is released, by the word of {people}. Workers take it up when they start again.")


@playbook_command.command("test")
@click.argument("ids", nargs=-1)
@_in_library
@click.option(
    "--signals",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A DECISIONS file of firebreak backtest: how many of its signals each playbook would have taken.",
)
def try_out(ids: tuple[str, ...], folder: Path, signals: Path | None) -> None:
    """Try the examples, each alone and against the whole library: which playbook takes which signal.

    Drafts count as if they were released. With --signals, last month's signals are tried too: what would have fired?
    """
    library = as_released(load_library(folder))
    chosen = [_newest(library, id) for id in ids] if ids else library.newest()
    wrong = 0
    for pinned in chosen:
        click.echo(f"{pinned.playbook.id} {pinned.playbook.version}")
        for trial in trials(library, pinned):
            wrong += trial.fault is not None
            by = "a person opens it by hand" if trial.by_hand else f"opens {', '.join(trial.opens) or 'nothing'}"
            mark = f"WRONG, {trial.fault}" if trial.fault else "fires" if trial.must_fire else "does not fire"
            click.echo(f"  {mark}: {trial.example.what} ({by})")
    if signals is not None:
        for name, count in sorted(taken_by(library, signals_of(signals)).items(), key=lambda one: (-one[1], one[0])):
            click.echo(f"{count} signals of {signals.name} open {name or 'nothing'}")
    sys.exit(FOUND_WRONG if wrong else 0)


def _tell(before: Pinned, now: Pinned, found: list[Changed]) -> None:
    """The changes, what weighs most first, then for whom."""
    click.echo(f"{now.playbook.id}: what {now.playbook.version} changes since {before.playbook.version}")
    if not found:
        click.echo("nothing that anybody would notice")
    for weight, same in groupby(found, key=lambda change: change.weight):
        click.echo(f"\nWhat {_HEADINGS[weight]}")
        by_whom: dict[str, list[str]] = {}
        for change in same:
            by_whom.setdefault(change.whom, []).append(change.words)
        for whom, lines in by_whom.items():
            click.echo(f"  for {whom}")
            for line in lines:
                click.echo(f"  - {line}")
    least = least_version(before.playbook.version, weight_of(found))
    click.echo(f"\nSuch a change asks for {least} or higher.")


def _standing(library: Library, today: date) -> Iterator[str]:
    everything = library.all()
    drafts = [one for one in everything if not one.released]
    yield f"{len(library.newest())} playbooks released, {len(everything)} versions, {len(drafts)} drafts"
    yield from (f"draft: {one.playbook.id} {one.playbook.version}" for one in drafts)
    for playbook in (one.playbook for one in library.newest()):
        if playbook.review_by <= today:
            yield f"overdue: {playbook.id} {playbook.version} was to be read again by {playbook.review_by}"
        if (gone := playbook.deprecated) is not None:
            yield f"deprecated: {playbook.id} opens nothing from {gone.on} on; use {gone.use}"


def _as_it_would_be(folder: Path, library: Library) -> list[PlaybookError]:
    """What would be wrong between playbooks if the drafts were released."""
    return beside_each_other(folder, as_released(library).newest())


def _newest(library: Library, id: str) -> Pinned:
    known = library.versions(id)
    if not known:
        names = ", ".join(sorted({one.playbook.id for one in library.all()}))
        _used_wrongly(f"there is no playbook {id!r}; there are {names}")
    return max(known, key=lambda one: as_numbers(one.playbook.version))


def _version(library: Library, id: str, version: str) -> Pinned:
    _newest(library, id)
    found = library.version(id, version)
    if found is None:
        versions = ", ".join(one.playbook.version for one in library.versions(id))
        _used_wrongly(f"there is no {id} {version}; there are {versions}")
    return found


def _used_wrongly(message: str) -> NoReturn:
    raise click.UsageError(message)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise PlaybookError(path, 1, f"cannot be read: {wrong}") from None


def _today() -> date:
    return datetime.fromtimestamp(now_ms() / 1000, UTC).date()
