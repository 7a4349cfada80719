"""The planner: when an incident opens, who is paged, what is held, and what is only written down."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from detectors.signal import Signal, SignalKind
from playbooks.armings.arming import Arming, how_far
from playbooks.content.catalog import Library, load_library
from playbooks.content.schema import PlaybookError
from playbooks.content.trigger import EvidenceField, Match
from playbooks.effects.message import Moment, Notice
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.afterwards import after_release
from playbooks.incidents.called import with_names
from playbooks.incidents.incident import IncidentView, advance
from playbooks.incidents.log_entry import (
    ActionPlanned,
    HoldReleased,
    LogEntry,
    Logged,
    ReleaseAgreed,
    ResolvedBy,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
)
from playbooks.incidents.plan import Decided, Plan, decide
from playbooks.labels import ActionKind, SignalDecision
from playbooks.settings.brands import BrandSettings
from tests.parts.signals import HOUR_MS, MINUTE_MS, MORNING_MS, a_signal, plain_library

NOW_MS = MORNING_MS + 2_500
PLAIN = plain_library()
OWN = load_library()


class Story:
    """Signals of one brand, one after the other, and what came of each."""

    def __init__(self, library: Library = PLAIN, arming: Arming = Arming.PAGE_AND_HOLD) -> None:
        self.library = library
        self.arming = arming
        self.views: dict[str, IncidentView] = {}

    def takes(self, signal: Signal) -> Decided:
        """Decide about a signal and remember what follows."""
        decided = decide(signal, self.library, self.views, self.arming, NOW_MS)
        for plan in decided.plans:
            self.follow(plan.incident, plan.entries, signal.at_ms, fresh=plan.decision is SignalDecision.OPENED)
        return decided

    def follow(self, incident: str, entries: tuple[LogEntry, ...], at_ms: int, *, fresh: bool = False) -> None:
        """Write entries into the log."""
        known = {view.id: view for view in self.views.values()}
        view = None if fresh else known[incident]
        for entry in entries:
            view = advance(view, incident, Logged(0, at_ms, at_ms, "respond", entry))
        assert view
        self.views[view.playbook] = view

    @property
    def view(self) -> IncidentView:
        """The only incident."""
        (view,) = self.views.values()
        return view


def due(decided: Decided) -> list[tuple[ActionKind, str]]:
    """What is carried out, in order."""
    return [(action.action, action.target) for plan in decided.plans for action in plan.due]


def kinds_due(decided: Decided) -> list[ActionKind]:
    """What is carried out, in order, without for whom."""
    return [kind for kind, _ in due(decided)]


def standing(decided: Decided) -> Mapping[str, ActionDecision]:
    """What was decided about each step that was planned."""
    return {
        entry.step: entry.decision
        for plan in decided.plans
        for entry in plan.entries
        if isinstance(entry, ActionPlanned)
    }


def only(decided: Decided) -> Plan:
    """The one plan there is."""
    (plan,) = decided.plans
    return plan


def notice(action: Action) -> Notice:
    """What an action says."""
    return msgspec.convert(action.body, Notice)


def test_a_signal_that_fires_opens_an_incident_and_does_every_step() -> None:
    decided = Story().takes(a_signal())
    assert decided.decision is SignalDecision.OPENED
    assert due(decided) == [
        (ActionKind.HOLD, "acme"),
        (ActionKind.PAGE, "on-call"),
        (ActionKind.NOTIFY, "posting-team"),
        (ActionKind.NOTIFY, "executives"),
        (ActionKind.ANNOTATE, "acme"),
    ]
    hold = only(decided).hold
    assert hold
    assert (hold.brand, hold.platform, hold.releasers_needed) == ("acme", "x", 2)


def test_the_complaint_storm_pages_notifies_and_holds_the_brand() -> None:
    story = Story(OWN)
    decided = story.takes(a_signal())
    assert set(due(decided)) == {
        (ActionKind.HOLD, "acme"),
        (ActionKind.PAGE, "on-call"),
        (ActionKind.NOTIFY, "posting-team"),
        (ActionKind.NOTIFY, "executives"),
        (ActionKind.ANNOTATE, "acme"),
    }
    assert story.view.playbook == "complaint-storm"
    (hold,) = story.view.holds
    assert (hold.brand, hold.platform, hold.in_force) == ("acme", None, True)


@pytest.mark.parametrize(
    "signal",
    [
        a_signal(kind=SignalKind.VOLUME),
        a_signal(severity=1),
        a_signal(platform="reddit"),
        a_signal(platform=None),
        a_signal(evidence={EvidenceField.AUTHORS: 4}),
    ],
    ids=["other kind", "too mild", "other platform", "brand as a whole", "one circle of friends"],
)
def test_a_signal_that_fires_nothing_changes_nothing(signal: Signal) -> None:
    decided = Story().takes(signal)
    assert (decided.decision, decided.plans) == (SignalDecision.NO_PLAYBOOK, ())


def test_a_signal_that_joins_pages_nobody_again() -> None:
    story = Story()
    story.takes(a_signal())
    decided = story.takes(a_signal("sig-2", at_ms=MORNING_MS + MINUTE_MS))
    assert decided.decision is SignalDecision.JOINED
    assert due(decided) == []
    assert [type(entry) for entry in only(decided).entries] == [SignalJoined]
    assert (story.view.signals, story.view.last_signal_ms) == (2, MORNING_MS + MINUTE_MS)


def test_getting_worse_pages_again_and_leaves_the_hold_alone() -> None:
    story = Story()
    story.takes(a_signal(severity=3))
    decided = story.takes(a_signal("sig-2", severity=4))
    assert decided.decision is SignalDecision.RAISED
    assert due(decided) == [(ActionKind.PAGE, "on-call"), (ActionKind.ANNOTATE, "acme")]
    assert only(decided).hold is None
    assert "worse" in notice(only(decided).due[0]).subject
    assert story.view.severity == 4


def test_a_notice_that_asks_for_it_is_said_again_when_it_gets_worse() -> None:
    story = Story(OWN)
    story.takes(a_signal(severity=3))
    assert (ActionKind.NOTIFY, "executives") in due(story.takes(a_signal("sig-2", severity=5)))


def test_getting_better_pages_nobody_and_keeps_the_worst_severity() -> None:
    story = Story()
    story.takes(a_signal(severity=4))
    assert due(story.takes(a_signal("sig-2", severity=2))) == []
    assert due(story.takes(a_signal("sig-3", severity=4))) == []
    assert story.view.severity == 4


def test_a_signal_that_does_not_fire_is_noted_in_the_open_incident_and_no_more() -> None:
    story = Story()
    story.takes(a_signal())
    decided = story.takes(a_signal("sig-2", severity=5, kind=SignalKind.VOLUME, at_ms=MORNING_MS + MINUTE_MS))
    assert decided.decision is SignalDecision.NO_PLAYBOOK
    (entry,) = only(decided).entries
    assert isinstance(entry, SignalNoted)
    assert entry.match is Match.OTHER_KIND
    assert (story.view.severity, story.view.signals, story.view.last_signal_ms) == (3, 1, MORNING_MS)


def test_a_brand_that_only_observes_is_shown_what_would_have_been_done() -> None:
    story = Story(arming=Arming.OBSERVE)
    decided = story.takes(a_signal())
    assert decided.decision is SignalDecision.OPENED
    assert due(decided) == [(ActionKind.ANNOTATE, "acme")]
    would_have = dict.fromkeys(("hold", "page", "tell-posting-team", "tell-executives"), ActionDecision.BRAND_OBSERVES)
    assert standing(decided) == {**would_have, "mark": ActionDecision.DUE}
    assert not story.view.held


def test_a_brand_armed_to_page_is_paged_and_not_held_and_nobody_is_told_of_a_hold() -> None:
    story = Story(arming=Arming.PAGE)
    decided = story.takes(a_signal())
    assert standing(decided) == {
        "hold": ActionDecision.BRAND_NOT_ARMED_TO_HOLD,
        "page": ActionDecision.DUE,
        "tell-posting-team": ActionDecision.NOTHING_HELD,
        "tell-executives": ActionDecision.DUE,
        "mark": ActionDecision.DUE,
    }
    assert only(decided).hold is None


def test_joining_while_observed_writes_down_nothing_more_than_the_signal() -> None:
    story = Story(arming=Arming.OBSERVE)
    story.takes(a_signal())
    assert [type(entry) for entry in only(story.takes(a_signal("sig-2"))).entries] == [SignalJoined]


def test_arming_a_brand_in_the_middle_does_at_the_next_signal_what_was_not_done() -> None:
    story = Story(arming=Arming.OBSERVE)
    story.takes(a_signal())
    story.arming = Arming.PAGE_AND_HOLD
    decided = story.takes(a_signal("sig-2"))
    assert kinds_due(decided) == [ActionKind.HOLD, ActionKind.PAGE, ActionKind.NOTIFY, ActionKind.NOTIFY]
    assert story.view.held
    assert due(story.takes(a_signal("sig-3"))) == []


def test_disarming_a_brand_in_the_middle_leaves_its_hold_in_force() -> None:
    story = Story()
    story.takes(a_signal(severity=3))
    story.arming = Arming.OBSERVE
    decided = story.takes(a_signal("sig-2", severity=5))
    assert due(decided) == [(ActionKind.ANNOTATE, "acme")]
    assert story.view.held


def _let_go(story: Story) -> None:
    (hold,) = (hold.id for hold in story.view.holds if hold.in_force)
    story.follow(story.view.id, (ReleaseAgreed(hold, "calm again"), HoldReleased(hold)), MORNING_MS + MINUTE_MS)


def test_a_hold_that_people_let_go_is_not_placed_again_by_more_of_the_same() -> None:
    story = Story()
    story.takes(a_signal())
    _let_go(story)
    assert due(story.takes(a_signal("sig-2"))) == []
    assert not story.view.held


def test_a_hold_that_people_let_go_is_placed_again_and_told_when_it_gets_worse() -> None:
    story = Story()
    story.takes(a_signal(severity=3))
    _let_go(story)
    decided = story.takes(a_signal("sig-2", severity=5))
    assert due(decided) == [
        (ActionKind.HOLD, "acme"),
        (ActionKind.PAGE, "on-call"),
        (ActionKind.NOTIFY, "posting-team"),
        (ActionKind.ANNOTATE, "acme"),
    ]
    assert [hold.id.rpartition(":")[2] for hold in story.view.holds] == ["1", "2"]


def test_a_hold_of_one_platform_is_followed_by_one_of_the_next_platform() -> None:
    story = Story()
    story.takes(a_signal(platform="x"))
    decided = story.takes(a_signal("sig-2", platform="bluesky"))
    assert due(decided) == [(ActionKind.HOLD, "acme"), (ActionKind.NOTIFY, "posting-team")]
    assert due(story.takes(a_signal("sig-3", platform="bluesky"))) == []
    assert [hold.platform for hold in story.view.holds] == ["x", "bluesky"]


def test_after_quiet_hours_the_next_signal_is_a_new_incident_and_pages() -> None:
    story = Story()
    story.takes(a_signal())
    first = story.view.id
    at_ms = MORNING_MS + 2 * HOUR_MS + 1
    decided = story.takes(a_signal("sig-2", at_ms=at_ms))
    assert decided.decision is SignalDecision.OPENED
    assert (ActionKind.PAGE, "on-call") in due(decided)
    plan = only(decided)
    assert plan.ends == first != plan.incident
    assert plan.ending
    assert plan.ending.how is ResolvedBy.QUIET


def test_within_the_quiet_hours_it_is_the_same_incident() -> None:
    story = Story()
    story.takes(a_signal())
    for n in range(1, 5):
        decided = story.takes(a_signal(f"sig-{n}", at_ms=MORNING_MS + n * 2 * HOUR_MS))
        assert decided.decision is SignalDecision.JOINED


def test_a_signal_that_does_not_fire_keeps_no_incident_awake() -> None:
    story = Story()
    story.takes(a_signal())
    story.takes(a_signal("sig-2", kind=SignalKind.VOLUME, at_ms=MORNING_MS + HOUR_MS))
    assert story.takes(a_signal("sig-3", at_ms=MORNING_MS + 2 * HOUR_MS + 1)).decision is SignalDecision.OPENED


def test_a_signal_from_before_the_opening_joins() -> None:
    story = Story()
    story.takes(a_signal())
    assert story.takes(a_signal("sig-0", at_ms=MORNING_MS - 9 * HOUR_MS)).decision is SignalDecision.JOINED
    assert story.view.last_signal_ms == MORNING_MS


def test_an_open_incident_whose_playbook_file_is_gone_is_said() -> None:
    story = Story()
    story.takes(a_signal())
    story.library = OWN
    with pytest.raises(PlaybookError, match="put that file back"):
        story.takes(a_signal("sig-2"))


def test_ids_follow_from_what_is_decided() -> None:
    first, again = (Story().takes(a_signal()) for _ in range(2))
    assert first == again
    incident = only(first).incident
    assert only(first).due[1].id == f"{incident}:page:1"
    story = Story()
    story.takes(a_signal(severity=2))
    assert only(story.takes(a_signal("sig-2", severity=3))).due[0].id.endswith(":page:2")


def test_runs_brands_and_first_signals_make_different_incidents() -> None:
    signals = [a_signal(), a_signal("sig-2"), a_signal(brand="other"), a_signal(run="drill-1")]
    assert len({only(Story().takes(signal)).incident for signal in signals}) == 4


@pytest.mark.parametrize("run", ["", "drill-1"])
def test_a_delay_counts_from_now_for_life_and_drills(run: str) -> None:
    actions = {action.step: action for action in only(Story().takes(a_signal(run=run))).due}
    assert actions["page"].due_ms == NOW_MS
    assert actions["tell-executives"].due_ms == NOW_MS + 15 * MINUTE_MS
    assert actions["tell-executives"].at_ms == MORNING_MS + 15 * MINUTE_MS


def test_a_replay_has_no_delays() -> None:
    assert {action.due_ms for action in only(Story().takes(a_signal(run="replay-1"))).due} == {NOW_MS}


def test_every_action_carries_the_run() -> None:
    assert {action.run for action in only(Story().takes(a_signal(run="drill-1"))).due} == {"drill-1"}


def test_a_message_says_why_and_in_which_version() -> None:
    decided = Story(OWN).takes(a_signal())
    page = next(action for action in only(decided).due if action.action is ActionKind.PAGE)
    said = notice(page)
    told = with_names(said, {}, {"acme": BrandSettings(name="Acme Parcels")})
    assert told.subject == "Acme Parcels on x: many people complain at once (severity 3 of 5)"
    for part in (
        "people complained in 15 minutes",
        "40 posts by 40 people",
        "30 of them negative: 60 %, usually 20 %",
        "by chance alone that practically never happens",
        "since 2026-01-05T08:45:00.000Z, noticed 2026-01-05T09:00:00.000Z",
        "Playbook complaint-storm 2.0.0",
    ):
        assert part in said.text
    for jargon in ("detector", "10^", "observed", "baseline"):
        assert jargon not in said.text
    assert "For the public" in said.statements
    assert "approved by" in said.statements
    assert said.runbook.startswith("# Many people complain at once")
    assert said.signal == a_signal()
    assert said.moment is None


def test_an_annotation_marks_the_signal_and_carries_no_runbook() -> None:
    mark = next(a for a in only(Story().takes(a_signal())).due if a.action is ActionKind.ANNOTATE)
    assert (notice(mark).moment, notice(mark).runbook) == (Moment.SIGNAL, "")


def test_dead_letters_page_ops_and_nobody_else_whatever_the_brand() -> None:
    rubbish = a_signal(kind=SignalKind.DEAD_LETTERS, brand="firebreak", platform=None)
    arming = how_far(rubbish, Arming.OBSERVE, in_settings=False)
    decided = Story(OWN, arming).takes(rubbish)
    assert due(decided) == [(ActionKind.PAGE, "ops"), (ActionKind.ANNOTATE, "firebreak")]
    assert "records in 900 seconds cannot be read" in notice(only(decided).due[0]).text


def test_whoever_was_told_of_a_hold_is_told_of_its_release() -> None:
    story = Story()
    story.takes(a_signal())
    _let_go(story)
    (hold,) = story.view.holds
    actions = after_release(story.view, hold.id, "bo", "calm again", NOW_MS)
    assert [(a.action, a.target, a.id) for a in actions] == [
        (ActionKind.NOTIFY, "posting-team", f"{hold.id}:released:1"),
        (ActionKind.ANNOTATE, "acme", f"{hold.id}:released:2"),
    ]
    assert [notice(action).moment for action in actions] == [None, Moment.RELEASE]
    assert "{bo}, said: calm again" in notice(actions[0]).text


def test_getting_worse_names_both_severities_in_the_log() -> None:
    story = Story()
    story.takes(a_signal(severity=2))
    raised = [e for e in only(story.takes(a_signal("s", severity=5))).entries if isinstance(e, SeverityRaised)]
    assert [(entry.before, entry.after) for entry in raised] == [(2, 5)]
