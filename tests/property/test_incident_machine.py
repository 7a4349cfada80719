"""An incident as a state machine: signals, people, the clock, a runner that dies, in any order, on a real store.

After each step the rows and the log tell the same, nobody has been paged about anything twice, and whoever should have
been asked by now has been.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, func, select

from playbooks.content.catalog import Library
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView, project
from playbooks.incidents.log_entry import (
    AcknowledgementForgotten,
    MergedFrom,
    Opened,
    Outranked,
    PlaybookChanged,
    Reopened,
    SeverityRaised,
)
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.store import schema, timers
from playbooks.store.delivery import outbox
from playbooks.store.engine import migrate, open_store, reading
from playbooks.store.holds import holds
from playbooks.store.incidents import deeds, incidents, merging, moving
from playbooks.store.incidents.incidents import incident_history, list_incidents, take_signals
from tests.parts.signals import MINUTE_MS, MORNING_MS, a_signal, armed, ladder_library, plain_library

LIBRARY = Library([*ladder_library().all(), *plain_library().all()])
ROLES = {"on-call": {"ada"}, "second": {"bo"}, "board": {"cy", "dee"}, "duty-phone": {"eve"}}
PEOPLE = st.sampled_from(["ada", "bo", "cy", "dee"])
NUMBERS = st.integers(0, 7)
#: Why the pages of a step are planned anew.
REASONS = (
    Opened, SeverityRaised, AcknowledgementForgotten, Reopened, PlaybookChanged, Outranked, MergedFrom,
)  # fmt: skip
_MIGRATED: list[Path] = []


def an_empty_store(folder: str) -> Engine:
    """A copy of a store that was migrated once."""
    if not _MIGRATED:
        path = Path(tempfile.mkdtemp(prefix="firebreak-machine-")) / "empty.db"
        made = open_store(StoreSettings(url=f"sqlite:///{path}"))
        migrate(made)
        made.dispose()
        _MIGRATED.append(path)
    shutil.copyfile(_MIGRATED[0], f"{folder}/store.db")
    return open_store(StoreSettings(url=f"sqlite:///{folder}/store.db"))


class Incidents(RuleBasedStateMachine):
    """What can happen to the incidents of one brand."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = an_empty_store(self.folder.name)
        self.now_ms = MORNING_MS
        self.signals = 0
        self.settings = PlaybookSettings()

    @initialize()
    def arms(self) -> None:
        self.settings = armed(self.engine)

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    @property
    def views(self) -> list[IncidentView]:
        return list_incidents(self.engine)

    def one(self, number: int) -> IncidentView | None:
        views = self.views
        return views[number % len(views)] if views else None

    @rule(severities=st.lists(st.integers(1, 5), min_size=1, max_size=4), again=st.booleans())
    def signals_come(self, severities: list[int], again: bool) -> None:
        first = max(0, self.signals - 1) if again else self.signals
        some = [a_signal(f"sig-{first + n}", severity=one, at_ms=self.now_ms) for n, one in enumerate(severities)]
        self.signals = first + len(some)
        take_signals(self.engine, some, LIBRARY, self.settings, self.now_ms)

    @rule(minutes=st.sampled_from([1, 4, 5, 11, 30, 46, 61, 400]), dies=st.booleans())
    def time_passes(self, minutes: int, dies: bool) -> None:
        """Timers fall due one after the other; a runner that `dies` wakes half of them, and the next the rest."""
        until_ms = self.now_ms + minutes * MINUTE_MS
        while (due_ms := self._next_ms()) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            due = timers.due(self.engine, self.now_ms, 100)
            for timer in due[: max(1, len(due) // 2)] if dies else due:
                self.wake(timer)
        self.now_ms = until_ms

    def wake(self, timer: str) -> None:
        def members(role: str) -> frozenset[str]:
            return frozenset(ROLES.get(role, ()))

        args = (self.engine, timer, LIBRARY, self.settings.brands, members, self.now_ms)
        assert incidents.wake(*args)
        assert not incidents.wake(*args)  # woken once

    def _next_ms(self) -> int | None:
        with reading(self.engine) as conn:
            found: int | None = conn.execute(
                select(func.min(schema.timers.c.due_ms)).where(schema.timers.c.woken_ms.is_(None))
            ).scalar()
        return found

    @precondition(lambda self: self.views)
    @rule(number=NUMBERS, person=PEOPLE)
    def somebody_has_it(self, number: int, person: str) -> None:
        if view := self.one(number):
            deeds.acknowledge(self.engine, view.id, person, self.now_ms)

    @precondition(lambda self: self.views)
    @rule(number=NUMBERS, person=PEOPLE, what=st.sampled_from(["note", "contain", "resolve"]))
    def somebody_says_something(self, number: int, person: str, what: str) -> None:
        if view := self.one(number):
            getattr(deeds, what)(self.engine, view.id, person, "the shop is closed", self.now_ms)

    @precondition(lambda self: self.views)
    @rule(number=NUMBERS, person=PEOPLE)
    def it_was_not_over(self, number: int, person: str) -> None:
        if view := self.one(number):
            deeds.reopen(self.engine, view.id, person, "it goes on", LIBRARY, {"acme"}, self.now_ms)

    @precondition(lambda self: self.views)
    @rule(number=NUMBERS, person=PEOPLE, playbook=st.sampled_from(["ladder", "plain"]))
    def it_is_moved(self, number: int, person: str, playbook: str) -> None:
        if view := self.one(number):
            brands = self.settings.brands
            moving.move(self.engine, view.id, person, "it fits", playbook, LIBRARY, brands, self.now_ms)

    @precondition(lambda self: len(self.views) > 1)
    @rule(number=NUMBERS, other=NUMBERS, person=PEOPLE)
    def two_are_one(self, number: int, other: int, person: str) -> None:
        view, into = self.one(number), self.one(other)
        if view and into:
            merging.merge(self.engine, view.id, into.id, person, "the same crisis", self.now_ms)

    @precondition(lambda self: self.views)
    @rule(number=NUMBERS, person=PEOPLE)
    def a_hold_may_go(self, number: int, person: str) -> None:
        if view := self.one(number):
            for hold in view.holds:
                holds.agree_release(self.engine, hold.id, person, "calm", self.now_ms)

    @rule()
    def a_runner_claims_and_dies(self) -> None:
        outbox.claim_due(self.engine, "r1", self.now_ms, 1_000, 3)

    @invariant()
    def the_log_and_the_rows_tell_the_same(self) -> None:
        views = self.views
        assert [project(view.id, incident_history(self.engine, view.id)) for view in views] == views
        with reading(self.engine) as conn:
            rows = dict(conn.execute(select(schema.incidents.c.id, schema.incidents.c.open)).all())
            held = set(conn.execute(select(schema.holds.c.id).where(schema.holds.c.released_ms.is_(None))).scalars())
        assert held == {hold.id for view in views for hold in view.holds if hold.in_force}
        alive = Counter(view.cause for view in views if rows[view.id])
        assert max(alive.values(), default=0) <= 1
        for view in views:
            if rows[view.id]:
                assert view.state is not IncidentState.RESOLVED

    @invariant()
    def every_page_that_is_due_is_in_the_outbox_once(self) -> None:
        with reading(self.engine) as conn:
            there = set(conn.execute(select(schema.outbox.c.id)).scalars())
        for view in self.views:
            due = [action.id for action in view.actions if action.decision is ActionDecision.DUE]
            assert len(due) == len(set(due))
            assert set(due) <= there

    @invariant()
    def nobody_is_paged_more_often_than_there_are_reasons(self) -> None:
        """A step is planned anew only by getting worse, by an acknowledgement forgotten, and by opening again."""
        for view in self.views:
            log = [logged.entry for logged in incident_history(self.engine, view.id)]
            reasons = sum(isinstance(entry, REASONS) for entry in log)
            for step in {action.step for action in view.actions}:
                fresh = [a for a in view.planned(step) if a.kind is ActionKind.PAGE and ":up" not in a.id]
                fresh = [a for a in fresh if ":asked:" not in a.id]  # a hold whose lease ends asks, each time it does
                assert len(fresh) <= reasons, (step, [a.id for a in fresh])

    @invariant()
    def while_nobody_has_it_somebody_is_still_to_be_asked_or_all_were(self) -> None:
        with reading(self.engine) as conn:
            waiting = conn.execute(
                select(schema.timers.c.incident, schema.timers.c.body).where(schema.timers.c.woken_ms.is_(None))
            ).all()
            rows = dict(conn.execute(select(schema.incidents.c.id, schema.incidents.c.open)).all())
        climbing = {incident for incident, body in waiting if body["type"] == "escalate"}
        for view in self.views:
            if rows[view.id] and view.state.asks_for_somebody and view.playbook == "ladder" and view.pages:
                resort = [action for action in view.actions if action.target == "duty-phone"]
                assert view.id in climbing or resort, view.id


Incidents.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
test_incidents_keep_their_promises_whatever_happens = Incidents.TestCase
