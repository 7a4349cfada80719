"""Signals taken into a real store, once and whole, on SQLite and on PostgreSQL; and what people say of an incident."""

from __future__ import annotations

import os
import signal as signals_of_the_system
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, Table, select

from detectors.signal import Post, Signal
from playbooks.armings.arming import Arming
from playbooks.content.catalog import load_library
from playbooks.delivery.standing import OutboxState
from playbooks.holds.hold import Release
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, project
from playbooks.incidents.log_entry import Acknowledged, HoldReleased, ReleaseAgreed, Resolved, ResolvedBy
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.store import schema
from playbooks.store.delivery import outbox
from playbooks.store.engine import reading, writing
from playbooks.store.holds import holds
from playbooks.store.incidents.deeds import Told, acknowledge, resolve
from playbooks.store.incidents.incidents import (
    Taken,
    incident_history,
    incident_view,
    list_incidents,
    take_signal,
    take_signals,
)
from playbooks.store.incidents.posts import quoted, storable
from playbooks.store.incidents.verifying import verify
from tests.parts.signals import HOUR_MS, MINUTE_MS, MORNING_MS, a_signal, armed, plain_library

LIBRARY = load_library()
NOW_MS = MORNING_MS + 2_500


def take(store: Engine, signal: Signal, settings: PlaybookSettings | None = None, now_ms: int = NOW_MS) -> Taken:
    """Take a signal, the brand armed to page and hold."""
    return take_signal(store, signal, LIBRARY, settings or armed(store), now_ms)


def taken(store: Engine, signal: Signal | None = None, settings: PlaybookSettings | None = None) -> str:
    """Take a signal that opens an incident; the incident's id."""
    assert take(store, signal or a_signal(), settings) is Taken.OPENED
    return list_incidents(store)[0].id


def rows(store: Engine, table: Table) -> list[dict[str, object]]:
    """Everything in a table."""
    with reading(store) as conn:
        return [dict(row) for row in conn.execute(select(table).order_by(*table.primary_key)).mappings()]


def everything(store: Engine) -> dict[str, list[dict[str, object]]]:
    """Everything in the store."""
    return {table.name: rows(store, table) for table in schema.metadata.sorted_tables}


def test_a_signal_opens_an_incident_with_a_hold_and_actions_that_are_due(store: Engine) -> None:
    incident = taken(store)
    view = incident_view(store, incident)
    assert view
    assert (view.state, view.brand, view.severity, view.run) == (IncidentState.OPENED, "acme", 3, "")
    assert (view.opened_ms, view.recorded_ms) == (MORNING_MS, NOW_MS)
    due = outbox.claim_due(store, "test", NOW_MS, 1000, 100)
    assert {(action.action, action.target, action.due_ms) for action in due} == {
        (ActionKind.HOLD, "acme", NOW_MS),
        (ActionKind.PAGE, "on-call", NOW_MS),
        (ActionKind.NOTIFY, "posting-team", NOW_MS),
        (ActionKind.NOTIFY, "executives", NOW_MS),
        (ActionKind.ANNOTATE, "acme", NOW_MS),
    }
    (hold,) = holds.holds_for(store, "acme", "x", None)
    assert (hold.incident, hold.platform, hold.placed_ms, hold.recorded_ms) == (incident, None, MORNING_MS, NOW_MS)


def test_the_hold_of_the_log_is_the_hold_of_the_gate(store: Engine) -> None:
    view = incident_view(store, taken(store))
    assert view
    assert [hold.id for hold in view.holds] == [hold.id for hold in holds.holds_in_force(store)]


@pytest.mark.parametrize("times", [1, 3])
def test_a_repeat_changes_nothing(store: Engine, times: int) -> None:
    taken(store)
    before = everything(store)
    for n in range(times):
        assert take(store, a_signal(), now_ms=NOW_MS + n) is Taken.REPEAT
    assert everything(store) == before


def test_a_repeat_of_a_signal_that_fired_nothing_is_one_too(store: Engine) -> None:
    mild = a_signal(severity=1)
    assert [take(store, mild), take(store, mild)] == [Taken.NO_PLAYBOOK, Taken.REPEAT]
    assert len(rows(store, schema.signals)) == 1


@pytest.mark.parametrize("repeat", [a_signal(brand="unarmed"), a_signal(run="drill-1")])
@pytest.mark.parametrize("arming", list(Arming))
def test_a_repeat_of_another_brand_or_run_changes_nothing_about_the_one_taken_with_it(
    store: Engine, arming: Arming, repeat: Signal
) -> None:
    settings = armed(store, arming)
    assert take_signals(store, [a_signal(), repeat], LIBRARY, settings, NOW_MS) == [Taken.OPENED, Taken.REPEAT]
    (view,) = list_incidents(store)
    decided = {one.kind: one.decision for one in view.actions}
    pages, is_held = decided[ActionKind.PAGE] is ActionDecision.DUE, decided[ActionKind.HOLD] is ActionDecision.DUE
    assert (pages, is_held) == (arming is not Arming.OBSERVE, arming is Arming.PAGE_AND_HOLD)


def test_signals_of_a_crisis_make_one_incident_and_one_page_each_time_it_gets_worse(store: Engine) -> None:
    severities = [3, 3, 4, 3, 4, 5, 5]
    decisions = [
        take(store, a_signal(f"sig-{n}", severity=severity, at_ms=MORNING_MS + n * MINUTE_MS))
        for n, severity in enumerate(severities)
    ]
    assert [decision.value for decision in decisions] == [
        "opened", "joined", "raised", "joined", "joined", "raised", "joined",
    ]  # fmt: skip
    (view,) = list_incidents(store)
    assert (view.severity, view.signals, view.last_signal_ms) == (5, 7, MORNING_MS + 6 * MINUTE_MS)
    assert [row["id"] for row in rows(store, schema.outbox) if row["action"] == "page"] == [
        f"{view.id}:page-on-call:{n}" for n in (1, 2, 3)
    ]


def test_what_is_only_observed_is_logged_and_neither_due_nor_held(store: Engine) -> None:
    incident = taken(store, settings=armed(store, Arming.OBSERVE))
    view = incident_view(store, incident)
    assert view
    assert {action.decision for action in view.planned("page-on-call")} == {ActionDecision.BRAND_OBSERVES}
    assert {row["action"] for row in rows(store, schema.outbox)} == {"annotate"}
    assert rows(store, schema.holds) == []


def test_a_brand_that_is_not_in_the_settings_is_only_observed(store: Engine) -> None:
    taken(store, a_signal(brand="nobody"))
    assert rows(store, schema.holds) == []


def test_after_quiet_hours_a_new_incident_replaces_the_old_and_the_old_hold_stays(store: Engine) -> None:
    first = taken(store)
    assert take(store, a_signal("sig-2", at_ms=MORNING_MS + 7 * HOUR_MS)) is Taken.OPENED
    second, old = list_incidents(store)
    assert old.id == first
    assert (old.state, second.state) == (IncidentState.RESOLVED, IncidentState.OPENED)
    assert [row["open"] for row in rows(store, schema.incidents) if row["id"] == first] == [False]
    assert {hold.incident for hold in holds.holds_in_force(store)} == {first, second.id}


def test_runs_are_kept_apart(store: Engine) -> None:
    for n, run in enumerate(["", "drill-1", "replay-1"]):
        assert take(store, a_signal(f"sig-{n}", run=run)) is Taken.OPENED
    assert len(list_incidents(store)) == 3
    assert [view.run for view in list_incidents(store, run="drill-1")] == ["drill-1"]
    assert [view.run for view in list_incidents(store, run="")] == [""]
    assert [hold.run for hold in holds.holds_for(store, "acme", "x", None)] == [""]


def test_incidents_are_listed_newest_first_and_as_many_as_asked(store: Engine) -> None:
    known = armed(store, brand="x")
    for n in range(5):
        taken(store, a_signal(f"sig-{n}", brand=f"brand-{n}", at_ms=MORNING_MS + n * MINUTE_MS), known)
    assert [view.brand for view in list_incidents(store, limit=3)] == ["brand-4", "brand-3", "brand-2"]


def test_the_view_without_every_signal_is_the_projection_of_the_whole_log(store: Engine) -> None:
    incident = taken(store)
    for n in range(2, 8):
        take(store, a_signal(f"sig-{n}", severity=2 + n % 3, at_ms=MORNING_MS + n * MINUTE_MS))
    acknowledge(store, incident, "ada", NOW_MS + 9_000)
    assert incident_view(store, incident) == project(incident, incident_history(store, incident))


def test_the_log_is_numbered_without_gaps(store: Engine) -> None:
    incident = taken(store)
    take(store, a_signal("sig-2", severity=5))
    acknowledge(store, incident, "ada", NOW_MS)
    numbers = [logged.n for logged in incident_history(store, incident)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_two_threads_with_signals_of_one_brand_make_one_incident_and_one_page(store: Engine) -> None:
    together = threading.Barrier(8)

    def one(n: int) -> Taken:
        together.wait()
        return take(store, a_signal(f"sig-{n}"))

    with ThreadPoolExecutor(8) as threads:
        decisions = list(threads.map(one, range(8)))
    assert sorted(decisions) == sorted([Taken.OPENED, *[Taken.JOINED] * 7])
    (view,) = list_incidents(store)
    assert view.signals == 8
    assert [row["action"] for row in rows(store, schema.outbox)].count("page") == 1
    assert len(rows(store, schema.holds)) == 1


def test_two_threads_with_the_same_signal_take_it_once(store: Engine) -> None:
    together = threading.Barrier(6)

    def one(_: int) -> Taken:
        together.wait()
        return take(store, a_signal())

    with ThreadPoolExecutor(6) as threads:
        decisions = list(threads.map(one, range(6)))
    assert sorted(decisions) == sorted([Taken.OPENED, *[Taken.REPEAT] * 5])


def test_threads_with_signals_of_different_brands_do_not_disturb_each_other(store: Engine) -> None:
    with ThreadPoolExecutor(6) as threads:
        decisions = list(threads.map(lambda n: take(store, a_signal(f"sig-{n}", brand=f"brand-{n % 6}")), range(24)))
    assert decisions.count(Taken.OPENED) == 6
    assert decisions.count(Taken.JOINED) == 18


STATEMENTS = ["signals", "incidents", "incident_log", "holds", "outbox"]


@pytest.mark.parametrize("table", STATEMENTS)
def test_a_process_killed_between_two_statements_leaves_nothing_behind(
    store: Engine, store_settings: StoreSettings, tmp_path: Path, table: str
) -> None:
    """The child is killed with SIGKILL just after its first insert into `table`."""
    armed(store)
    before = everything(store)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    place = msgspec.json.encode(store_settings).decode()
    ended = subprocess.run([sys.executable, script, place, table], cwd=Path.cwd(), timeout=60, capture_output=True)
    assert ended.returncode == -signals_of_the_system.SIGKILL, ended.stderr.decode()
    assert everything(store) == before
    assert take(store, a_signal()) is Taken.OPENED
    assert len(holds.holds_in_force(store)) == 1


KILLED = f"""
import os, signal, sys
import msgspec
sys.path.insert(0, {os.getcwd()!r})
from sqlalchemy import event
from playbooks.content.catalog import load_library
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from playbooks.store.incidents.incidents import take_signal
from tests.parts.signals import a_signal, armed, MORNING_MS

engine = open_store(msgspec.json.decode(sys.argv[1], type=StoreSettings))

@event.listens_for(engine, "after_cursor_execute")
def stop(conn, cursor, statement, *rest):
    if statement.startswith("INSERT INTO " + sys.argv[2] + " "):
        os.kill(os.getpid(), signal.SIGKILL)

take_signal(engine, a_signal(), load_library(), armed(engine), MORNING_MS)
"""


def test_a_failure_in_the_middle_undoes_the_whole(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(store)

    def fail(*_: object) -> None:
        raise RuntimeError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "add", fail)
        with pytest.raises(RuntimeError):
            take(store, a_signal())
    assert everything(store) == before
    assert take(store, a_signal()) is Taken.OPENED


HOSTILE = [
    "'; DROP TABLE incidents; --",
    "<script>alert(1)</script>",
    "line\nbreak\r\nBcc: everyone@example.org",
    "\x1b[31mred\x07",
    "nul\x00 and \ud800 half a pair",
    "‮right to left‬ @channel ${jndi:ldap://x} {{7*7}} %s %(x)s",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_a_signal_comes_back_as_it_went_in(store: Engine, text: str) -> None:
    signal = a_signal()
    posts = (Post(id=text, platform="x", at_ms=MORNING_MS, text=text, handle=text),)
    evidence = msgspec.structs.replace(signal.evidence, posts=posts, source=text)
    view = incident_view(store, taken(store, msgspec.structs.replace(signal, evidence=evidence)))
    assert view
    assert view.signal.evidence.source == text
    (kept,) = quoted(store, [post.id for post in view.signal.evidence.posts]).values()
    assert {kept.post, kept.handle, kept.text} == {storable(text)}
    assert verify(store)[0].faults == ()
    due = outbox.claim_due(store, "test", NOW_MS, 1000, 100)
    assert all(action.body["signal"]["evidence"]["source"] == text for action in due)
    assert all(text not in action.body["text"] + action.body["subject"] for action in due)


def test_acknowledging_is_logged_once_and_by_name(store: Engine) -> None:
    incident = taken(store)
    assert acknowledge(store, incident, "ada", NOW_MS + 1000) is Told.DONE
    assert acknowledge(store, incident, "ada", NOW_MS + 2000) is Told.ALREADY
    assert acknowledge(store, incident, "bo", NOW_MS + 3000) is Told.DONE
    view = incident_view(store, incident)
    assert view
    assert (view.state, view.acknowledged_by, view.acknowledged_ms) == (
        IncidentState.ACKNOWLEDGED,
        "ada",
        NOW_MS + 1000,
    )
    said = [logged.actor for logged in incident_history(store, incident) if isinstance(logged.entry, Acknowledged)]
    assert said == ["ada", "bo"]


def test_getting_worse_asks_for_a_new_acknowledgement(store: Engine) -> None:
    incident = taken(store)
    acknowledge(store, incident, "ada", NOW_MS)
    take(store, a_signal("sig-2", severity=5))
    assert acknowledge(store, incident, "bo", NOW_MS) is Told.DONE


@pytest.mark.parametrize("person", ["", "Ada Lovelace", "ada\nbo", "a" * 65])
def test_nobody_in_particular_cannot_acknowledge(store: Engine, person: str) -> None:
    assert acknowledge(store, taken(store), person, NOW_MS) is Told.NO_PERSON


def test_what_is_not_there_can_be_neither_seen_nor_acknowledged(store: Engine) -> None:
    assert incident_view(store, "inc-none") is None
    assert incident_history(store, "inc-none") == []
    assert acknowledge(store, "inc-none", "ada", NOW_MS) is Told.NO_SUCH_INCIDENT
    assert resolve(store, "inc-none", "ada", "over", NOW_MS) is Told.NO_SUCH_INCIDENT


def test_who_acknowledges_many_times_at_once_is_one_entry_and_so_is_each_of_several(store: Engine) -> None:
    incident = taken(store)
    with ThreadPoolExecutor(6) as threads:
        told = list(threads.map(lambda n: acknowledge(store, incident, f"person-{n % 2}", NOW_MS), range(6)))
    assert sorted(told) == sorted([Told.DONE] * 2 + [Told.ALREADY] * 4)
    view = incident_view(store, incident)
    assert view
    assert view.has_it == {"person-0", "person-1"}


def test_acknowledging_while_signals_join_loses_neither(store: Engine) -> None:
    incident = taken(store)
    with ThreadPoolExecutor(4) as threads:
        joining = [threads.submit(take, store, a_signal(f"more-{n}")) for n in range(10)]
        told = threads.submit(acknowledge, store, incident, "ada", NOW_MS)
        assert [future.result(timeout=60) for future in joining] == [Taken.JOINED] * 10
        assert told.result(timeout=60) is Told.DONE
    view = incident_view(store, incident)
    assert view
    assert (view.signals, view.state) == (11, IncidentState.ACKNOWLEDGED)


def test_a_person_resolves_with_a_reason_and_the_next_signal_pages_anew(store: Engine) -> None:
    incident = taken(store)
    assert resolve(store, incident, "ada", "  ", NOW_MS) is Told.NO_REASON
    assert resolve(store, incident, "ada", "the payment works again", NOW_MS + 1000) is Told.DONE
    assert resolve(store, incident, "ada", "again", NOW_MS) is Told.IS_OVER
    assert acknowledge(store, incident, "ada", NOW_MS) is Told.IS_OVER
    assert incident_history(store, incident)[-1].entry == Resolved(ResolvedBy.PERSON, "the payment works again")
    assert len(holds.holds_in_force(store)) == 1
    assert take(store, a_signal("sig-2", at_ms=MORNING_MS + MINUTE_MS)) is Taken.OPENED


def test_a_release_stands_in_the_log_and_is_told_to_those_who_knew_of_the_hold(store: Engine) -> None:
    incident = taken(store)
    (hold,) = holds.holds_in_force(store)
    outbox.claim_due(store, "test", NOW_MS, 10**9, 100)
    assert holds.agree_release(store, hold.id, "ada", "calm again", NOW_MS + 1000) is Release.RELEASED
    entries = [logged.entry for logged in incident_history(store, incident)[-2:]]
    assert entries == [ReleaseAgreed(hold.id, "calm again"), HoldReleased(hold.id)]
    view = incident_view(store, incident)
    assert view
    assert not view.held
    due = outbox.claim_due(store, "test", NOW_MS + 1000, 1000, 100)
    assert [(action.action, action.target) for action in due] == [
        (ActionKind.NOTIFY, "posting-team"),
        (ActionKind.ANNOTATE, "acme"),
    ]


def test_one_of_two_people_is_logged_and_opens_nothing(store: Engine) -> None:
    take_signal(store, a_signal(), plain_library(), armed(store), NOW_MS)
    (hold,) = holds.holds_in_force(store)
    assert holds.agree_release(store, hold.id, "ada", "calm", NOW_MS) is Release.NEEDS_ANOTHER_PERSON
    (view,) = list_incidents(store)
    assert (view.held, view.holds[0].agreed) == (True, ("ada",))
    holds.agree_release(store, hold.id, "bo", "yes", NOW_MS)
    (view,) = list_incidents(store)
    assert (view.held, view.holds[0].agreed) == (False, ("ada", "bo"))


def test_an_incident_without_a_log_is_not_shown(store: Engine) -> None:
    with writing(store) as conn:
        conn.execute(
            schema.incidents.insert().values(
                id="inc-1", run="", brand="b", playbook="p", playbook_version="1.0.0", playbook_hash="h", opened_ms=1,
                open=True,
            )
        )  # fmt: skip
    assert incident_view(store, "inc-1") is None
    assert list_incidents(store) == []


def test_delayed_actions_wait_in_the_store(store: Engine) -> None:
    take_signal(store, a_signal(), plain_library(), armed(store), NOW_MS)
    due = {row["step"]: row["due_ms"] for row in rows(store, schema.outbox)}
    assert due["tell-executives"] == NOW_MS + 15 * MINUTE_MS
    assert {row["state"] for row in rows(store, schema.outbox)} == {OutboxState.DUE.value}


@pytest.mark.parametrize("at_ms", [2**70, 2**62, -1], ids=["no-store", "no-calendar", "before"])
def test_a_signal_of_a_time_that_no_calendar_has_is_refused_and_leaves_nothing(store: Engine, at_ms: int) -> None:
    armed(store)
    before = everything(store)
    with pytest.raises(OverflowError):
        take(store, a_signal(at_ms=at_ms))
    assert everything(store) == before
