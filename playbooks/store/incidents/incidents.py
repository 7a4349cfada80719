"""Incidents in the store: a signal taken in once and whole, a timer woken once, and incidents as people see them.

`take_signal` is one transaction: the signal's id, the brand's row lock, the log, the hold and the outbox. Either all of
it is there after a crash or none of it, and the same signal again changes nothing. A hold is in force from its commit.
What posts say stands apart from all that (`posts.py`). What people do is in `deeds.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Engine, select

from detectors.run import Drill, run_of
from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library
from playbooks.incidents.catching_up import caught_up
from playbooks.incidents.hold_lease import on_lease_end
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import Logged
from playbooks.incidents.timers import AskAgain, CatchUp, Deadline, Escalate, Members, Quiet, on_wake
from playbooks.labels import SignalDecision
from playbooks.settings import PlaybookSettings
from playbooks.store import mutes, timers
from playbooks.store.arming import arming_for
from playbooks.store.delivery import outbox
from playbooks.store.drill_over import is_over
from playbooks.store.engine import reading, writing
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged
from playbooks.store.incidents.rows import write_caught_up, write_woken
from playbooks.store.incidents.taking_in import take_all
from playbooks.store.schema import incidents

#: What `take_signal` did; the same word is the metric's label.
Taken = SignalDecision


def take_signal(
    engine: Engine, signal: Signal, library: Library, settings: PlaybookSettings, now_ms: int
) -> SignalDecision:
    """Take in a signal: decide and write down what follows, in one transaction; a repeat changes nothing.

    A brand that is not in the settings is only observed; a drill that is over opens nothing. Raises `StoreUnreachable`
    (try again, nothing was written) and `PlaybookError` (an open incident is pinned to a playbook file that is gone).
    """
    return take_signals(engine, [signal], library, settings, now_ms)[0]


def take_signals(
    engine: Engine, signals: Sequence[Signal], library: Library, settings: PlaybookSettings, now_ms: int
) -> list[SignalDecision]:
    """Take in signals one after the other, as `take_signal` does, in one transaction: all of them or none."""
    with writing(engine) as conn:
        return take_all(conn, signals, library, settings.brands, now_ms)


def incident_view(engine: Engine, incident: str) -> IncidentView | None:
    """An incident as people see it, or None where there is none."""
    with reading(engine) as conn:
        return incident_log.views(conn, [incident]).get(incident)


def as_it_stands(engine: Engine, view: IncidentView) -> IncidentView:
    """A merged incident as it stands through the one that it goes on as; any other as it is."""
    with reading(engine) as conn:
        return merged.seen_through(conn, view)


def incident_history(engine: Engine, incident: str) -> list[Logged]:
    """Every entry of an incident's log, in order: its timeline."""
    with reading(engine) as conn:
        return incident_log.read_log(conn, incident)


def list_incidents(engine: Engine, run: str | None = None, limit: int = 100) -> list[IncidentView]:
    """Incidents, the newest first; of one run ("" is life), or of all where `run` is None."""
    query = select(incidents.c.id).order_by(incidents.c.opened_ms.desc(), incidents.c.id.desc()).limit(limit)
    if run is not None:
        query = query.where(incidents.c.run == run)
    with reading(engine) as conn:
        ids = conn.execute(query).scalars().all()
        found = incident_log.views(conn, ids)
    return [found[incident] for incident in ids if incident in found]


def wake(
    engine: Engine,
    timer: str,
    library: Library,
    brands: Collection[str],
    members: Members,
    now_ms: int,
    agreed: Collection[str] = (),
) -> bool:
    """Wake a timer that is due, and write down what follows, in one transaction; False where it was woken before.

    `members` says who is in a role now, `brands` are those of the settings. A brand that is only observed by now pages
    nobody, and neither does a drill that is over; a drill waits only for people who `agreed` to drills. Raises
    `PlaybookError` where the incident's playbook is gone.
    """
    with writing(engine) as conn:
        incident = timers.incident_of(conn, timer)
        if incident is None or not incident_log.lock(conn, incident):
            return False
        due = timers.take(conn, timer, now_ms)
        if due is None:
            return False
        view = incident_log.views(conn, [due.incident])[due.incident]
        if is_over(conn, view.run, now_ms) and not isinstance(due.timer, Quiet):
            return True
        if isinstance(due.timer, Escalate | Deadline):
            view = merged.carried(conn, view)
        arming = arming_for(conn, brands, view.signal)
        if isinstance(due.timer, CatchUp):
            silent = mutes.in_force(conn, view.run, now_ms)
            write_caught_up(conn, view, caught_up(view, library, due.timer.why, arming, now_ms, silent), now_ms)
        elif isinstance(due.timer, AskAgain):
            write_woken(conn, view.id, on_lease_end(view, due.timer, now_ms), now_ms)
        elif isinstance(due.timer, Quiet) or arming is not Arming.OBSERVE:
            by = view.ordered_by(due.timer.action) if isinstance(due.timer, Deadline) else view.goes_by
            pinned = library.pinned(by.playbook, by.version, by.hash)
            asked = _asked(view.run, members, frozenset(agreed))
            woken = on_wake(view, due.timer, pinned.playbook, now_ms, asked)
            write_woken(conn, view.id, woken, now_ms)
            if woken.ending is not None:
                outbox.add(conn, merged.all_clear(conn, view, "", woken.ending.reason, now_ms))
    return True


def _asked(run: str, members: Members, agreed: frozenset[str]) -> Members:
    """Whom a page asks: in a drill only those who agreed, for nobody else has heard of it."""
    return (lambda role: members(role) & agreed) if isinstance(run_of(run), Drill) else members
