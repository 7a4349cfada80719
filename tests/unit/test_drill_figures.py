"""What is measured in a drill: from what the store and the gate know to seconds, and to what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from playbooks.delivery.standing import Entry, Line
from playbooks.drills.compare import before, compared
from playbooks.drills.drill import Drill, Fault, Figures, Part, Place, Posts, Result, judged
from playbooks.drills.measure import Asked, Known, Pace, measure, waited_for
from playbooks.gate.answer import Outcome
from playbooks.holds.hold import Hold
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import Acknowledgement, IncidentState, IncidentView, PlannedAction
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from tests.parts.signals import a_signal

#: The crisis begins at event time 0, is played from then on at wall time WALL_MS, ten times as fast as life.
WALL_MS = 1_800_000_000_000
PACE = Pace(first_ms=0, from_ms=0, wall_ms=WALL_MS, speed=10.0)
#: Known after 60 s of event time: 6 s on the wall.
KNOWN_MS = 60_000
THEN_MS = WALL_MS + 6_000
INCIDENT = "inc-1"


def view(**changes: Any) -> IncidentView:
    """An incident that paged on-call a tenth of a second after it was known."""
    found = {
        "id": INCIDENT,
        "run": "drill-x",
        "brand": "acme",
        "playbook": "complaint-storm",
        "version": "1.0.0",
        "hash": "h",
        "title": "t",
        "state": IncidentState.OPENED,
        "severity": 3,
        "signal": a_signal(at_ms=KNOWN_MS),
        "opened_ms": KNOWN_MS,
        "recorded_ms": THEN_MS + 100,
        "last_signal_ms": KNOWN_MS,
        "actions": (page("p"),),
    }
    return IncidentView(**{**found, **changes})


def page(id: str, *, each: bool = False) -> PlannedAction:
    """A page that is due."""
    return PlannedAction(id, id, ActionKind.PAGE, "on-call", ActionDecision.DUE, 0, 0, each=each)


def sent(person: str, after_ms: int, action: str = "p", outcome: DeliveryOutcome = DeliveryOutcome.ACCEPTED) -> Line:
    """A page that came so long after it was known."""
    entry = Entry(action, 1, THEN_MS + after_ms, person, Channel.EMAIL, outcome, "")
    return Line(entry, ActionKind.PAGE, action, "on-call")


def has_it(person: str, after_ms: int) -> Acknowledgement:
    """Somebody says that they have it."""
    return Acknowledgement(person, THEN_MS + after_ms, AcknowledgedBy.LINK)


def held(platform: str | None = None, released_after_ms: int | None = None, after_ms: int = 100) -> Hold:
    """A hold that was decided a tenth of a second after it was known."""
    released_ms = None if released_after_ms is None else THEN_MS + released_after_ms
    return Hold("h", INCIDENT, "drill-x", "acme", platform, "r", 1, KNOWN_MS, THEN_MS + after_ms, released_ms)


def asked(after_ms: int, outcome: Outcome, hold: str | None = None, platform: str = "x") -> Asked:
    """What the canary asked so long after it was known, and was told ten milliseconds later."""
    return Asked(THEN_MS + after_ms - 10, THEN_MS + after_ms, platform, outcome, hold)


def figures(view: IncidentView, ledger: list[Line], holds: list[Hold], asked: list[Asked]) -> Figures:
    """What is measured of one incident."""
    return measure(Known([view], {view.id: ledger}, holds), asked, PACE).figures


def test_event_time_counts_until_it_is_known_and_the_wall_clock_after_that() -> None:
    found = figures(
        view(acknowledged=(has_it("ada", 5_000),)),
        [sent("ada", 700)],
        [held(released_after_ms=9_000)],
        [asked(300, Outcome.HELD, "h")],
    )
    assert found == Figures(60.1, 60.7, 65.0, 60.3, 69.0, 0)


def test_what_did_not_happen_is_none() -> None:
    nothing = measure(Known(), [], PACE)
    assert nothing.figures == Figures()
    assert figures(view(), [], [], []) == Figures(detect_s=60.1)


def test_nobody_is_reached_by_what_was_only_written_down_refused_or_tried_again() -> None:
    outcomes = (DeliveryOutcome.RECORDED, DeliveryOutcome.FAILED, DeliveryOutcome.RETRY, DeliveryOutcome.SENDING)
    ledger = [sent("ada", 100, outcome=outcome) for outcome in outcomes]
    result = measure(Known([view()], {INCIDENT: ledger}, []), [], PACE)
    assert result.figures.page_s is None
    assert (result.reached, result.on_paper) == ((), ("ada",))


def test_a_page_that_asks_each_of_them_is_acknowledged_when_the_last_of_them_has() -> None:
    ledger = [sent("ada", 100, "each"), sent("bo", 100, "each"), sent("cy", 100)]
    actions = (page("each", each=True), page("p"))
    one = view(actions=actions, acknowledged=(has_it("cy", 500), has_it("ada", 1_000)))
    assert waited_for(one, ledger) == {"bo"}
    assert figures(one, ledger, [], []).acknowledge_s is None
    all_of_them = view(actions=actions, acknowledged=(*one.acknowledged, has_it("bo", 4_000)))
    assert figures(all_of_them, ledger, [], []).acknowledge_s == 64.0


def test_the_first_of_several_who_acknowledge_a_page_for_anybody_counts() -> None:
    seen = view(acknowledged=(has_it("ada", 2_000), has_it("bo", 9_000)))
    assert figures(seen, [sent("ada", 100), sent("bo", 100)], [], []).acknowledge_s == 62.0


def test_a_hold_of_life_in_the_way_is_not_the_drills() -> None:
    answers = [asked(10, Outcome.HELD, "hold-of-life"), asked(900, Outcome.HELD, "h")]
    assert figures(view(), [], [held()], answers).hold_s == 60.9


def test_a_post_that_is_asked_for_and_allowed_between_the_decision_and_the_release_has_slipped() -> None:
    answers = [
        asked(50, Outcome.ALLOWED),
        asked(105, Outcome.ALLOWED),
        asked(150, Outcome.ALLOWED),
        asked(200, Outcome.HELD, "h"),
        asked(2_500, Outcome.ALLOWED),
    ]
    assert figures(view(), [], [held(released_after_ms=2_000)], answers).posts_slipped == 1
    assert figures(view(), [], [held()], answers).posts_slipped == 2


def test_a_post_on_a_platform_that_is_not_held_has_not_slipped() -> None:
    answers = [asked(500, Outcome.ALLOWED, platform="bluesky"), asked(500, Outcome.HELD, "h")]
    assert figures(view(), [], [held("x")], answers).posts_slipped == 0


def test_where_the_gate_never_answers_nothing_is_said_of_posts_that_slipped() -> None:
    answers = [asked(n, Outcome.UNREACHABLE) for n in range(5)]
    result = measure(Known([view()], {}, [held()]), answers, PACE)
    assert result.figures.posts_slipped is None
    assert result.posts == Posts(asked=5, allowed=0, held=0, unanswered=5)


def test_it_is_released_when_the_last_hold_is() -> None:
    holds = [held("x", 2_000), held("bluesky", 3_000)]
    assert figures(view(), [], holds, []).release_s == 63.0
    assert figures(view(), [], [*holds, held("y")], []).release_s is None


def test_the_incident_that_pages_is_the_one_a_drill_is_about() -> None:
    quiet = view(id="inc-0", playbook="bot-flood", actions=())
    assert measure(Known([quiet, view()]), [], PACE).incident == INCIDENT
    assert measure(Known([quiet, view()]), [], PACE, "bot-flood").incident == "inc-0"
    assert measure(Known([quiet]), [], PACE).incident == "inc-0"


@pytest.mark.parametrize(
    ("found", "must_page", "early", "faults"),
    [
        (Figures(page_s=3.0), False, False, (Fault.PAGED_FOR_NOTHING,)),
        (Figures(page_s=3.0), True, False, ()),
        (Figures(posts_slipped=1), True, False, (Fault.POSTS_SLIPPED,)),
        (Figures(posts_slipped=0), True, True, (Fault.ENDED_EARLY,)),
    ],
)
def test_what_is_wrong_is_said(found: Figures, must_page: bool, early: bool, faults: tuple[Fault, ...]) -> None:
    result = judged(Result(found, Posts()), (), must_page=must_page, ended_early=early)
    assert result.faults == faults
    assert result.good is (not faults)


def drill(run: str, page_s: float | None = None, **changes: Any) -> Drill:
    """A drill that is over."""
    made = {"name": "burst", "brand": "acme", "place": Place.RUNNING, "person": "", "until_ms": 0}
    result = Result(Figures(page_s=page_s), Posts())
    return Drill(**{"run": run, "begun_ms": 5, "ended_ms": 9, "result": result, **made, **changes})


def test_a_drill_is_compared_with_the_same_in_the_same_place() -> None:
    this = drill("now", 70.0)
    last, older = drill("last", None, begun_ms=4), drill("older", 90.0, begun_ms=3)
    others = [
        this,
        drill("later", 1.0, begun_ms=6),
        last,
        drill("elsewhere", 1.0, place=Place.EMBEDDED),
        drill("another", 1.0, name="flood"),
        drill("killed", begun_ms=4, result=None),
        older,
    ]
    assert before(this, others) == [last, older]
    row = next(row for row in compared(this, [last, older]) if row.part is Part.PAGE)
    assert (row.now_s, row.last_s, row.median_s) == (70.0, None, 90.0)
