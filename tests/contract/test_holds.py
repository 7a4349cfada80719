"""Holds in the store, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, insert

from playbooks.holds.hold import Release
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import ActionPlanned, HoldReleased, ReleaseAgreed
from playbooks.labels import ActionKind
from playbooks.store import schema
from playbooks.store.delivery.outbox import claim_due
from playbooks.store.engine import writing
from playbooks.store.holds.holds import agree_release, holds_for, holds_in_force, holds_of_incident, place, read_hold
from playbooks.store.incidents.incidents import incident_history
from tests.parts.holding import PLACED_MS, hold, put


def ids(store: Engine, brand: str | None, platform: str | None, run: str | None = None) -> list[str]:
    return [found.id for found in holds_for(store, brand, platform, run)]


def test_a_hold_reads_back_as_it_was_placed(store: Engine) -> None:
    assert put(store, hold(platform="x", people=2))
    assert read_hold(store, "hold-1") == hold(platform="x", people=2)


def test_placing_the_same_hold_again_changes_nothing(store: Engine) -> None:
    put(store, hold(people=2))
    assert not put(store, hold(people=1, brand="acme", platform="x"))
    assert holds_in_force(store) == [hold(people=2)]


def test_placing_a_released_hold_again_does_not_bring_it_back(store: Engine) -> None:
    put(store, hold())
    agree_release(store, "hold-1", "ada", "calm again", PLACED_MS + 1)
    assert not put(store, hold())
    assert holds_in_force(store) == []


def test_a_hold_that_nobody_could_release_is_refused(store: Engine) -> None:
    with pytest.raises(ValueError, match="at least one person"):
        put(store, hold(people=0))


def test_a_hold_of_a_transaction_that_fails_holds_nothing(store: Engine) -> None:
    def broken() -> None:
        with writing(store) as conn:
            incident = {"id": "inc-1", "run": "", "brand": "acme", "playbook": "p", "playbook_version": "1"}
            conn.execute(insert(schema.incidents).values(**incident, playbook_hash="", opened_ms=1, open=True))
            place(
                conn,
                hold_id="hold-1",
                incident="inc-1",
                run="",
                brand="acme",
                platform=None,
                reason="why",
                releasers_needed=1,
                placed_ms=1,
                recorded_ms=1,
            )
            raise RuntimeError("something later in the transaction")

    with pytest.raises(RuntimeError):
        broken()
    assert holds_in_force(store) == []


def test_a_field_left_out_matches_every_hold(store: Engine) -> None:
    put(store, hold("a", platform="x"))
    put(store, hold("b", brand="other"))
    assert ids(store, "acme", "x") == ["a"]
    assert ids(store, "acme", "bluesky") == []
    assert ids(store, "acme", None) == ["a"]
    assert ids(store, None, "bluesky") == ["b"]
    assert ids(store, None, None) == ["a", "b"]


def test_drills_hold_only_their_own_posts_and_replays_none(store: Engine) -> None:
    put(store, hold("live"))
    put(store, hold("drill", run="drill-7"))
    put(store, hold("replay", run="replay-7"))
    assert ids(store, "acme", "x") == ["live"]
    assert ids(store, "acme", "x", "drill-7") == ["drill", "live"]
    assert ids(store, "acme", "x", "drill-8") == ["live"]
    assert ids(store, "acme", "x", "replay-7") == ["live"]
    assert [found.id for found in holds_in_force(store)] == ["drill", "live", "replay"]


def test_one_person_opens_a_hold_that_needs_one(store: Engine) -> None:
    put(store, hold())
    assert agree_release(store, "hold-1", "ada", " calm again ", PLACED_MS + 60_000) is Release.RELEASED
    released = read_hold(store, "hold-1")
    assert released is not None
    assert released.released_ms == PLACED_MS + 60_000
    assert [(agreement.person, agreement.reason) for agreement in released.agreements] == [("ada", "calm again")]
    assert ids(store, "acme", "x") == []


def test_two_different_people_open_a_hold_that_needs_two(store: Engine) -> None:
    put(store, hold(people=2))
    assert agree_release(store, "hold-1", "ada", "calm again", PLACED_MS + 1) is Release.NEEDS_ANOTHER_PERSON
    assert agree_release(store, "hold-1", "ada", "really", PLACED_MS + 2) is Release.ALREADY_AGREED
    assert ids(store, "acme", "x") == ["hold-1"]
    assert agree_release(store, "hold-1", "bo", "I agree", PLACED_MS + 3) is Release.RELEASED
    assert ids(store, "acme", "x") == []
    assert agree_release(store, "hold-1", "cy", "me too", PLACED_MS + 4) is Release.ALREADY_RELEASED


@pytest.mark.parametrize(
    ("hold_id", "person", "reason", "outcome"),
    [
        ("hold-1", "ada", "", Release.NO_REASON),
        ("hold-1", "ada", " \n\t", Release.NO_REASON),
        ("hold-1", "", "calm again", Release.NO_PERSON),
        ("hold-1", "Ada Lovelace", "calm again", Release.NO_PERSON),
        ("hold-2", "ada", "calm again", Release.NO_SUCH_HOLD),
    ],
)
def test_a_word_without_a_person_or_reason_counts_for_nothing(
    store: Engine, hold_id: str, person: str, reason: str, outcome: Release
) -> None:
    put(store, hold())
    assert agree_release(store, hold_id, person, reason, PLACED_MS) is outcome
    assert holds_in_force(store) == [hold()]


def test_words_at_the_same_moment_open_a_hold_exactly_once(store: Engine) -> None:
    put(store, hold(people=2))
    people = ["ada", "bo", "ada", "bo", "cy"]
    with ThreadPoolExecutor(len(people)) as pool:
        outcomes = list(pool.map(lambda who: agree_release(store, "hold-1", who, "calm again", PLACED_MS), people))
    assert outcomes.count(Release.RELEASED) == 1
    assert outcomes.count(Release.NEEDS_ANOTHER_PERSON) == 1
    found = read_hold(store, "hold-1")
    assert found is not None
    assert len(found.agreements) == 2


def test_an_incident_shows_its_released_holds_too(store: Engine) -> None:
    put(store, hold())
    agree_release(store, "hold-1", "ada", "calm again", PLACED_MS + 1)
    assert [found.in_force for found in holds_of_incident(store, "inc-hold-1")] == [False]
    assert holds_of_incident(store, "inc-other") == []


def test_each_word_is_in_the_incidents_log_with_who_and_why(store: Engine) -> None:
    put(store, hold(people=2))
    agree_release(store, "hold-1", "ada", "calm again", PLACED_MS + 1)
    agree_release(store, "hold-1", "ada", "calm again", PLACED_MS + 2)
    agree_release(store, "hold-1", "bo", "looked at it\x00", PLACED_MS + 3)
    said = [(row.actor, row.at_ms - PLACED_MS, row.entry) for row in incident_history(store, "inc-hold-1")[2:]]
    assert said == [
        ("ada", 1, ReleaseAgreed("hold-1", "calm again")),
        ("bo", 3, ReleaseAgreed("hold-1", "looked at it")),
        ("bo", 3, HoldReleased("hold-1")),
    ]


def test_who_was_told_of_the_hold_is_told_of_its_release_and_only_then(store: Engine) -> None:
    told = ActionPlanned(
        "a-1", "tell", ActionKind.NOTIFY, "posting-team", ActionDecision.DUE, PLACED_MS, with_hold=True
    )
    put(store, hold(people=2), log=(told,))
    agree_release(store, "hold-1", "ada", "calm again", PLACED_MS + 1)
    assert claim_due(store, "runner", PLACED_MS + 2, 1000, 10) == []
    agree_release(store, "hold-1", "bo", "calm again", PLACED_MS + 3)
    due = claim_due(store, "runner", PLACED_MS + 4, 1000, 10)
    assert [(action.action, action.target) for action in due] == [(ActionKind.NOTIFY, "posting-team")]
