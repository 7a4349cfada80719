"""The playbook library: every file read, held against the rules and the lock, whole or not at all.

A library is a folder of ``<id>/<version>.yaml`` and ``lock.json``, which holds the SHA-256 of each released file. A
file that is in the lock is released and never changes again; one that is not is a draft: it must be right, but
nothing fires it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from playbooks.rules import faults_of
from playbooks.schema import Playbook, PlaybookError
from playbooks.strict_yaml import YamlFault, line_of, parse

OWN_LIBRARY = Path(__file__).with_name("library")
LOCK_NAME = "lock.json"


class Pinned(msgspec.Struct, frozen=True):
    """One version of a playbook and the hash of its file: what an incident holds on to."""

    playbook: Playbook
    hash: str
    released: bool


class Library:
    """The playbooks there are.

    >>> library = load_library()
    >>> [pinned.playbook.id for pinned in library.newest()]
    ['complaint-storm', 'dead-letters', 'source-silence']
    """

    def __init__(self, versions: Iterable[Pinned]) -> None:
        self._versions = {(one.playbook.id, one.playbook.version): one for one in versions}

    def newest(self) -> list[Pinned]:
        """The latest released version of each playbook, by id: what a new incident is opened with."""
        latest: dict[str, Pinned] = {}
        for one in sorted(self._versions.values(), key=_age):
            if one.released:
                latest[one.playbook.id] = one
        return [latest[name] for name in sorted(latest)]

    def version(self, playbook: str, version: str) -> Pinned | None:
        """One version, released or draft, or None where there is none."""
        return self._versions.get((playbook, version))

    def pinned(self, playbook: str, version: str, hash: str) -> Pinned:
        """The very file an incident was opened with; raises `PlaybookError` where it is gone or another."""
        found = self.version(playbook, version)
        if found is None or found.hash != hash:
            what = "is not there" if found is None else f"has the hash {found.hash}"
            raise PlaybookError(
                Path(playbook) / f"{version}.yaml",
                1,
                f"an open incident was opened with the file of hash {hash}, but it {what}; put that file back",
            )
        return found

    def all(self) -> list[Pinned]:
        """Every version, by id and version."""
        return sorted(self._versions.values(), key=_age)


def load_library(folder: Path | None = None) -> Library:
    """The library in `folder`, or the one Firebreak brings; raises `PlaybookError` for the first file that is wrong."""
    folder = OWN_LIBRARY if folder is None else folder
    locked = _lock(folder / LOCK_NAME)
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob("*/*.yaml"))}
    for path in sorted(folder.rglob("*.y*ml")):
        if path not in files.values():
            raise PlaybookError(path, 1, "is not where a playbook stands; allowed is <id>/<version>.yaml")
    for name in locked:
        if name not in files:
            raise PlaybookError(folder / LOCK_NAME, 1, f"{name} is released but not there; put it back")
    return Library(_pinned(path, locked.get(name)) for name, path in files.items())


def parse_playbook(source: str, path: Path) -> Playbook:
    """The playbook in `source`; raises `PlaybookError` where it is not one. `path` is for the messages."""
    try:
        playbook = parse(source, path, Playbook)
    except YamlFault as fault:
        raise PlaybookError(fault.path, fault.line, fault.message) from None
    faults = [(line_of(source, fault.where), fault.message) for fault in faults_of(playbook)]
    if faults:
        line, message = min(faults)
        raise PlaybookError(path, line, message)
    return playbook


def hash_of(content: bytes) -> str:
    """The hash that the lock and an incident know a file by."""
    return hashlib.sha256(content).hexdigest()


def _pinned(path: Path, locked: str | None) -> Pinned:
    try:
        content = path.read_bytes()
        source = content.decode()
    except (OSError, UnicodeDecodeError) as wrong:
        raise PlaybookError(path, 1, f"cannot be read: {wrong}") from None
    found = hash_of(content)
    if locked not in (None, found):
        raise PlaybookError(
            path, 1, f"is released and was edited: hash {found}, in the lock {locked}; undo it, make a new version"
        )
    playbook = parse_playbook(source, path)
    for key, said, named in (("id", playbook.id, path.parent.name), ("version", playbook.version, path.stem)):
        if said != named:
            raise PlaybookError(path, line_of(source, f"$.{key}"), f"{key} is {said!r}, but the file is {named!r}")
    return Pinned(playbook, found, released=locked is not None)


def _lock(path: Path) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as wrong:
        raise PlaybookError(path, 1, f"cannot be read: {wrong.strerror}; a library has a lock, be it {{}}") from None
    except msgspec.DecodeError as wrong:
        raise PlaybookError(path, 1, f"is not a lock: {wrong}; allowed is {{file: hash, ...}}") from None


def _age(one: Pinned) -> tuple[str, tuple[int, ...]]:
    return one.playbook.id, tuple(int(part) for part in one.playbook.version.split("."))
