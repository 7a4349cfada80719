"""What stays of the playbook that an incident went by before it was moved: its tasks, its deadlines and its cause."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from playbooks.console.asked import AskedOfPeople
from playbooks.console.to_do import ToDo, to_do
from playbooks.content.catalog import day_of, load_library
from playbooks.content.schema import Playbook
from playbooks.incidents.incident import IncidentState, IncidentView, WentBy
from playbooks.incidents.log_entry import ActionPlanned, StepOverdue
from playbooks.labels import ActionKind
from playbooks.store import schema, timers
from playbooks.store.engine import reading
from playbooks.store.incidents import moving, reporting
from playbooks.store.incidents.deeds import Told, acknowledge, tick
from playbooks.store.incidents.incidents import incident_history, incident_view, take_signal, wake
from playbooks.store.incidents.reporting import Came, Report
from tests.parts.console import Clock, browsing, crisis, page, send
from tests.parts.signals import MINUTE_MS, MORNING_MS, a_signal, armed

OWN = load_library()


def report(store: Engine, playbook: str, at_ms: int = MORNING_MS) -> reporting.Answer:
    """Ada reports what people say."""
    about = Report("acme", playbook, 3, "It is all over the place.")
    return reporting.report(store, about, "ada", "Ada", OWN, armed(store), at_ms)


def move(store: Engine, incident: str, to: str) -> Told:
    """Ada moves it, five minutes later."""
    return moving.move(store, incident, "ada", "it fits", to, OWN, {"acme"}, MORNING_MS + 5 * MINUTE_MS).told


def seen(store: Engine, incident: str) -> IncidentView:
    """The incident now."""
    found = incident_view(store, incident)
    assert found
    return found


def playbook_of(by: WentBy) -> Playbook | None:
    """A version of the library that Firebreak brings."""
    found = OWN.version(by.playbook, by.version)
    return found.playbook if found else None


def listed(store: Engine, incident: str, at_ms: int = MORNING_MS) -> list[ToDo]:
    """What the page lists for people to do."""
    return to_do(seen(store, incident), playbook_of, str, at_ms, may_act=True)


def wake_all(store: Engine, at_ms: int) -> None:
    """Wake what is due by then."""
    for timer in timers.due(store, at_ms, 1_000):
        wake(store, timer, OWN, {"acme"}, lambda _: frozenset(), at_ms)


def number(playbook: str, version: str) -> int:
    """How many things a playbook asks of people."""
    found = OWN.version(playbook, version)
    assert found
    return sum(step.action.is_for_people for step in found.playbook.steps)


@pytest.fixture
def moved(store: Engine) -> str:
    """Reported as outrage, then as something graver, which moves it."""
    incident = report(store, "viral-outrage").incident
    came = report(store, "safety-incident", MORNING_MS + MINUTE_MS)
    assert (came.came, came.incident) == (Came.MOVED, incident)
    return incident


def test_what_the_earlier_playbook_asked_stands_after_what_the_graver_one_asks_and_can_be_ticked(
    store: Engine, moved: str
) -> None:
    shown = listed(store, moved)
    own, earlier = number("safety-incident", "2.0.0"), number("viral-outrage", "1.0.0")
    assert [one.of for one in shown] == [""] * own + ["viral-outrage"] * earlier
    assert all(one.words and one.may_do for one in shown)
    apology = next(one for one in shown if one.action == f"{moved}:apology:1")
    assert apology.options
    assert tick(store, moved, apology.action, "ada", "", apology.options[0], MORNING_MS + 9) is Told.DONE
    (ticked,) = [one for one in listed(store, moved) if one.done_by]
    assert (ticked.action, ticked.decided) == (apology.action, apology.options[0])


async def test_the_page_says_which_playbook_asked_and_takes_that_it_is_done(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "ada", Clock()) as browser:
        where = f"/incidents/{incident}"
        await send(browser, f"{where}/move", playbook="safety-incident", reason="Somebody is in hospital.")
        shown = await page(browser, where)
        assert shown.count("Asked for by the playbook complaint-storm, which it went by before.") == 9
        task = f"{incident}:read-the-posts:1"
        assert f'value="{task}"' in shown
        assert (await send(browser, f"{where}/done", action=task, note="all read"))[1].endswith("said=ticked")
        assert "all read" in await page(browser, where)


def test_the_review_and_the_timelines_end_have_what_every_playbook_asked(store: Engine, moved: str) -> None:
    people = AskedOfPeople()
    for row in incident_history(store, moved):
        people.follow(row.entry)
    assert len(people.all) == number("safety-incident", "2.0.0") + number("viral-outrage", "1.0.0")
    assert [one.step for one in people.left].count("who-leads") == 2, "each playbook has its own words for it"


def test_what_the_earlier_playbook_asked_is_told_when_it_is_overdue(store: Engine, moved: str) -> None:
    wake_all(store, MORNING_MS + 3 * 60 * MINUTE_MS)
    rows = [row.entry for row in incident_history(store, moved)]
    overdue = {entry.action for entry in rows if isinstance(entry, StepOverdue)}
    assert {f"{moved}:apology:1", f"{moved}:stop-it:1"} <= overdue
    notices = {entry.action: entry for entry in rows if isinstance(entry, ActionPlanned)}
    assert notices[f"{moved}:apology:1:overdue"].kind is ActionKind.NOTIFY
    with reading(store) as conn:
        notice = select(schema.outbox.c.body).where(schema.outbox.c.id == f"{moved}:apology:1:overdue")
        assert conn.execute(notice).scalar_one()


def test_what_was_asked_is_still_there_after_a_move_to_an_older_version(store: Engine) -> None:
    take_signal(store, a_signal(severity=3), OWN, armed(store), MORNING_MS)
    with reading(store) as conn:
        incident: str = conn.execute(select(schema.incidents.c.id)).scalar_one()
    before = [one.action for one in listed(store, incident)]
    assert len(before) == number("complaint-storm", "2.0.0")
    assert move(store, incident, "complaint-storm@1.0.0") is Told.DONE
    after = listed(store, incident)
    assert [one.action for one in after] == before
    assert not any(one.of for one in after), "it is the same playbook"


@pytest.mark.parametrize("to", ["complaint-storm", "complaint-storm@1.0.0"])
def test_a_superseded_version_of_a_milder_playbook_is_milder_and_of_the_same_cause(store: Engine, to: str) -> None:
    incident = report(store, "employee-post").incident
    assert acknowledge(store, incident, "bo", MORNING_MS + 1) is Told.DONE
    pages = len(seen(store, incident).planned("page-on-call"))
    assert move(store, incident, to) is Told.DONE
    view = seen(store, incident)
    assert (view.state, view.has_it, view.cause) == (IncidentState.ACKNOWLEDGED, frozenset({"bo"}), "public-anger")
    assert len(view.planned("page-on-call")) == pages
    with reading(store) as conn:
        assert conn.execute(select(schema.incidents.c.cause)).scalar_one() == "public-anger"
    later = MORNING_MS + 6 * MINUTE_MS
    take_signal(store, a_signal("sig-2", at_ms=later), OWN, armed(store), later)
    assert report(store, "viral-outrage", later).incident == incident
    with reading(store) as conn:
        assert conn.execute(select(schema.incidents.c.id)).scalars().all() == [incident], "one of a cause"


def test_another_version_of_its_own_playbook_leaves_its_cause(store: Engine) -> None:
    take_signal(store, a_signal(severity=3), OWN, armed(store), MORNING_MS)
    with reading(store) as conn:
        incident: str = conn.execute(select(schema.incidents.c.id)).scalar_one()
    for to in ("complaint-storm@1.0.0", "complaint-storm"):
        assert move(store, incident, to) is Told.DONE
        assert seen(store, incident).cause == "public-anger"


def test_what_names_a_version_of_another_cause_is_refused_where_one_of_that_cause_is_open(store: Engine) -> None:
    open_one = report(store, "employee-post").incident
    other = report(store, "impersonation").incident
    assert other != open_one
    for to in ("complaint-storm", "complaint-storm@1.0.0"):
        assert move(store, other, to) is Told.IS_ANOTHER
    assert seen(store, other).playbook == "impersonation"


def test_every_version_that_it_may_be_moved_to_is_in_the_list_and_no_other(store: Engine) -> None:
    now_ms = MORNING_MS
    listed_ones = {(one.playbook.id, one.playbook.version) for one in OWN.movable_to(day_of(now_ms))}
    assert ("complaint-storm", "1.0.0") in listed_ones
    for one in OWN.all():
        name = f"{one.playbook.id}@{one.playbook.version}"
        taken = moving.wanted(OWN, name, now_ms) is not None
        assert taken is ((one.playbook.id, one.playbook.version) in listed_ones), name
    newest = moving.wanted(OWN, "complaint-storm", now_ms)
    assert newest is not None
    assert newest.playbook.version == "2.0.0"
