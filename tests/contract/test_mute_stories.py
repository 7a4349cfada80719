"""Mutes over hours, in milliseconds: what is not done while one is in force, and what is done when it is over."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine

from detectors.signal import SignalKind
from playbooks.armings.arming import DAY_MS, Arming
from playbooks.armings.mute import Muted, Wanted
from playbooks.content.catalog import Library, load_library
from playbooks.content.trigger import EvidenceField
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.incidents.log_entry import Muted as MutedEntry
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings
from playbooks.store import mutes, timers
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.incidents import deeds, incidents, moving, reporting
from playbooks.store.schema import mutes as table
from tests.parts.signals import HOUR_MS, MINUTE_MS, MORNING_MS, STORM, a_signal, armed

LIBRARY = load_library()
#: The same people as ever in a worse tone: it fires `tone-shift` and not `complaint-storm`.
SHIFT = {**STORM, EvidenceField.TIMES_USUAL: 1.0}
TO_PEOPLE = (ActionKind.PAGE, ActionKind.NOTIFY, ActionKind.HOLD)


@dataclass
class Story:
    """A brand that is armed to page and hold, a clock, and what was done."""

    store: Engine
    settings: PlaybookSettings
    library: Library = LIBRARY
    now_ms: int = MORNING_MS
    done: list[tuple[ActionKind, str]] = field(default_factory=list)

    def mutes(self, hours: float = 4, **what: Any) -> str:
        """Ada mutes negativity, unless something is said; the mute's id."""
        known = Wanted(None, SignalKind.NEGATIVITY, None, 0, self.now_ms + int(hours * HOUR_MS), "the final")
        wanted = msgspec.structs.replace(known, **what)
        told, id = mutes.mute(self.store, wanted, "ada", self.library, self.settings, self.now_ms)
        assert told is Muted.DONE
        return id

    def lifts(self, id: str) -> Muted:
        """Ada lifts it."""
        return mutes.lift(self.store, id, "ada", "called off", self.settings, self.now_ms)

    def signal(self, id: str = "sig-1", **what: Any) -> IncidentView:
        """A signal comes in now."""
        incidents.take_signal(
            self.store, a_signal(id, at_ms=self.now_ms, **what), self.library, self.settings, self.now_ms
        )
        return self.view

    def at(self, hours: float) -> Story:
        """Let time pass up to so many hours after the beginning; wake and do what is due on the way."""
        until_ms = MORNING_MS + int(hours * HOUR_MS)
        while self.now_ms < until_ms:
            self.now_ms = min(until_ms, self.now_ms + MINUTE_MS)
            self.act()
        return self

    def act(self) -> None:
        """Wake and do what is due now."""
        for timer in timers.due(self.store, self.now_ms, 100):
            incidents.wake(
                self.store, timer, self.library, self.settings.brands, lambda _: frozenset({"ada"}), self.now_ms
            )
        lease_ms = 30 * DAY_MS
        for one in outbox.claim_due(self.store, "me", self.now_ms, lease_ms, 100):
            if one.incident and one.action in TO_PEOPLE:
                self.done.append((one.action, one.target))

    @property
    def view(self) -> IncidentView:
        """The newest incident."""
        return incidents.list_incidents(self.store, limit=1)[0]

    @property
    def paged(self) -> list[str]:
        """The roles that were paged so far."""
        return [target for kind, target in self.done if kind is ActionKind.PAGE]


@pytest.fixture
def story(store: Engine) -> Story:
    return Story(store, armed(store))


def test_a_muted_incident_opens_and_is_shown_and_nobody_hears_of_it(story: Story) -> None:
    story.mutes(hours=4)
    view = story.signal()
    assert view.state is IncidentState.OPENED
    assert (view.pages, view.held) == (False, False)
    decisions = {one.decision for one in view.actions if one.kind is not ActionKind.ANNOTATE}
    assert decisions == {ActionDecision.MUTED}
    assert story.at(3.9).done == []


def test_the_log_says_once_until_when_by_whom_and_why(story: Story) -> None:
    id = story.mutes(hours=4)
    story.signal()
    story.now_ms += MINUTE_MS
    view = story.signal("sig-2", severity=5)
    assert view.mutes == (MutedEntry(id, "ada", "the final", MORNING_MS + 4 * HOUR_MS),)
    assert view.severity == 5
    assert story.at(1).done == []


def test_the_graphs_are_marked_all_the_same(story: Story) -> None:
    story.mutes()
    marks = [one for one in story.signal().actions if one.kind is ActionKind.ANNOTATE]
    assert [one.decision for one in marks] == [ActionDecision.DUE]


def test_what_is_still_open_when_the_mute_ends_is_acted_on_then_and_once(story: Story) -> None:
    story.mutes(hours=4)
    story.signal()
    story.at(3.95)
    assert story.done == []
    story.at(4.01)
    assert story.paged == ["on-call"]
    assert (ActionKind.NOTIFY, "posting-team") in story.done
    assert story.view.held
    page = next(one for one in story.view.actions if one.kind is ActionKind.PAGE and one.decision is ActionDecision.DUE)
    assert story.view.planned(page.step)[0].decision is ActionDecision.MUTED
    assert story.at(4.05).paged == ["on-call"]


def test_the_page_at_the_end_says_why_it_comes_late_and_climbs_its_ladder(story: Story) -> None:
    story.mutes(hours=1)
    story.signal()
    story.at(0.99)
    story.now_ms = MORNING_MS + HOUR_MS
    for timer in timers.due(story.store, story.now_ms, 10):
        incidents.wake(story.store, timer, LIBRARY, story.settings.brands, lambda _: frozenset(), story.now_ms)
    due = outbox.claim_due(story.store, "me", story.now_ms, 1, 50)
    (page,) = [one for one in due if one.action is ActionKind.PAGE]
    assert "It opened 60 minutes ago and was muted until now." in page.body["text"]
    story.at(3)
    assert len(story.paged) > 1, "nobody acknowledges, so others are paged"


def test_lifting_a_mute_acts_at_once_and_its_end_finds_nothing_more_to_do(story: Story) -> None:
    id = story.mutes(hours=4)
    story.signal()
    story.at(1)
    assert story.lifts(id) is Muted.LIFTED
    story.act()
    assert story.paged == ["on-call"]
    deeds.contain(story.store, story.view.id, "ada", "it is one shop", story.now_ms)
    assert story.at(4.1).paged == ["on-call"]
    assert story.lifts(id) is Muted.IS_OVER


def test_where_another_mute_is_in_force_at_the_end_of_one_it_stays_silent_until_that_one_ends(story: Story) -> None:
    story.mutes(hours=1)
    story.signal()
    longer = story.mutes(hours=3, brand="acme")
    assert story.at(2.9).done == []
    assert [one.mute for one in story.view.mutes][-1] == longer
    assert story.at(3.1).paged[0] == "on-call"


@pytest.mark.parametrize("word", ["acknowledged", "contained", "over"])
def test_at_its_end_nobody_is_paged_for_what_somebody_has_in_hand(story: Story, word: str) -> None:
    story.mutes(hours=1)
    incident = story.signal().id
    if word == "acknowledged":
        deeds.acknowledge_by(story.store, incident, "ada", AcknowledgedBy.COMMAND, story.now_ms)
    elif word == "contained":
        deeds.contain(story.store, incident, "ada", "it is one shop", story.now_ms)
    else:
        deeds.resolve(story.store, incident, "ada", "mended", story.now_ms)
    assert story.at(1.1).paged == []


def test_a_mute_takes_back_no_page_and_lets_go_of_no_hold(story: Story) -> None:
    story.signal()
    story.act()
    assert story.paged == ["on-call"]
    story.mutes(hours=4)
    story.at(0.5)
    assert len(story.paged) > 1, "the ladder is climbed on"
    assert story.view.held
    before = len(story.paged)
    story.signal("sig-2", severity=5)
    story.act()
    assert len(story.paged) > before, "what has been paged pages when it gets worse"


def test_a_mute_of_one_brand_or_another_kind_mutes_nothing_else(story: Story) -> None:
    story.settings.brands.update(armed(story.store, brand="bolt").brands)
    story.mutes(brand="bolt")
    story.mutes(kind=SignalKind.VOLUME)
    story.mutes(kind=None, playbook="tone-shift")
    story.signal()
    story.act()
    assert story.paged == ["on-call"]


def test_a_storm_is_not_hidden_by_a_mute_of_the_shift_before_it(story: Story) -> None:
    story.mutes(kind=None, playbook="tone-shift")
    assert story.signal(evidence=SHIFT).playbook == "tone-shift"
    story.act()
    assert story.paged == []
    story.now_ms += MINUTE_MS
    story.signal("sig-2")
    story.act()
    assert story.paged == ["on-call"]


def test_what_a_person_reports_pages_although_its_playbook_is_muted(story: Story) -> None:
    story.mutes(kind=None, playbook="safety-incident")
    about = reporting.Report("acme", "safety-incident", 4, "a customer is in hospital")
    came = reporting.report(story.store, about, "ada", "Ada", LIBRARY, story.settings, story.now_ms)
    story.act()
    assert came.told is deeds.Told.DONE
    assert "on-call" in story.paged


def test_silence_is_muted_by_its_name_alone(story: Story) -> None:
    story.mutes(kind=SignalKind.NEGATIVITY)
    story.signal(kind=SignalKind.SILENCE)
    story.act()
    assert story.paged == ["ops"]


def test_silence_that_is_named_is_muted(story: Story) -> None:
    story.mutes(kind=SignalKind.SILENCE, brand="acme")
    story.signal(kind=SignalKind.SILENCE)
    story.act()
    assert story.paged == []


@pytest.mark.parametrize("run", ["drill-1", "replay-1"])
def test_a_drill_and_a_replay_know_no_mute(story: Story, run: str) -> None:
    story.mutes()
    assert story.signal(run=run).pages


def test_a_mute_that_is_to_come_mutes_nothing_before(story: Story) -> None:
    story.mutes(begins_ms=MORNING_MS + HOUR_MS)
    story.signal()
    story.act()
    assert story.paged == ["on-call"]


def test_an_observed_brand_stays_observed_when_a_mute_ends(store: Engine) -> None:
    story = Story(store, armed(store, Arming.OBSERVE))
    story.mutes(hours=1)
    story.signal()
    assert story.at(1.2).done == []


def test_a_muted_incident_that_nothing_fires_any_more_ends_by_itself(story: Story) -> None:
    story.mutes(hours=24)
    story.signal()
    assert story.at(23).view.state is IncidentState.RESOLVED
    assert story.at(25).done == []


def test_moving_a_muted_incident_pages_where_the_other_playbook_is_not_muted(story: Story) -> None:
    story.mutes(kind=None, playbook="tone-shift")
    incident = story.signal(evidence=SHIFT).id
    known = story.settings.brands
    told = moving.move(story.store, incident, "ada", "it grew", "complaint-storm", LIBRARY, known, story.now_ms).told
    story.act()
    assert told is deeds.Told.DONE
    assert story.paged == ["on-call"]


def test_opened_again_by_hand_what_was_never_asked_for_is_asked_for(story: Story) -> None:
    story.mutes(hours=1)
    incident = story.signal().id
    deeds.resolve(story.store, incident, "ada", "nothing", story.now_ms)
    story.at(2)
    deeds.reopen(story.store, incident, "ada", "it was something", LIBRARY, story.settings.brands, story.now_ms)
    story.act()
    assert story.paged == ["on-call"]


def test_whoever_lifts_a_mute_waits_for_what_is_just_decided_under_it(story: Story) -> None:
    """Otherwise that incident would stay silent until the mute's end, though it is lifted."""
    id = story.mutes()
    told: list[Muted] = []
    lifting = threading.Thread(target=lambda: told.append(story.lifts(id)))
    with writing(story.store) as conn:
        assert [one.id for one in mutes.in_force(conn, "", story.now_ms)] == [id]
        lifting.start()
        lifting.join(0.3)
        assert not told
    lifting.join(10)
    assert told == [Muted.LIFTED]


@pytest.mark.parametrize(
    ("changed", "person", "told"),
    [
        ({"brand": "nobody"}, "ada", Muted.NO_SUCH_BRAND),
        ({"playbook": "nothing"}, "ada", Muted.NO_SUCH_PLAYBOOK),
        ({"playbook": "bot-flood"}, "ada", Muted.NEVER_FIRES),
        ({"kind": None}, "ada", Muted.MUTES_EVERYTHING),
        ({"reason": ""}, "ada", Muted.NO_REASON),
        ({}, "eve", Muted.NO_PERSON),
        ({"ends_ms": MORNING_MS + 15 * DAY_MS}, "ada", Muted.TOO_LONG),
    ],
)
def test_a_mute_that_may_not_be_is_refused_and_not_written(
    story: Story, changed: dict[str, Any], person: str, told: Muted
) -> None:
    known = Wanted(None, SignalKind.NEGATIVITY, None, 0, MORNING_MS + HOUR_MS, "the final")
    wanted = msgspec.structs.replace(known, **changed)
    assert mutes.mute(story.store, wanted, person, LIBRARY, story.settings, MORNING_MS) == (told, "")
    assert mutes.not_over(story.store, MORNING_MS) == []


def test_a_lifted_mute_keeps_who_lifted_it_and_why(story: Story) -> None:
    id = story.mutes()
    assert mutes.lift(story.store, id, "ada", " ", story.settings, story.now_ms) is Muted.NO_REASON
    assert mutes.lift(story.store, id, "eve", "why", story.settings, story.now_ms) is Muted.NO_PERSON
    assert mutes.lift(story.store, "mute-0", "ada", "why", story.settings, story.now_ms) is Muted.NO_SUCH_MUTE
    story.lifts(id)
    (over,) = mutes.over(story.store, story.now_ms)
    assert (over.lifted_by, over.lifted_why, over.lifted_ms) == ("ada", "called off", story.now_ms)
    assert mutes.not_over(story.store, story.now_ms) == []
    with writing(story.store) as conn:
        assert len(conn.execute(table.select()).all()) == 1
