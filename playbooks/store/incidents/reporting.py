"""What a named person reports: an incident is opened, joined, or moved to the graver playbook that they name.

Whoever reports a graver playbook than that of the open incident means it: that is an act of a named person, so the
incident is moved to it, and what the playbook orders is done at once.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine

from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, Pinned, day_of
from playbooks.content.platform_name import platform_named
from playbooks.incidents import moving, plan
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import Reported
from playbooks.incidents.reported import reported, with_words
from playbooks.settings import PlaybookSettings
from playbooks.store import mutes
from playbooks.store.arming import arming_for
from playbooks.store.engine import writing
from playbooks.store.incidents.deeds import MAX_REASON_CHARS, Told
from playbooks.store.incidents.rows import lock_brand, open_incidents, write_reported

_PERSON = re.compile(r"[a-z0-9_-]{1,64}")


class Report(msgspec.Struct, frozen=True):
    """What somebody reports by hand. `platform` None is the brand as a whole, `severity` 1 to 5.

    `what` has at most `MAX_REASON_CHARS` characters; a longer one is refused, for nobody knows what its end said.
    """

    brand: str
    playbook: str
    severity: int
    what: str
    platform: str | None = None


class Came(StrEnum):
    """What a report did: it opened an incident, joined the open one, or moved that to the playbook it names."""

    OPENED = "opened"
    JOINED = "joined"
    MOVED = "moved"


class Answer(msgspec.Struct, frozen=True):
    """What came of a report.

    `incident` is empty where nothing was reported. `playbook` is what the incident goes by now, `before` what it went
    by. `paged` are the roles that are paged because of it; `why_not` says of pages that are not sent why, empty where
    all that are called for are.
    """

    told: Told
    incident: str = ""
    came: Came = Came.OPENED
    playbook: str = ""
    before: str = ""
    paged: tuple[str, ...] = ()
    why_not: tuple[ActionDecision, ...] = ()


def report(
    engine: Engine,
    about: Report,
    person: str,
    name: str,
    library: Library,
    settings: PlaybookSettings,
    now_ms: int,
) -> Answer:
    """Take in a report: open an incident, or join the one of its cause that is open.

    Where the playbook that is reported comes before the incident's own, the incident is moved to it. `name` is what
    `person` is called; it stands in what is sent. A brand that is only observed pages nobody, and the answer says so.
    """
    # A form sends two characters for the end of a line.
    what = about.what.replace("\r\n", "\n").strip()
    platform = None if about.platform is None else platform_named(about.platform)
    pinned = next((one for one in library.reportable(day_of(now_ms)) if one.playbook.id == about.playbook), None)
    if not _PERSON.fullmatch(person):
        return Answer(Told.NO_PERSON)
    if about.brand not in settings.brands:
        return Answer(Told.NO_SUCH_BRAND)
    if pinned is None:
        return Answer(Told.NO_SUCH_PLAYBOOK)
    if not what:
        return Answer(Told.NO_REASON)
    if len(what) > MAX_REASON_CHARS:
        return Answer(Told.TOO_LONG)
    if platform is None and about.platform is not None:
        return Answer(Told.NO_SUCH_PLATFORM)
    signal = reported(about.brand, platform, about.severity, person, now_ms)
    with writing(engine) as conn:
        lock_brand(conn, signal.run, signal.brand)
        taken = _Report(conn, library, signal, pinned, person, f"{name} reports: {what}", what, now_ms)
        return taken.take_in(arming_for(conn, settings.brands, signal))


class _Report(msgspec.Struct, frozen=True):
    """A report that can be taken in, under the brand's lock."""

    conn: Connection
    library: Library
    signal: Signal
    pinned: Pinned
    person: str
    words: str
    what: str
    now_ms: int

    def take_in(self, arming: Arming) -> Answer:
        conn, signal = self.conn, self.signal
        silent = mutes.in_force(conn, signal.run, self.now_ms)
        known = open_incidents(conn, signal.run, signal.brand).get(self.pinned.playbook.of_cause)
        if known is None or known.cause != self.pinned.playbook.of_cause:
            # What people merged goes by another cause, which cannot be compared: what is reported stands by itself.
            found = plan.open_incident(signal, self.pinned, arming, self.now_ms, silent)
            return self._written(Came.OPENED, found, self.pinned.playbook.id, "")
        own = self.library.pinned(known.playbook, known.version, known.hash)
        if moving.is_graver(own.playbook, self.pinned.playbook):
            found = moving.moved(known, own.playbook, self.pinned, self.what, arming, self.now_ms, silent, signal)
            return self._written(Came.MOVED, found, self.pinned.playbook.id, known.playbook)
        found = plan.join(known, signal, own, arming, self.now_ms, self.pinned, silent)
        return self._written(Came.JOINED, found, known.playbook, known.playbook)

    def _written(self, came: Came, found: plan.Plan, playbook: str, before: str) -> Answer:
        said = Reported(self.what, self.signal.severity)
        pinned = self.pinned if came is Came.MOVED else None
        write_reported(self.conn, with_words(found, self.words), self.signal, said, self.person, self.now_ms, pinned)
        return Answer(Told.DONE, found.incident, came, playbook, before, found.paged, found.not_paged)
