"""The incident log in the database: appended to under the incident's row lock, read back as typed entries.

Numbers of an incident's rows have no gaps; the database refuses a second row of a number, and every UPDATE and DELETE.
Each row has a hash of itself and of the one before (`log_hash.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, tuple_

from playbooks.incidents.incident import IncidentView, project
from playbooks.incidents.log_entry import LogEntry, Logged, Opened, SignalJoined, SignalNoted
from playbooks.store.incidents.log_hash import NOTHING, hash_after
from playbooks.store.schema import incident_log, incidents

#: Entries that a long crisis makes by the thousand. A view is made without reading each of them.
_MANY = tuple(kind.__struct_config__.tag for kind in (SignalJoined, SignalNoted))
_JOINED = SignalJoined.__struct_config__.tag
_OPENED = Opened.__struct_config__.tag


def lock(conn: Connection, incident: str) -> bool:
    """Keep everybody else from appending to this incident until the transaction ends; False where there is none."""
    row = select(incidents.c.id).where(incidents.c.id == incident).with_for_update()
    return conn.execute(row).first() is not None


class Said(NamedTuple):
    """What `actor` (a person's key, `RESPOND` or `RUNNER`) appends to an incident's log."""

    incident: str
    entries: Sequence[LogEntry]
    actor: str
    at_ms: int


def append(
    conn: Connection, incident: str, entries: Sequence[LogEntry], *, actor: str, at_ms: int, recorded_ms: int
) -> None:
    """Append `entries` in order; the caller has the incident's `lock`. `actor` is a person's key or `RESPOND`."""
    append_all(conn, [Said(incident, entries, actor, at_ms)], recorded_ms)


def append_all(conn: Connection, said: Sequence[Said], recorded_ms: int) -> None:
    """Append to several logs, in order; the caller has each incident's `lock`."""
    last = _last(conn, {each.incident for each in said})
    rows = []
    for each in said:
        for entry in each.entries:
            n, before = last.get(each.incident, (0, NOTHING))
            rows.append(_row(each.incident, Logged(n + 1, each.at_ms, recorded_ms, each.actor, entry), before))
            last[each.incident] = n + 1, rows[-1]["hash"]
    if rows:
        conn.execute(insert(incident_log), rows)


def read_log(conn: Connection, incident: str) -> list[Logged]:
    """The whole log of an incident, in order."""
    return _logs(conn, incident_log.c.incident == incident).get(incident, [])


def views(conn: Connection, ids: Sequence[str]) -> dict[str, IncidentView]:
    """The incidents of these ids as people see them; one whose log does not begin with its opening is left out."""
    if not ids:
        return {}
    logs = _logs(conn, incident_log.c.incident.in_(ids), incident_log.c.entry.not_in(_MANY))
    joined = _joined(conn, ids)
    found = {}
    for incident, log in logs.items():
        if isinstance(log[0].entry, Opened):
            view = project(incident, log)
            times, last_ms = joined.get(incident, (0, view.opened_ms))
            found[incident] = replace(
                view, signals=view.signals + times, last_signal_ms=max(view.last_signal_ms, last_ms)
            )
    return found


def _last(conn: Connection, ids: Collection[str]) -> dict[str, tuple[int, str]]:
    """The number and the hash of each incident's last entry."""
    mine = (incident_log.c.incident, incident_log.c.n)
    newest = select(mine[0], func.max(mine[1])).where(mine[0].in_(ids)).group_by(mine[0])
    query = select(*mine, incident_log.c.hash).where(tuple_(*mine).in_(newest))
    return {incident: (n, hash) for incident, n, hash in conn.execute(query)}


def _joined(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many signals joined each incident, and the event time of the latest."""
    query = (
        select(incident_log.c.incident, func.count(), func.max(incident_log.c.at_ms))
        .where(incident_log.c.incident.in_(ids), incident_log.c.entry == _JOINED)
        .group_by(incident_log.c.incident)
    )
    return {incident: (times, last_ms) for incident, times, last_ms in conn.execute(query)}


def _logs(conn: Connection, *which: ColumnElement[bool]) -> dict[str, list[Logged]]:
    found: dict[str, list[Logged]] = {}
    query = select(incident_log).where(*which).order_by(incident_log.c.incident, incident_log.c.n)
    for row in conn.execute(query).mappings():
        found.setdefault(row["incident"], []).append(_logged(row))
    return found


def _logged(row: RowMapping) -> Logged:
    entry: LogEntry = msgspec.convert(row["body"], LogEntry)
    return Logged(row["n"], row["at_ms"], row["recorded_ms"], row["actor"], entry)


def _row(incident: str, logged: Logged, before: str) -> dict[str, Any]:
    return {
        "incident": incident,
        "n": logged.n,
        "at_ms": logged.at_ms,
        "recorded_ms": logged.recorded_ms,
        "actor": logged.actor,
        "entry": logged.entry.__struct_config__.tag,
        "body": msgspec.to_builtins(logged.entry),
        "hash": hash_after(before, incident, logged),
    }
