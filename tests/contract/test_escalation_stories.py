"""Stories of people who do and do not answer: given an incident, at so many minutes, expect these pages.

Hours of waiting in milliseconds: the clock is moved from timer to timer, in the real store, on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, select

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import AcknowledgedBy, PlannedBecause
from playbooks.labels import ActionKind
from playbooks.store import schema, timers
from playbooks.store.delivery.call_next import Call, Line, call_next, line_of
from playbooks.store.engine import reading
from playbooks.store.incidents import deeds, incidents
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.incidents import incident_view
from tests.parts.signals import MINUTE_MS, MORNING_MS, a_signal, armed, ladder_library

ROLES = {
    "on-call": {"ada"},
    "second": {"bo"},
    "board": {"cy", "dee"},
    "duty-phone": {"eve"},
}


@dataclass
class Story:
    """An incident and a clock. `paged` are the roles paged so far, with the minute; `told` those with a notice."""

    engine: Engine
    library: Library = field(default_factory=ladder_library)
    arming: Arming = Arming.PAGE_AND_HOLD
    roles: Mapping[str, set[str]] = field(default_factory=lambda: dict(ROLES))
    now_ms: int = MORNING_MS
    incident: str = ""

    def signal(self, id: str = "sig-1", severity: int = 3, run: str = "") -> None:
        """A signal comes in now."""
        seen = a_signal(id, at_ms=self.now_ms, severity=severity, run=run)
        incidents.take_signal(self.engine, seen, self.library, armed(self.engine, self.arming), self.now_ms)
        (view,) = incidents.list_incidents(self.engine, limit=1)
        self.incident = view.id

    def at(self, minute: float) -> Story:
        """Let time pass up to so many minutes after the beginning, and wake what is due on the way, at its time."""
        until_ms = MORNING_MS + int(minute * MINUTE_MS)
        while (due := self._next_ms()) is not None and due <= until_ms:
            self.now_ms = max(self.now_ms, due)
            for timer in timers.due(self.engine, self.now_ms, 100):
                self.wake(timer)
        self.now_ms = until_ms
        return self

    def wake(self, timer: str) -> bool:
        """Wake one timer."""
        brands = armed(self.engine, self.arming).brands
        return incidents.wake(self.engine, timer, self.library, brands, self.members, self.now_ms)

    def members(self, role: str) -> frozenset[str]:
        """Who is in a role."""
        return frozenset(self.roles.get(role, ()))

    def acknowledge(self, *people: str) -> None:
        """These people say that they have it."""
        for person in people:
            told = deeds.acknowledge_by(self.engine, self.incident, person, AcknowledgedBy.LINK, self.now_ms)
            assert told is Told.DONE

    @property
    def paged(self) -> list[tuple[float, str]]:
        """Who was paged, by minute."""
        return self._sent(ActionKind.PAGE)

    @property
    def told(self) -> list[tuple[float, str]]:
        """Who was told something, by minute."""
        return self._sent(ActionKind.NOTIFY)

    @property
    def view(self) -> IncidentView:
        """The incident now."""
        found = incident_view(self.engine, self.incident)
        assert found
        return found

    def bodies(self) -> Iterator[tuple[str, dict[str, object]]]:
        """What every action says, by id."""
        with reading(self.engine) as conn:
            for row in conn.execute(select(schema.outbox).order_by(schema.outbox.c.due_ms)).mappings():
                yield row["id"], row["body"]

    def _sent(self, kind: ActionKind) -> list[tuple[float, str]]:
        query = select(schema.outbox).where(schema.outbox.c.action == kind.value)
        with reading(self.engine) as conn:
            rows = conn.execute(query.order_by(schema.outbox.c.due_ms, schema.outbox.c.target)).mappings().all()
        return [((row["due_ms"] - MORNING_MS) / MINUTE_MS, row["target"]) for row in rows]

    def _next_ms(self) -> int | None:
        query = select(schema.timers.c.due_ms).where(schema.timers.c.woken_ms.is_(None))
        with reading(self.engine) as conn:
            return conn.execute(query.order_by(schema.timers.c.due_ms).limit(1)).scalar()


@pytest.fixture
def story(store: Engine) -> Story:
    """A story whose first signal has come."""
    told = Story(store)
    told.signal()
    return told


def to(story: Story, *roles: str) -> list[tuple[float, str]]:
    """The pages of the first step's ladder: those of the board's own are left out unless asked for."""
    return [one for one in story.paged if one[1] in roles]


def test_where_nobody_answers_everybody_is_paged_in_turn_twice_and_then_the_last_resort(story: Story) -> None:
    story.at(24 * 60)
    assert to(story, "on-call", "second") == [(0, "on-call"), (5, "second"), (25, "on-call"), (30, "second")]
    assert to(story, "duty-phone") == [(50, "duty-phone"), (120, "duty-phone")]
    assert to(story, "board") == [(0, "board"), (15, "board"), (40, "board"), (60, "board")]
    assert story.view.state is IncidentState.OPENED


def test_the_second_in_line_is_not_paged_where_the_first_answers_in_time(story: Story) -> None:
    story.at(4.9).acknowledge("ada")
    story.at(14)
    assert to(story, "on-call", "second") == [(0, "on-call")]


def test_who_answers_late_ends_the_ladder_there(story: Story) -> None:
    story.at(6).acknowledge("bo")
    story.at(44)
    assert to(story, "on-call", "second", "duty-phone") == [(0, "on-call"), (5, "second")]


def test_what_asks_everybody_stays_open_for_those_who_have_not_answered(story: Story) -> None:
    story.at(1).acknowledge("cy")
    story.at(30).acknowledge("ada")
    story.at(61)
    assert to(story, "board") == [(0, "board"), (60, "board")]
    again = dict(story.bodies())[f"{story.incident}:board:1:up1"]
    assert again["spared"] == ["ada", "cy"], "who has answered is not paged again"
    story.acknowledge("dee")
    story.at(24 * 60)
    assert (120, "duty-phone") not in story.paged


def test_where_everybody_of_those_who_must_answer_has_the_last_resort_sleeps_on(story: Story) -> None:
    story.at(3).acknowledge("cy", "dee")
    story.at(44)
    assert story.paged == [(0, "board"), (0, "on-call")]


def test_a_role_that_nobody_is_in_has_not_answered(story: Story) -> None:
    story.roles = {**ROLES, "board": set()}
    story.at(30).acknowledge("ada")
    story.at(59)
    assert (60, "board") not in story.paged
    story.at(61)
    assert (60, "board") in story.paged


def test_getting_worse_asks_anew_and_begins_the_ladder_anew(story: Story) -> None:
    story.at(2).acknowledge("ada")
    story.at(10).signal("sig-2", severity=4)
    story.at(16)
    assert to(story, "on-call", "second") == [(0, "on-call"), (10, "on-call"), (15, "second")]
    assert story.view.state is IncidentState.OPENED


def test_an_acknowledgement_that_nothing_follows_is_forgotten_and_pages_again(story: Story) -> None:
    story.at(2).acknowledge("ada", "cy", "dee")
    story.at(48)
    assert to(story, "on-call") == [(0, "on-call"), (47, "on-call")]
    assert story.view.has_it == frozenset()
    anew = dict(story.bodies())[f"{story.incident}:page:2"]
    assert "nothing has been done since" in str(anew["text"])
    story.at(53)
    assert (52, "second") in story.paged, "with a ladder of its own"


def test_who_does_something_is_not_forgotten(story: Story) -> None:
    story.at(2).acknowledge("ada", "cy", "dee")
    for minute in (40, 80, 120):
        story.at(minute)
        assert deeds.note(story.engine, story.incident, "ada", "still at it", story.now_ms) is Told.DONE
    story.at(164)
    assert to(story, "on-call") == [(0, "on-call")]
    story.at(166)
    assert to(story, "on-call") == [(0, "on-call"), (165, "on-call")]


def test_a_contained_incident_pages_nobody_until_it_gets_worse(story: Story) -> None:
    story.at(2).acknowledge("ada", "cy", "dee")
    assert deeds.contain(story.engine, story.incident, "ada", "no new posts", story.now_ms) is Told.DONE
    story.at(24 * 60)
    assert to(story, "on-call", "second", "duty-phone") == [(0, "on-call")]
    story.signal("sig-2", severity=5)
    assert story.paged[-1] == (24 * 60, "on-call")


def test_the_end_of_an_incident_ends_its_ladder_and_everybody_who_was_paged_hears_of_it(story: Story) -> None:
    story.at(6)
    assert deeds.resolve(story.engine, story.incident, "ada", "a test of the alarm", story.now_ms) is Told.DONE
    story.at(24 * 60)
    assert to(story, "on-call", "second", "duty-phone") == [(0, "on-call"), (5, "second")]
    assert [one for one in story.told if one[0] == 6] == [
        (6, "board"),
        (6, "on-call"),
        (6, "posting-team"),
        (6, "second"),
    ]
    over = next(body for id, body in story.bodies() if ":over:" in id)
    assert str(over["subject"]).startswith("All clear")


def test_what_was_ended_too_early_can_be_opened_again_and_pages_anew(story: Story) -> None:
    story.at(2)
    deeds.resolve(story.engine, story.incident, "ada", "over", story.now_ms)
    story.at(10)
    reopened = deeds.reopen(story.engine, story.incident, "bo", "it goes on", story.library, {"acme"}, story.now_ms)
    assert reopened is Told.DONE
    story.at(16)
    assert to(story, "on-call", "second") == [(0, "on-call"), (10, "on-call"), (15, "second")]
    assert story.view.state is IncidentState.REOPENED
    again = deeds.reopen(story.engine, story.incident, "bo", "it goes on", story.library, {"acme"}, story.now_ms)
    assert again is Told.ALREADY


def test_opened_again_a_brand_that_is_only_observed_by_now_pages_nobody_and_says_so(story: Story) -> None:
    story.at(1)
    deeds.resolve(story.engine, story.incident, "bo", "over", story.now_ms)
    story.arming = Arming.OBSERVE
    armed(story.engine, story.arming)
    paged = list(story.paged)
    again = deeds.reopen(story.engine, story.incident, "bo", "it goes on", story.library, {"acme"}, story.now_ms)
    assert again is Told.DONE
    story.at(60)
    assert story.paged == paged
    last = [action for action in story.view.actions if action.step == "page"][-1]
    assert (last.decision, last.why) == (ActionDecision.BRAND_OBSERVES, PlannedBecause.REOPENED)
    story.arming = Arming.PAGE_AND_HOLD
    armed(story.engine, story.arming)
    story.at(61)
    assert story.paged[len(paged) :], "it is still open, so it pages when the brand is armed"


def test_an_old_incident_is_not_opened_again_beside_a_new_one_of_its_cause(story: Story) -> None:
    old = story.incident
    story.at(2)
    deeds.resolve(story.engine, old, "ada", "over", story.now_ms)
    story.at(3).signal("sig-2")
    assert story.incident != old
    assert deeds.reopen(story.engine, old, "bo", "it goes on", story.library, {"acme"}, story.now_ms) is Told.IS_ANOTHER


def test_what_people_were_to_do_is_told_once_when_it_is_overdue(story: Story) -> None:
    story.at(31)
    assert story.told == [(20, "second"), (30, "on-call")]
    overdue = story.view.done_of(f"{story.incident}:ask:1")
    assert overdue
    assert overdue.is_overdue
    with reading(story.engine) as conn:
        bodies = conn.execute(select(schema.outbox.c.body).where(schema.outbox.c.id.endswith(":overdue"))).scalars()
        subjects = {str(body["subject"]).partition(" (")[0] for body in bodies}
    assert "Overdue: Ask the shop what happened" in subjects, "by its words, not by its id"
    assert len(subjects) == 2


def test_what_people_have_done_in_time_is_told_to_nobody(story: Story) -> None:
    task, decision = f"{story.incident}:ask:1", f"{story.incident}:stop-sale:1"
    story.at(5)

    def tick(action: str, option: str = "") -> Told:
        return deeds.tick(story.engine, story.incident, action, "bo", "asked", option, story.now_ms)

    assert tick(task) is Told.DONE
    assert tick(task) is Told.ALREADY
    assert tick(decision) is Told.NO_REASON, "a decision says what was decided"
    assert tick(decision, "go on") is Told.DONE
    assert tick(f"{story.incident}:page:1") is Told.NO_SUCH_STEP
    story.at(60)
    assert story.told == []


def test_a_brand_that_is_observed_by_now_pages_nobody_further(story: Story) -> None:
    story.at(4)
    story.arming = Arming.OBSERVE
    story.at(24 * 60)
    assert story.paged == [(0, "board"), (0, "on-call")]


def test_a_brand_that_is_only_observed_and_a_replay_have_no_ladder(store: Engine) -> None:
    observed = Story(store, arming=Arming.OBSERVE)
    observed.signal()
    assert observed.at(24 * 60).paged == []
    replay = Story(store)
    replay.signal("sig-9", run="replay-1")
    assert {minute for minute, _ in replay.at(24 * 60).paged} == {0}


def test_an_incident_that_nothing_has_fired_for_its_quiet_hours_ends_by_itself_and_all_hear_of_it(story: Story) -> None:
    story.at(60).signal("sig-2")
    story.at(2 * 60).acknowledge("ada", "cy", "dee")
    assert incidents.incident_view(story.engine, story.incident) == story.view
    for hour in range(2, 6):
        story.at(hour * 60 + 30)
        assert deeds.note(story.engine, story.incident, "ada", "still at it", story.now_ms) is Told.DONE
    story.at(6 * 60)
    deeds.contain(story.engine, story.incident, "ada", "no new posts", story.now_ms)
    states = [story.at(minute).view.state for minute in (12 * 60 - 1, 12 * 60 + 1)]
    assert states == [IncidentState.CONTAINED, IncidentState.RESOLVED], "six hours after somebody did something"
    over = [body for id, body in story.bodies() if ":over:" in id]
    assert over
    assert all("It ended by itself: nothing has fired it for 6 hours" in str(body["text"]) for body in over)


def test_a_brand_that_is_only_observed_has_its_incidents_ended_too(store: Engine) -> None:
    observed = Story(store, arming=Arming.OBSERVE)
    observed.signal()
    observed.at(5 * 60)
    assert observed.view.state is IncidentState.OPENED
    assert observed.at(6 * 60 + 1).view.state is IncidentState.RESOLVED
    assert observed.told == []


def test_a_timer_wakes_once_however_many_wake_it(story: Story) -> None:
    story.now_ms = MORNING_MS + 5 * MINUTE_MS
    (timer,) = timers.due(story.engine, story.now_ms, 100)
    assert [story.wake(timer) for _ in range(3)] == [True, False, False]
    assert to(story, "second") == [(5, "second")]


def test_who_is_paged_because_not_all_have_acknowledged_reads_who_has_and_who_is_still_asked(story: Story) -> None:
    story.at(1).acknowledge("cy")
    story.at(30).acknowledge("ada")
    story.at(61)
    again = dict(story.bodies())[f"{story.incident}:board:1:up1"]
    assert "Acknowledged: {cy}. Still asked: {dee}." in str(again["text"])
    assert again["named"] == ["cy", "dee"]
    assert "Nobody has acknowledged" not in str(again["text"])


def line(story: Story) -> Line:
    """How its ladders stand."""
    found = line_of(story.engine, story.incident, "ada", story.library, story.members)
    assert found
    return found


def call(story: Story, person: str, seen: str) -> Call:
    """Somebody asks for the next person, whom they have seen named."""
    brands = armed(story.engine, story.arming).brands
    where = (story.engine, story.incident, person, seen, story.library, brands, story.members, story.now_ms)
    return call_next(*where)


def test_who_cannot_take_it_has_the_next_level_called_once_however_often_they_press(story: Story) -> None:
    story.at(1)
    seen = line(story).seen
    assert [level.role for level in line(story).next] == ["second", "board"]
    assert call(story, "ada", seen) is Call.CALLED
    assert call(story, "ada", seen) is Call.NOT_AS_SEEN, "the second press names a level that was called by the first"
    assert to(story, "on-call", "second") == [(0, "on-call"), (1, "second")]
    assert [action.target for action in line(story).called] == ["second", "board"]
    asked = dict(story.bodies())[f"{story.incident}:page:1:up1"]
    assert str(asked["text"]).startswith("{ada} asks that you are paged now. Nobody has it yet.")
    story.at(24)
    assert to(story, "on-call", "second") == [(0, "on-call"), (1, "second")], "and not once more when it is their turn"
    story.at(26)
    assert (25, "on-call") in story.paged, "the ladder goes on at its times"


def test_also_where_somebody_has_it_the_next_can_be_called_all_the_same(story: Story) -> None:
    story.at(1).acknowledge("bo")
    story.at(2)
    assert call(story, "ada", line(story).seen) is Call.CALLED
    assert (2, "second") in story.paged
    asked = dict(story.bodies())[f"{story.incident}:page:1:up1"]
    assert str(asked["text"]).startswith("{ada} asks that you are paged now. {bo} has it.")
    assert asked["named"] == ["ada", "bo"]


def test_when_all_were_called_or_it_is_over_or_only_observed_nobody_is_called(story: Story) -> None:
    for _ in range(5):
        assert call(story, "ada", line(story).seen) is Call.CALLED
    assert (line(story).next, line(story).seen) == ((), "")
    paged = len(story.paged)
    assert call(story, "ada", "") is Call.NOBODY_LEFT
    deeds.resolve(story.engine, story.incident, "ada", "over", story.now_ms)
    assert call(story, "ada", "") is Call.IS_OVER
    assert len(story.paged) == paged


def test_a_brand_that_is_only_observed_by_now_calls_nobody(story: Story) -> None:
    seen = line(story).seen
    story.arming = Arming.OBSERVE
    assert call(story, "ada", seen) is Call.ONLY_OBSERVED
