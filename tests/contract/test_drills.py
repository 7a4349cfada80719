"""Drills in the store and through the runner: whom they reach, what they hold, and that nothing of one outlives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from detectors.run import Drill as DrillRun
from playbooks.content.catalog import Library, load_library
from playbooks.drills.drill import Drill, Figures, Part, Place, Posts, Result
from playbooks.effects.message import Message
from playbooks.effects.outcome import Delivered
from playbooks.incidents.incident import IncidentState
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.labels import ActionKind, DeliveryOutcome, SignalDecision
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store import drills, timers
from playbooks.store.delivery import outbox
from playbooks.store.engine import reading
from playbooks.store.holds.holds import holds_for, holds_in_force
from playbooks.store.incidents import deeds, incidents
from playbooks.store.incidents.incidents import list_incidents, take_signal
from playbooks.store.schema import outbox as actions
from tests.parts.channels import SECRETS, SIDES, Mood, Side
from tests.parts.messages import NOTICE, message
from tests.parts.running import runner_settings, running, until
from tests.parts.signals import HOUR_MS, MINUTE_MS, MORNING_MS, a_signal, house, ladder_library
from tests.parts.smtp import Mailbox, smtp_server

RUN = "drill-burst-1"
ROLES = ("on-call", "executives", "posting-team", "ops")
GOOD = Result(Figures(detect_s=61.0, page_s=62.5, posts_slipped=0), Posts(9, 4, 5, 0), missing=(Part.RELEASE,))


def begun(store: Engine, run: str = RUN, at_ms: int = MORNING_MS, until_ms: int = MORNING_MS + HOUR_MS) -> Drill:
    """A drill that has begun."""
    drill = Drill(run, "burst", "acme", Place.RUNNING, "ada", at_ms, until_ms)
    drills.keep(store, drill)
    return drill


def signalled(
    store: Engine, id: str = "sig-1", *, run: str = RUN, now_ms: int = MORNING_MS, library: Library | None = None
) -> SignalDecision:
    """A signal of a drill comes in."""
    return take_signal(store, a_signal(id, run=run), library or ladder_library(), house(), now_ms)


def waiting(store: Engine, kind: ActionKind) -> list[str]:
    """The actions of a kind that are still to be sent."""
    query = select(actions.c.id).where(actions.c.action == kind.value, actions.c.state.in_(["due", "again"]))
    with reading(store) as conn:
        return list(conn.execute(query).scalars())


def test_what_was_measured_is_kept_the_newest_first(store: Engine) -> None:
    first = begun(store)
    second = begun(store, "drill-burst-2", MORNING_MS + 1)
    assert drills.read_drills(store) == [second, first]
    ended = drills.finish(store, RUN, GOOD, MORNING_MS + 5_000)
    assert ended
    assert (ended.result, ended.ended_ms) == (GOOD, MORNING_MS + 5_000)
    assert drills.read_drills(store, name="burst") == [second, ended]
    assert drills.read_drills(store, name="flood") == []


def test_a_drill_ends_once(store: Engine) -> None:
    begun(store)
    drills.finish(store, RUN, GOOD, MORNING_MS + 5_000)
    assert drills.finish(store, RUN, None, MORNING_MS + 9_000) is None
    assert drills.finish(store, "drill-nobody-knows", GOOD, MORNING_MS) is None
    assert drills.read_drills(store)[0].ended_ms == MORNING_MS + 5_000


def test_a_brand_that_only_observes_is_drilled_all_the_way(store: Engine) -> None:
    begun(store)
    assert signalled(store, library=load_library()) is SignalDecision.OPENED
    (view,) = list_incidents(store, RUN)
    assert view.pages
    assert view.held


def test_with_its_end_its_incidents_end_and_everybody_who_was_paged_hears_it(store: Engine) -> None:
    begun(store)
    signalled(store)
    drills.finish(store, RUN, GOOD, MORNING_MS + MINUTE_MS)
    (view,) = list_incidents(store, RUN)
    assert view.state is IncidentState.RESOLVED
    assert waiting(store, ActionKind.PAGE) == []
    assert any(":over:" in id for id in waiting(store, ActionKind.NOTIFY))


def test_what_was_still_to_be_sent_is_written_down_and_not_sent(store: Engine) -> None:
    begun(store)
    signalled(store, library=load_library())
    before = {*waiting(store, ActionKind.PAGE), *waiting(store, ActionKind.NOTIFY)}
    assert waiting(store, ActionKind.PAGE)
    drills.finish(store, RUN, GOOD, MORNING_MS + 1)
    (view,) = list_incidents(store, RUN)
    left = {*waiting(store, ActionKind.PAGE), *waiting(store, ActionKind.NOTIFY)} & before
    lines = outbox.ledger(store, view.id)
    assert {line.entry.outbox for line in lines} == before - left
    assert {line.entry.outcome for line in lines} == {DeliveryOutcome.RECORDED}
    with reading(store) as conn:
        due = select(actions.c.due_ms).where(actions.c.id.in_(left))
        assert all(due_ms <= MORNING_MS + 1 for due_ms in conn.execute(due).scalars())


def test_a_signal_that_comes_after_the_end_opens_nothing(store: Engine) -> None:
    begun(store)
    drills.finish(store, RUN, None, MORNING_MS + MINUTE_MS)
    assert signalled(store, now_ms=MORNING_MS + MINUTE_MS) is SignalDecision.NO_PLAYBOOK
    assert list_incidents(store, RUN) == []
    assert signalled(store, "sig-2", run="") is not SignalDecision.NO_PLAYBOOK, "life goes on"


def test_a_drill_whose_command_was_killed_wakes_nobody_after_its_time(store: Engine) -> None:
    begun(store, until_ms=MORNING_MS + 2 * MINUTE_MS)
    signalled(store)
    pages = set(waiting(store, ActionKind.PAGE))
    later_ms = MORNING_MS + 60 * MINUTE_MS
    woken = timers.due(store, later_ms, 100)
    assert woken
    for timer in woken:
        incidents.wake(store, timer, ladder_library(), house().brands, lambda role: frozenset({"ada"}), later_ms)
    assert set(waiting(store, ActionKind.PAGE)) == pages
    assert signalled(store, "sig-2", now_ms=later_ms) is SignalDecision.NO_PLAYBOOK


def test_a_drill_that_was_forgotten_is_ended_by_the_next(store: Engine) -> None:
    begun(store, until_ms=MORNING_MS + MINUTE_MS)
    signalled(store)
    assert drills.finish_forgotten(store, MORNING_MS + MINUTE_MS - 1) == []
    assert drills.finish_forgotten(store, MORNING_MS + MINUTE_MS) == [RUN]
    assert list_incidents(store, RUN)[0].state is IncidentState.RESOLVED
    assert drills.read_drills(store)[0].result is None


def test_its_hold_stays_and_holds_only_posts_that_name_it(store: Engine) -> None:
    begun(store)
    signalled(store, library=load_library())
    drills.finish(store, RUN, GOOD, MORNING_MS + MINUTE_MS)
    (hold,) = holds_in_force(store)
    assert [found.id for found in holds_for(store, "acme", "x", RUN)] == [hold.id]
    assert holds_for(store, "acme", "x", None) == holds_for(store, "acme", "x", "drill-other") == []
    assert drills.over(store, [hold.run, ""], MORNING_MS) == {RUN}


def test_a_page_that_asks_each_of_them_waits_in_a_drill_only_for_those_who_agreed(store: Engine) -> None:
    """`cy` and `dee` are on the board, only `cy` agreed to drills: when she has it, nobody further is paged."""

    def members(role: str) -> frozenset[str]:
        return frozenset({"cy", "dee"}) if role == "board" else frozenset({"ada"})

    begun(store, until_ms=MORNING_MS + 3 * HOUR_MS)
    signalled(store)
    (view,) = list_incidents(store, RUN)
    assert any(action.each for action in view.actions)
    deeds.acknowledge_by(store, view.id, "cy", AcknowledgedBy.LINK, MORNING_MS + 1)
    pages = set(waiting(store, ActionKind.PAGE))
    for minute in range(1, 70):
        now_ms = MORNING_MS + minute * MINUTE_MS
        if minute == 40:  # or her acknowledgement would be forgotten
            deeds.note(store, view.id, "cy", "I am at it.", now_ms)
        for timer in timers.due(store, now_ms, 100):
            incidents.wake(store, timer, ladder_library(), house().brands, members, now_ms, ["cy"])
    assert set(waiting(store, ActionKind.PAGE)) == pages


async def test_through_the_whole_library_only_those_who_agreed_are_mailed(
    store: Engine, store_settings: StoreSettings
) -> None:
    """Every role has somebody who agreed and somebody who did not; every message says DRILL before anything else."""
    people = {
        f"{role}-{word}": Person(name=f"{role} {word}", email=f"{role}-{word}@example.org", drills=word == "yes")
        for role in ROLES
        for word in ("yes", "no")
    }
    roles: dict[str, tuple[str, ...]] = {role: (f"{role}-yes", f"{role}-no") for role in ROLES}
    begun(store)
    library = load_library()
    assert signalled(store, library=library) is SignalDecision.OPENED
    async with smtp_server(Mailbox()) as mailbox:
        settings = _with_people(runner_settings(store_settings, mailbox, roles=roles), people)
        async with running(settings):
            await until(lambda: not _due_now(store))
            drills.finish(store, RUN, GOOD, MORNING_MS + MINUTE_MS)
            await until(lambda: not _due_now(store))
    assert len(mailbox.mails) >= 4
    assert all("-yes@" in str(mail["To"]) for mail in mailbox.mails)
    assert [mail["Subject"] for mail in mailbox.mails if not mail["Subject"].startswith("DRILL: ")] == []
    assert all(mail.get_content().startswith("DRILL.") for mail in mailbox.mails)
    (view,) = list_incidents(store, RUN)
    on_paper = {line.entry.person for line in outbox.ledger(store, view.id) if line.entry.person.endswith("-no")}
    assert on_paper
    assert all(
        line.entry.outcome is DeliveryOutcome.RECORDED
        for line in outbox.ledger(store, view.id)
        if line.entry.person.endswith("-no")
    )


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.channel.value)
@pytest.mark.parametrize("action", [ActionKind.PAGE, ActionKind.NOTIFY])
async def test_on_every_channel_the_word_comes_before_what_it_is_about(
    side: Side, action: ActionKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
        sent = await effect.send(drilled(address, action))
    assert isinstance(sent, Delivered), sent
    about = [text for text in seen.said[0].splitlines() if NOTICE.subject in text]
    assert about, seen.said[0]
    for text in about:
        assert "drill" in text.partition(NOTICE.subject)[0].lower(), f"{side.channel}: {text}"


def drilled(address: str, action: ActionKind) -> Message:
    """A message of a drill whose run does not say so: the mark is the type's."""
    return message(address, run=DrillRun("exercise-7"), action=action)


def _with_people(settings: PlaybookSettings, people: dict[str, Person]) -> PlaybookSettings:
    return type(settings)(
        store=settings.store,
        people=people,
        roles=settings.roles,
        channels=settings.channels,
        runner=settings.runner,
        brands={"acme": BrandSettings()},
    )


def _due_now(store: Engine) -> list[str]:
    query = select(actions.c.id).where(
        actions.c.state.in_(["due", "sending"]), actions.c.due_ms <= MORNING_MS + MINUTE_MS
    )
    with reading(store) as conn:
        return list(conn.execute(query).scalars())
