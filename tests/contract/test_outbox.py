"""The outbox, on SQLite and on PostgreSQL: leases, the ledger, and what a dead runner leaves behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import DBAPIError

from playbooks.delivery.standing import OutboxState, entry_of
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.store import schema
from playbooks.store.delivery import outbox
from playbooks.store.delivery.outbox import Again, Backlog, LeaseLost
from playbooks.store.engine import writing
from tests.parts.due_actions import action, entries, put, record, settle, states, words
from tests.parts.due_actions import begin as begun

LEASE_MS = 1_000
ADA, BOB = ("ada", Channel.EMAIL), ("bob", Channel.EMAIL)
MOST = 3


def claim(store: Engine, now_ms: int = 0, owner: str = "r1", limit: int = 10) -> list[DueAction]:
    return outbox.claim_due(store, owner, now_ms, LEASE_MS, limit)


def claim_one(store: Engine, now_ms: int = 0, owner: str = "r1") -> DueAction:
    (due,) = claim(store, now_ms, owner)
    return due


def begin(store: Engine, due: DueAction, *points: tuple[str, Channel], now_ms: int = 0) -> outbox.Begun:
    return begun(store, due, points, [], MOST, now_ms)


def test_what_is_due_is_claimed_and_what_is_not_is_left(store: Engine) -> None:
    put(store, action("a", due_ms=5), action("b", due_ms=6))
    assert [due.id for due in claim(store, 5)] == ["a"]
    assert states(store) == {"a": OutboxState.SENDING, "b": OutboxState.DUE}


def test_an_action_reads_back_as_it_was_written(store: Engine) -> None:
    wanted = action("a", ActionKind.NOTIFY, "executives", run="drill-7", due_ms=5)
    put(store, wanted)
    due = claim_one(store, 7)
    assert due == DueAction(
        **{name: getattr(wanted, name) for name in wanted.__struct_fields__},
        attempt=1,
        owner="r1",
        lease_until_ms=7 + LEASE_MS,
    )


def test_the_same_action_again_changes_nothing(store: Engine) -> None:
    put(store, action("a"))
    claim(store)
    put(store, action("a", target="others"))
    assert states(store) == {"a": OutboxState.SENDING}


def test_a_claimed_action_is_nobody_elses_until_its_lease_has_run_out(store: Engine) -> None:
    put(store, action("a"))
    first = claim_one(store)
    assert claim(store, LEASE_MS - 1, "r2") == []
    second = claim_one(store, LEASE_MS, "r2")
    assert (first.attempt, second.attempt) == (1, 2)


def test_the_least_tried_come_first_then_the_longest_due(store: Engine) -> None:
    put(store, action("tried", due_ms=1), action("c", due_ms=4), action("b", due_ms=3))
    settle(store, claim_one(store, 1), Again(2), [], [])
    assert [due.id for due in chain(*(claim(store, 10, limit=1) for _ in range(3)))] == ["b", "c", "tried"]


def test_only_the_kinds_asked_for_are_claimed(store: Engine) -> None:
    put(store, action("p"), action("n", ActionKind.NOTIFY), action("g", ActionKind.ANNOTATE))
    found = outbox.claim_due(store, "r1", 0, LEASE_MS, 10, [ActionKind.NOTIFY, ActionKind.ANNOTATE])
    assert sorted(due.id for due in found) == ["g", "n"]


def test_runners_that_claim_at_once_share_the_work_and_double_none(store: Engine) -> None:
    put(store, *(action(f"a{n}") for n in range(60)))
    with ThreadPoolExecutor(6) as pool:
        shares = list(pool.map(lambda n: claim(store, owner=f"r{n}", limit=7), range(12)))
    taken = [due.id for share in shares for due in share]
    assert sorted(taken) == sorted({*taken})
    assert len(taken) == 60


def test_the_backlog_counts_what_is_due_and_not_ended(store: Engine) -> None:
    put(store, action("a", due_ms=3), action("b", due_ms=5), action("later", due_ms=100))
    put(store, action("n", ActionKind.NOTIFY, due_ms=9))
    claim(store, 3)
    assert outbox.backlog(store, 10) == {
        ActionKind.PAGE: Backlog(unfinished=2, oldest_due_ms=3, claimable=1),
        ActionKind.NOTIFY: Backlog(unfinished=1, oldest_due_ms=9, claimable=1),
    }


def test_what_is_ended_is_in_no_backlog_and_is_not_claimed_again(store: Engine) -> None:
    put(store, action("a"))
    settle(store, claim_one(store), OutboxState.DELIVERED, [], [])
    assert outbox.backlog(store, 10**12) == {}
    assert claim(store, 10**12) == []


def test_an_action_put_back_is_claimed_when_its_time_has_come(store: Engine) -> None:
    put(store, action("a"))
    settle(store, claim_one(store), Again(50), [], [])
    assert claim(store, 49) == []
    assert claim_one(store, 50, "r2").attempt == 2


def test_a_send_stands_in_the_ledger_before_it_is_made_and_after(store: Engine) -> None:
    put(store, action("a"))
    due = claim_one(store)
    assert begin(store, due, ADA, BOB).points == [ADA, BOB]
    record(store, entry_of(due, ADA, DeliveryOutcome.DELIVERED, "SMTP 250", 7))
    assert words(entries(store)) == [
        (1, "ada", "email", "sending"),
        (1, "bob", "email", "sending"),
        (1, "ada", "email", "delivered"),
    ]


def test_the_ledger_is_read_back_with_the_action_it_belongs_to(store: Engine) -> None:
    put(store, action("a", ActionKind.NOTIFY, "executives"))
    due = claim_one(store)
    begin(store, due, ADA)
    (line,) = outbox.ledger(store, due.incident)
    assert (line.action, line.step, line.target) == (ActionKind.NOTIFY, "page", "executives")
    assert outbox.ledger(store, "another") == []


def test_who_was_reached_is_not_sent_to_again(store: Engine) -> None:
    put(store, action("a"))
    first = claim_one(store)
    begin(store, first, ADA, BOB)
    record(store, entry_of(first, ADA, DeliveryOutcome.DELIVERED, "", 0))
    record(store, entry_of(first, BOB, DeliveryOutcome.RETRY, "", 0))
    settle(store, first, Again(10), [], [])
    assert begin(store, claim_one(store, 10), ADA, BOB, now_ms=10).points == [BOB]


def test_a_send_that_nobody_concluded_is_said_to_be_in_doubt_and_made_again(store: Engine) -> None:
    put(store, action("a"))
    begin(store, claim_one(store), ADA)
    second = claim_one(store, LEASE_MS, "r2")
    assert begin(store, second, ADA, now_ms=LEASE_MS).points == [ADA]
    found = entries(store)
    assert words(found) == [
        (1, "ada", "email", "sending"),
        (1, "ada", "email", "perhaps"),
        (2, "ada", "email", "sending"),
    ]
    assert "sent perhaps twice" in found[1].detail
    assert "same idempotency key" in found[1].detail


def test_an_annotation_that_nobody_concluded_is_not_made_again(store: Engine) -> None:
    graphs = ("", Channel.GRAFANA)
    put(store, action("a", ActionKind.ANNOTATE))
    begin(store, claim_one(store), graphs)
    assert begin(store, claim_one(store, LEASE_MS), graphs, now_ms=LEASE_MS).points == []
    assert words(entries(store)) == [(1, "", "grafana", "sending"), (1, "", "grafana", "perhaps")]


def test_nobody_is_sent_to_more_often_than_is_allowed(store: Engine) -> None:
    put(store, action("a"))
    sends = [begin(store, claim_one(store, n * LEASE_MS), ADA, now_ms=n * LEASE_MS).points for n in range(5)]
    assert sends == [[ADA]] * MOST + [[]] * 2


def test_a_runner_whose_lease_has_run_out_begins_nothing(store: Engine) -> None:
    put(store, action("a"))
    due = claim_one(store)
    with pytest.raises(LeaseLost):
        begin(store, due, ADA, now_ms=LEASE_MS)
    assert entries(store) == []


def test_a_runner_that_lost_its_lease_begins_and_ends_nothing(store: Engine) -> None:
    put(store, action("a"))
    late = claim_one(store)
    claim_one(store, LEASE_MS, "r2")
    with pytest.raises(LeaseLost):
        begin(store, late, ADA)
    with pytest.raises(LeaseLost):
        settle(store, late, OutboxState.DELIVERED, [], [action("follow")])
    assert states(store) == {"a": OutboxState.SENDING}


def test_a_runner_that_claimed_the_action_anew_leaves_its_first_try_alone(store: Engine) -> None:
    put(store, action("a"))
    first = claim_one(store)
    second = claim_one(store, LEASE_MS)
    with pytest.raises(LeaseLost):
        begin(store, first, ADA)
    assert begin(store, second, ADA, now_ms=LEASE_MS).points == [ADA]


def test_what_came_of_a_send_is_written_down_also_after_the_lease_is_lost(store: Engine) -> None:
    put(store, action("a"))
    late = claim_one(store)
    begin(store, late, ADA)
    begin(store, claim_one(store, LEASE_MS, "r2"), ADA, now_ms=LEASE_MS)
    record(store, entry_of(late, ADA, DeliveryOutcome.PERHAPS, "late", LEASE_MS))  # is there already
    record(store, entry_of(late, ADA, DeliveryOutcome.DELIVERED, "late", LEASE_MS))
    assert [word for _, _, _, word in words(entries(store))] == ["sending", "perhaps", "sending", "delivered"]


def test_the_end_of_an_action_and_what_follows_from_it_are_one(store: Engine) -> None:
    put(store, action("a"))
    due = claim_one(store)
    failed = entry_of(due, ADA, DeliveryOutcome.FAILED, "over", 9)
    settle(store, due, OutboxState.FAILED, [failed], [action("ops", target="ops")])
    assert states(store) == {"a": OutboxState.FAILED, "ops": OutboxState.DUE}
    assert words(entries(store)) == [(1, "ada", "email", "failed")]


def test_the_ledger_cannot_be_changed(store: Engine) -> None:
    put(store, action("a"))
    begin(store, claim_one(store), ADA)
    for change in (update(schema.deliveries).values(detail="no"), delete(schema.deliveries)):
        with pytest.raises(DBAPIError), writing(store) as conn:
            conn.execute(change)
    assert words(entries(store)) == [(1, "ada", "email", "sending")]
