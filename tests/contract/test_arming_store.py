"""Arming in the store: acts of named people, the first week, and what follows from an act."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import DBAPIError

from playbooks.armings.arming import DAY_MS, Armed, Arming
from playbooks.console.to_do import to_do
from playbooks.content.catalog import load_library
from playbooks.effects.message import read_notice
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.incidents.plan import HOUR_MS
from playbooks.labels import ActionKind, SignalDecision
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store import timers
from playbooks.store.arming import Brand, acts_of, arm, armed_brands, brands, know
from playbooks.store.delivery import outbox
from playbooks.store.engine import reading, writing
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.incidents import deeds, incidents
from playbooks.store.incidents.rows import lock_brand
from playbooks.store.incidents.would_have import WouldHave, would_have_done
from playbooks.store.schema import arming_acts
from tests.parts.signals import MINUTE_MS, MORNING_MS, a_signal

LIBRARY = load_library()
SETTINGS = PlaybookSettings(
    people={"ada": Person(name="Ada Lovelace"), "bo": Person(name="Bo")},
    roles={"ops": ("ada",), "posting-team": ("bo",), "on-call": ("ada",)},
    brands={"acme": BrandSettings(name="Acme Airways"), "bolt": BrandSettings()},
)
WEEK_MS = 7 * DAY_MS


def arms(
    store: Engine, to: Arming, at_ms: int = MORNING_MS, brand: str = "acme", reason: str = "why", early: bool = False
) -> Armed:
    """Ada arms a brand."""
    return arm(store, brand, to, "ada", reason, SETTINGS, at_ms, early=early)


def signal(
    store: Engine, id: str = "sig-1", at_ms: int = MORNING_MS, run: str = "", brand: str = "acme"
) -> SignalDecision:
    """A signal that fires `complaint-storm` comes in."""
    seen = a_signal(id, at_ms=at_ms, run=run, brand=brand)
    return incidents.take_signal(store, seen, LIBRARY, SETTINGS, at_ms)


def wake(store: Engine, at_ms: int) -> None:
    """Wake what is due."""
    for timer in timers.due(store, at_ms, 100):
        incidents.wake(store, timer, LIBRARY, SETTINGS.brands, lambda _: frozenset(), at_ms)


def only(store: Engine) -> IncidentView:
    """The one incident."""
    (view,) = incidents.list_incidents(store)
    return view


def due(store: Engine, at_ms: int = MORNING_MS + DAY_MS) -> list[tuple[str, str]]:
    """What is due until `at_ms`, by kind and target."""
    return [(one.action.value, one.target) for one in outbox.claim_due(store, "me", at_ms, 1, 100)]


def test_a_new_brand_observes_and_nobody_has_said_so(store: Engine) -> None:
    assert brands(store, ["acme"]) == [Brand("acme", None, None)]
    know(store, ["acme", "bolt"], MORNING_MS)
    know(store, ["acme"], MORNING_MS + DAY_MS)
    assert [(one.arming, one.since_ms) for one in brands(store, SETTINGS.brands)] == [(Arming.OBSERVE, MORNING_MS)] * 2


def test_the_first_week_counts_from_when_the_brand_was_first_known(store: Engine) -> None:
    know(store, ["acme"], MORNING_MS)
    assert arms(store, Arming.PAGE, MORNING_MS + WEEK_MS - 1) is Armed.TOO_EARLY
    assert armed_brands(store, ["acme"]) == {"acme": Arming.OBSERVE}
    assert arms(store, Arming.PAGE, MORNING_MS + WEEK_MS) is Armed.DONE
    assert armed_brands(store, ["acme"]) == {"acme": Arming.PAGE}


def test_a_brand_that_no_process_has_seen_yet_begins_its_week_with_the_act(store: Engine) -> None:
    assert arms(store, Arming.PAGE) is Armed.TOO_EARLY
    assert arms(store, Arming.PAGE, early=True) is Armed.DONE
    assert acts_of(store, "acme")[0].early
    assert arms(store, Arming.PAGE_AND_HOLD, MORNING_MS + DAY_MS) is Armed.TOO_EARLY
    assert arms(store, Arming.OBSERVE, MORNING_MS + DAY_MS) is Armed.DONE, "going back is never too early"
    assert not acts_of(store, "acme")[0].early


def test_every_act_stays_with_its_person_and_reason_and_the_newest_counts(store: Engine) -> None:
    arms(store, Arming.PAGE, early=True, reason="the strike")
    arms(store, Arming.OBSERVE, MORNING_MS + 1, reason="called off\x1b[31m")
    assert arms(store, Arming.OBSERVE, MORNING_MS + 2) is Armed.ALREADY
    told = [(act.arming, act.person, act.reason) for act in acts_of(store, "acme")]
    assert told == [(Arming.OBSERVE, "ada", "called off[31m"), (Arming.PAGE, "ada", "the strike")]
    assert acts_of(store, "bolt") == []


@pytest.mark.parametrize(
    ("brand", "person", "reason", "told"),
    [
        ("nobody", "ada", "why", Armed.NO_SUCH_BRAND),
        ("acme", "eve", "why", Armed.NO_PERSON),
        ("acme", "", "why", Armed.NO_PERSON),
        ("acme", "ada", " \n ", Armed.NO_REASON),
    ],
)
def test_an_act_has_a_brand_a_person_and_a_reason(
    store: Engine, brand: str, person: str, reason: str, told: Armed
) -> None:
    assert arm(store, brand, Arming.PAGE, person, reason, SETTINGS, MORNING_MS, early=True) is told
    assert acts_of(store, brand) == []
    assert due(store) == []


def test_acts_are_never_changed_or_taken_away(store: Engine) -> None:
    arms(store, Arming.PAGE, early=True)
    for change in (update(arming_acts).values(person="bo"), delete(arming_acts)):
        with pytest.raises(DBAPIError, match="append-only"), writing(store) as conn:
            conn.execute(change)


def test_ops_the_posting_team_and_who_is_on_call_are_told_about_no_incident(store: Engine) -> None:
    arms(store, Arming.PAGE, early=True)
    told = outbox.claim_due(store, "me", MORNING_MS, 1, 10)
    assert sorted(one.target for one in told) == ["on-call", "ops", "posting-team"]
    assert {(one.action, one.incident, one.run) for one in told} == {(ActionKind.NOTIFY, "", "")}
    assert "Ada Lovelace has said so: why" in read_notice(told[0].body, told[0].id).text


def test_each_signal_is_decided_by_the_arming_of_its_moment(store: Engine) -> None:
    signal(store)
    assert not only(store).pages
    arms(store, Arming.PAGE, MORNING_MS + 1, early=True)
    signal(store, "sig-2", MORNING_MS + MINUTE_MS)
    assert only(store).pages
    assert not only(store).held
    arms(store, Arming.PAGE_AND_HOLD, MORNING_MS + 2 * MINUTE_MS, early=True)
    signal(store, "sig-3", MORNING_MS + 3 * MINUTE_MS)
    assert only(store).held
    arms(store, Arming.OBSERVE, MORNING_MS + 4 * MINUTE_MS)
    signal(store, "sig-4", MORNING_MS + 5 * MINUTE_MS)
    assert only(store).held, "an act lets go of no hold"
    assert len(holds_in_force(store)) == 1


def test_what_is_open_when_a_brand_is_armed_is_acted_on_without_another_signal(store: Engine) -> None:
    signal(store)
    due(store)
    arms(store, Arming.PAGE_AND_HOLD, MORNING_MS + 90 * MINUTE_MS, early=True)
    wake(store, MORNING_MS + 90 * MINUTE_MS)
    view = only(store)
    assert view.pages
    assert view.held
    pages = [one for one in outbox.claim_due(store, "me", MORNING_MS + 2 * HOUR_MS, 1, 100) if one.incident]
    first = next(one for one in pages if one.action is ActionKind.PAGE)
    assert "It opened 90 minutes ago, when the brand was only observed. It is armed now." in first.body["text"]
    assert (first.at_ms, first.due_ms) == (MORNING_MS + 90 * MINUTE_MS,) * 2
    wake(store, MORNING_MS + 90 * MINUTE_MS)
    signal(store, "sig-2", MORNING_MS + 91 * MINUTE_MS)
    assert len([one for one in only(store).actions if one.id == first.id]) == 1
    assert len(holds_in_force(store)) == 1


def test_things_for_people_to_do_are_asked_for_then_too(store: Engine) -> None:
    signal(store)
    arms(store, Arming.PAGE, MORNING_MS + MINUTE_MS, early=True)
    wake(store, MORNING_MS + MINUTE_MS)
    asked = [one for one in only(store).actions if one.kind is ActionKind.TASK and one.deadline_ms]
    assert asked
    assert all(one.deadline_ms and one.deadline_ms > MORNING_MS + MINUTE_MS for one in asked)


@pytest.mark.parametrize("word", ["acknowledged", "contained", "over"])
def test_nobody_is_paged_at_arming_for_what_somebody_has_in_hand(store: Engine, word: str) -> None:
    signal(store)
    incident = only(store).id
    if word == "acknowledged":
        deeds.acknowledge_by(store, incident, "ada", AcknowledgedBy.COMMAND, MORNING_MS + 1)
    elif word == "contained":
        deeds.contain(store, incident, "ada", "it is one shop", MORNING_MS + 1)
    else:
        deeds.resolve(store, incident, "ada", "mended", MORNING_MS + 1)
    arms(store, Arming.PAGE_AND_HOLD, MORNING_MS + 2, early=True)
    wake(store, MORNING_MS + 2)
    assert not only(store).pages
    assert only(store).held == (word == "acknowledged"), "posts are held while somebody looks"


def test_a_brand_that_is_armed_leaves_the_others_as_they_are(store: Engine) -> None:
    signal(store, brand="bolt")
    arms(store, Arming.PAGE_AND_HOLD, MORNING_MS + 1, early=True)
    wake(store, MORNING_MS + 1)
    assert not only(store).pages


@pytest.mark.parametrize("run", ["drill-1", "replay-1"])
def test_a_drill_and_a_replay_ask_no_arming(store: Engine, run: str) -> None:
    signal(store, run=run)
    assert only(store).pages
    assert only(store).held


def test_a_signal_waits_for_an_act_that_is_under_way_and_goes_by_it(store: Engine) -> None:
    decided: list[SignalDecision] = []
    waiting = threading.Thread(target=lambda: decided.append(signal(store)))
    with writing(store) as conn:
        lock_brand(conn, "", "acme")
        waiting.start()
        waiting.join(0.3)
        assert not decided, "it waits for the brand's lock"
        row = {"brand": "acme", "arming": "page", "person": "ada", "reason": "r", "early": True, "recorded_ms": 1}
        conn.execute(arming_acts.insert().values(row))
    waiting.join(10)
    assert decided == [SignalDecision.OPENED]
    assert only(store).pages


def test_what_would_have_been_done_is_counted_by_kind_and_since_when(store: Engine) -> None:
    signal(store)
    arms(store, Arming.PAGE, MORNING_MS + MINUTE_MS, brand="bolt", early=True)
    signal(store, "sig-2", MORNING_MS + HOUR_MS, brand="bolt")
    signal(store, "sig-3", MORNING_MS + HOUR_MS, run="replay-1")
    watched = would_have_done(store, "acme", MORNING_MS)
    assert (watched.incidents, watched.pages, watched.holds) == (1, 1, 1)
    assert watched.notices >= 2
    assert would_have_done(store, "bolt", MORNING_MS) == WouldHave(1, 0, 1, 0)
    assert would_have_done(store, "acme", MORNING_MS + 1) == WouldHave()


def test_nothing_else_is_in_the_table(store: Engine) -> None:
    arms(store, Arming.PAGE, early=True)
    with reading(store) as conn:
        (row,) = conn.execute(select(arming_acts)).mappings().all()
    assert dict(row) | {"seq": 1} == {
        "seq": 1,
        "brand": "acme",
        "arming": "page",
        "person": "ada",
        "reason": "why",
        "early": True,
        "recorded_ms": MORNING_MS,
    }


def test_each_thing_to_do_is_listed_once_as_it_was_asked_for_last(store: Engine) -> None:
    signal(store)
    playbook = LIBRARY.version("complaint-storm", only(store).version)
    assert playbook
    before = to_do(only(store), lambda _: playbook.playbook, str, MORNING_MS, may_act=True)
    arms(store, Arming.PAGE, MORNING_MS + MINUTE_MS, early=True)
    wake(store, MORNING_MS + MINUTE_MS)
    after = to_do(only(store), lambda _: playbook.playbook, str, MORNING_MS, may_act=True)
    assert [one.words for one in after] == [one.words for one in before]
    assert all(one.deadline_ms for one in after)
