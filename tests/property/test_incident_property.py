"""What is true of incidents whatever signals come, in whatever order, however often, and whatever people do."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from detectors.signal import Signal, SignalKind
from playbooks.armings.arming import Arming
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView, project
from playbooks.incidents.rehearse import Rehearsal
from playbooks.labels import SignalDecision
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.store import schema
from playbooks.store.engine import open_store, reading
from playbooks.store.holds import holds
from playbooks.store.incidents.deeds import acknowledge, contain, note, reopen, resolve
from playbooks.store.incidents.incidents import (
    incident_history,
    incident_view,
    list_incidents,
    take_signal,
    take_signals,
)
from tests.parts.signals import HOUR_MS, MINUTE_MS, MORNING_MS, a_signal, armed, plain_library

LIBRARY = plain_library()

one_signal = st.builds(
    a_signal,
    st.integers(0, 40).map("sig-{}".format),
    at_ms=st.integers(0, 12 * 60).map(lambda minute: MORNING_MS + minute * MINUTE_MS),
    severity=st.integers(1, 5),
    brand=st.sampled_from(["acme", "other"]),
    platform=st.sampled_from(["x", "bluesky", "reddit", None]),
    kind=st.sampled_from([SignalKind.NEGATIVITY, SignalKind.NEGATIVITY, SignalKind.VOLUME]),
    run=st.sampled_from(["", "drill-1"]),
)
signals = st.lists(one_signal, max_size=14, unique_by=lambda signal: signal.id)
armings = st.sampled_from(list(Arming))
people = st.sampled_from(["ada", "bo", "cy"])
#: What is sent because of what people did, and no step of the playbook.
AFTERWARDS = (":released:", ":over:", ":has-it:")
quick = settings(deadline=None, max_examples=40)


@contextmanager
def store(empty: Path) -> Iterator[Engine]:
    """An empty store for one example."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(empty, f"{folder}/store.db")
        engine = open_store(StoreSettings(url=f"sqlite:///{folder}/store.db"))
        try:
            yield engine
        finally:
            engine.dispose()


def take(engine: Engine, signal: Signal, known: PlaybookSettings) -> SignalDecision:
    """Take a signal at its own time."""
    return take_signal(engine, signal, LIBRARY, known, signal.at_ms)


def everything(engine: Engine) -> dict[str, list[object]]:
    """Every row of every table."""
    with reading(engine) as conn:
        return {table.name: list(conn.execute(select(table)).all()) for table in schema.metadata.sorted_tables}


@quick
@given(signals, armings, st.data())
def test_repeats_in_any_order_change_nothing(
    migrated_sqlite: Path, some: list[Signal], arming: Arming, data: st.DataObject
) -> None:
    with store(migrated_sqlite) as once, store(migrated_sqlite) as often:
        known = armed(once, arming)
        armed(often, arming)
        for n, signal in enumerate(some):
            take(once, signal, known)
            take(often, signal, known)
            for repeat in data.draw(st.lists(st.sampled_from(some[: n + 1]), max_size=2)):
                assert take(often, repeat, known) is SignalDecision.REPEAT
        assert everything(once) == everything(often)


@quick
@given(signals)
def test_the_store_and_the_rehearsal_come_to_the_same(migrated_sqlite: Path, some: list[Signal]) -> None:
    rehearsal = Rehearsal(LIBRARY)
    with store(migrated_sqlite) as engine:
        known = armed(engine, brand="other")
        known.brands.update(armed(engine).brands)
        for signal in some:
            take(engine, signal, known)
            rehearsal.take(signal)
            view = rehearsal.view(signal.run, signal.brand, "plain")
            assert view is None or incident_view(engine, view.id) == view
        assert rehearsal.tally.incidents == len(list_incidents(engine))


@quick
@given(st.lists(one_signal, max_size=20), armings, st.data())
def test_several_signals_taken_in_one_transaction_are_as_if_taken_one_after_the_other(
    migrated_sqlite: Path, some: list[Signal], arming: Arming, data: st.DataObject
) -> None:
    with store(migrated_sqlite) as one_by_one, store(migrated_sqlite) as together:
        known = armed(one_by_one, arming), armed(together, arming)
        said, left = [], list(some)
        while left:
            part, left = left[: (cut := data.draw(st.integers(1, len(left))))], left[cut:]
            said += take_signals(together, part, LIBRARY, known[1], MORNING_MS)
        assert said == [take_signal(one_by_one, signal, LIBRARY, known[0], MORNING_MS) for signal in some]
        told = everything(one_by_one), everything(together)
        for rows in told:
            rows["brand_locks"].sort(key=str)  # they are locked in one order, and say nothing more
        assert told[0] == told[1]


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("take"), one_signal),
        st.tuples(st.just("acknowledge"), people),
        st.tuples(st.just("resolve"), people),
        st.tuples(st.just("release"), people),
        st.tuples(st.just("note"), people),
        st.tuples(st.just("contain"), people),
        st.tuples(st.just("reopen"), people),
    ),
    max_size=20,
)


@quick
@given(deeds, armings)
def test_whatever_people_do_the_log_and_the_rows_tell_the_same(
    migrated_sqlite: Path, some: list[tuple[str, object]], arming: Arming
) -> None:
    with store(migrated_sqlite) as engine:
        for n, (deed, what) in enumerate(some):
            _do(engine, deed, what, armed(engine, arming), MORNING_MS + n * HOUR_MS)
        views = list_incidents(engine)
        assert [project(view.id, incident_history(engine, view.id)) for view in views] == views
        _rows_agree(engine, views)


def _do(engine: Engine, deed: str, what: object, known: PlaybookSettings, now_ms: int) -> None:
    if isinstance(what, Signal):
        take(engine, what, known)
        return
    for view in list_incidents(engine, limit=1):
        if deed == "acknowledge":
            acknowledge(engine, view.id, str(what), now_ms)
        elif deed == "resolve":
            resolve(engine, view.id, str(what), "over", now_ms)
        elif deed == "note":
            note(engine, view.id, str(what), "the shop is closed", now_ms)
        elif deed == "contain":
            contain(engine, view.id, str(what), "no new posts", now_ms)
        elif deed == "reopen":
            reopen(engine, view.id, str(what), "it goes on", LIBRARY, {"acme"}, now_ms)
        else:
            for hold in view.holds:
                holds.agree_release(engine, hold.id, str(what), "calm", now_ms)


def _rows_agree(engine: Engine, views: list[IncidentView]) -> None:
    with reading(engine) as conn:
        is_open = dict(conn.execute(select(schema.incidents.c.id, schema.incidents.c.open)).all())
        outbox = set(conn.execute(select(schema.outbox.c.id)).scalars())
        held = set(conn.execute(select(schema.holds.c.id).where(schema.holds.c.released_ms.is_(None))).scalars())
    assert is_open == {view.id: view.state is not IncidentState.RESOLVED for view in views}
    assert held == {hold.id for view in views for hold in view.holds if hold.in_force}
    due = {action.id for view in views for action in view.actions if action.decision is ActionDecision.DUE}
    assert due == {action for action in outbox if not any(word in action for word in AFTERWARDS)}
    one = Counter((view.run, view.brand, view.cause) for view in views if is_open[view.id])
    assert max(one.values(), default=0) <= 1


@quick
@given(signals)
def test_nobody_is_paged_twice_for_the_same_severity_of_an_incident(migrated_sqlite: Path, some: list[Signal]) -> None:
    with store(migrated_sqlite) as engine:
        known = armed(engine)
        for signal in some:
            take(engine, signal, known)
        for view in list_incidents(engine):
            assert len(view.planned("page")) <= view.severity
            assert len([hold for hold in view.holds if hold.in_force]) == len({hold.platform for hold in view.holds})
