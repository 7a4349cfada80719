"""The playbook library: every file read, held against the rules and the lock, whole or not at all.

A library is a folder of ``<id>/<version>.yaml`` and ``lock.json``, which holds the SHA-256 of each released file. A
file that is in the lock is released and never changes again; one that is not is a draft: it must be right, but
nothing fires it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from detectors.signal import Signal, SignalKind
from playbooks.content.lock_file import LOCK_NAME, hash_of, read_lock
from playbooks.content.rules import faults_of
from playbooks.content.rules.beside import faults_beside
from playbooks.content.rules.texts import as_numbers
from playbooks.content.schema import Playbook, PlaybookError
from playbooks.content.trigger import Match, match
from playbooks.settings import PlaybookSettings
from playbooks.strict_yaml import YamlFault, line_of, parse

OWN_LIBRARY = Path(__file__).parents[1] / "library"


class Pinned(msgspec.Struct, frozen=True):
    """One version of a playbook and the hash of its file: what an incident holds on to."""

    playbook: Playbook
    hash: str
    released: bool


class Library:
    """The playbooks there are.

    >>> library = load_library()
    >>> "complaint-storm" in [pinned.playbook.id for pinned in library.newest()]
    True
    """

    def __init__(self, versions: Iterable[Pinned]) -> None:
        self._versions = {(one.playbook.id, one.playbook.version): one for one in versions}

    def newest(self) -> list[Pinned]:
        """The latest released version of each playbook, by id."""
        latest: dict[str, Pinned] = {}
        for one in sorted(self._versions.values(), key=_age):
            if one.released:
                latest[one.playbook.id] = one
        return [latest[name] for name in sorted(latest)]

    def in_use(self, day: date) -> list[Pinned]:
        """What a new incident may be opened with on a day: the newest of each playbook that is not deprecated by then.

        `day` is a day of event time (UTC), so that a replay opens what life opened.
        """
        return [one for one in self.newest() if one.playbook.deprecated is None or day < one.playbook.deprecated.on]

    def movable_to(self, day: date) -> list[Pinned]:
        """What an open incident may be moved to: each released version of what is in use, the newest first."""
        names = {one.playbook.id for one in self.in_use(day)}
        found = [one for one in reversed(self.all()) if one.released and one.playbook.id in names]
        return [self.placed(one) for one in sorted(found, key=lambda one: one.playbook.id)]

    def firing(self, signal: Signal) -> list[Pinned]:
        """The playbooks that `signal` opens where nothing is open: of each cause that fires, the highest.

        What a named person reports fires none by itself: they say which.
        """
        if signal.kind is SignalKind.REPORTED:
            return []
        highest: dict[str, Pinned] = {}
        for one in self.in_use(day_of(signal.at_ms)):
            if match(one.playbook.trigger, signal) is Match.FIRES:
                other = highest.get(one.playbook.of_cause)
                if other is None or one.playbook.precedence > other.playbook.precedence:
                    highest[one.playbook.of_cause] = one
        return [highest[cause] for cause in sorted(highest)]

    def reportable(self, day: date) -> list[Pinned]:
        """The playbooks that a named person may open an incident with by hand."""
        return [one for one in self.in_use(day) if SignalKind.REPORTED in one.playbook.trigger.kinds]

    def version(self, playbook: str, version: str) -> Pinned | None:
        """One version, released or draft, or None where there is none."""
        return self._versions.get((playbook, version))

    def versions(self, playbook: str) -> list[Pinned]:
        """Every version of one playbook, the oldest first."""
        return [one for one in self.all() if one.playbook.id == playbook]

    def pinned(self, playbook: str, version: str, hash: str) -> Pinned:
        """The very file an incident goes by, `placed`; raises `PlaybookError` where it is gone or another."""
        found = self.version(playbook, version)
        if found is None or found.hash != hash:
            what = "is not there" if found is None else f"has the hash {found.hash}"
            raise PlaybookError(
                Path(playbook) / f"{version}.yaml",
                1,
                f"an open incident was opened with the file of hash {hash}, but it {what}; put that file back",
            )
        return self.placed(found)

    def placed(self, one: Pinned) -> Pinned:
        """A version that names no cause with the cause and the precedence of the newest of its id.

        So it stands among the playbooks where that one stands, though it was written before there was such a cause.
        """
        newest = next((each.playbook for each in self.newest() if each.playbook.id == one.playbook.id), None)
        if newest is None or one.playbook.cause is not None or newest.cause is None:
            return one
        placed = msgspec.structs.replace(one.playbook, cause=newest.cause, precedence=newest.precedence)
        return msgspec.structs.replace(one, playbook=placed)

    def all(self) -> list[Pinned]:
        """Every version, by id and version."""
        return sorted(self._versions.values(), key=_age)


def load_library(folder: Path | None = None) -> Library:
    """The library in `folder`, or the one Firebreak brings; raises `PlaybookError` for the first fault."""
    folder = OWN_LIBRARY if folder is None else folder
    library, faults = read_library(folder)
    if faults:
        raise faults[0]
    return library


def library_of(settings: PlaybookSettings) -> Library:
    """The library that the settings name, or the one Firebreak brings; raises `PlaybookError` for the first fault."""
    return load_library(Path(settings.library) if settings.library is not None else None)


def read_library(folder: Path) -> tuple[Library, list[PlaybookError]]:
    """What of a library can be read, and everything that is wrong with it; raises `PlaybookError` without a lock."""
    locked = read_lock(folder)
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob("*/*.yaml"))}
    faults = [
        PlaybookError(path, 1, "is not where a playbook stands; allowed is <id>/<version>.yaml")
        for path in sorted(folder.rglob("*.y*ml"))
        if path not in files.values()
    ]
    faults += [
        PlaybookError(folder / LOCK_NAME, 1, f"{name} is released but not there; put it back")
        for name in locked
        if name not in files
    ]
    found: list[Pinned] = []
    for name, path in files.items():
        pinned, wrong = _read(path, locked.get(name))
        found += [pinned] if pinned else []
        faults += wrong
    library = Library(found)
    return library, faults + beside_each_other(folder, library.newest())


def beside_each_other(folder: Path, versions: Iterable[Pinned]) -> list[PlaybookError]:
    """What is wrong with these versions together, one of each playbook."""
    found = []
    for playbook, fault in faults_beside([one.playbook for one in versions]):
        path = path_of(folder, playbook)
        found.append(PlaybookError(path, line_of(path.read_text(encoding="utf-8"), fault.where), fault.message))
    return found


def path_of(folder: Path, playbook: Playbook) -> Path:
    """Where a version stands in a library."""
    return folder / playbook.id / f"{playbook.version}.yaml"


def parse_playbook(source: str, path: Path) -> Playbook:
    """The playbook in `source`; raises `PlaybookError` where it is not one. `path` is for the messages."""
    playbook, faults = read_playbook(source, path)
    if playbook is None or faults:
        raise faults[0]
    return playbook


def read_playbook(source: str, path: Path) -> tuple[Playbook | None, list[PlaybookError]]:
    """The playbook in `source`, None where it is none, and everything that is wrong with it, from top to bottom."""
    try:
        playbook = parse(source, path, Playbook)
    except YamlFault as fault:
        return None, [PlaybookError(fault.path, fault.line, fault.message)]
    faults = sorted((line_of(source, fault.where), fault.message) for fault in faults_of(playbook))
    return playbook, [PlaybookError(path, line, message) for line, message in faults]


def _read(path: Path, locked: str | None) -> tuple[Pinned | None, list[PlaybookError]]:
    try:
        content = path.read_bytes()
        source = content.decode()
    except (OSError, UnicodeDecodeError) as wrong:
        return None, [PlaybookError(path, 1, f"cannot be read: {wrong}")]
    found = hash_of(content)
    faults = []
    if locked not in (None, found):
        said = f"is released and was edited: hash {found}, in the lock {locked}; undo it, make a new version"
        faults.append(PlaybookError(path, 1, said))
    playbook, wrong_in_it = read_playbook(source, path)
    faults += wrong_in_it
    if playbook is None:
        return None, faults
    faults += _misnamed(playbook, source, path)
    return Pinned(playbook, found, released=locked is not None), faults


def _misnamed(playbook: Playbook, source: str, path: Path) -> list[PlaybookError]:
    names = (("id", playbook.id, path.parent.name), ("version", playbook.version, path.stem))
    return [
        PlaybookError(path, line_of(source, f"$.{key}"), f"{key} is {said!r}, but the file is {named!r}")
        for key, said, named in names
        if said != named
    ]


def _age(one: Pinned) -> tuple[str, tuple[int, ...]]:
    return one.playbook.id, as_numbers(one.playbook.version)


def day_of(at_ms: int) -> date:
    """The day (UTC) of a moment, by which playbooks are in use or not.

    >>> day_of(0).isoformat()
    '1970-01-01'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()
