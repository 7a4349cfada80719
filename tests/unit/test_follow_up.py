"""What follows from the end of an action."""

from __future__ import annotations

import msgspec
import pytest

from playbooks.delivery.follow_up import follow_ups
from playbooks.delivery.standing import Entry, OutboxState, Standing
from playbooks.effects.message import Moment, Notice
from playbooks.incidents.action import Action, DueAction
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.oncall.people import OPS
from playbooks.settings.people import Person
from tests.parts.messages import NOTICE

NOW_MS = 99
PEOPLE = {"bob": Person(name="Bob Dylan")}


def due(kind: ActionKind = ActionKind.PAGE, target: str = "on-call", action_id: str = "inc-1:page:1") -> DueAction:
    body = msgspec.to_builtins(NOTICE)
    return DueAction(
        id=action_id, incident="inc-1", run="drill-1", step="page", action=kind, target=target, body=body,
        at_ms=1, due_ms=2, attempt=1, owner="r", lease_until_ms=3,
    )  # fmt: skip


def follow(
    action: DueAction,
    state: OutboxState,
    missed: tuple[str, ...] = (),
    entries: tuple[Entry, ...] = (),
    *,
    has_ops: bool = True,
    graphs: bool = True,
) -> list[Action]:
    standing = Standing(frozenset(), frozenset(), missed, state)
    return follow_ups(action, NOTICE, standing, entries, has_ops=has_ops, graphs=graphs, now_ms=NOW_MS, people=PEOPLE)


def notice(action: Action) -> Notice:
    return msgspec.convert(action.body, Notice)


def test_ops_are_paged_about_who_was_not_reached_and_why() -> None:
    entry = Entry("inc-1:page:1", 2, 0, "bob", Channel.EMAIL, DeliveryOutcome.FAILED, "refused: SMTP 550")
    (told,) = follow(due(), OutboxState.FAILED, ("bob",), (entry,))
    assert (told.action, told.target, told.run, told.due_ms) == (ActionKind.PAGE, OPS, "drill-1", NOW_MS)
    assert "Not reached: Bob Dylan" in notice(told).subject
    assert "attempt 2, Bob Dylan, email: refused: SMTP 550" in notice(told).text
    assert notice(told).runbook == NOTICE.runbook


def test_ops_are_told_of_a_role_that_nobody_is_in() -> None:
    (told,) = follow(due(), OutboxState.FAILED, ("",))
    assert "the role 'on-call'" in notice(told).subject


def test_ops_not_reached_are_not_told_that_they_were_not() -> None:
    assert follow(due(target=OPS), OutboxState.FAILED, ("bob",)) == []


def test_without_a_role_for_ops_nobody_is_told() -> None:
    assert follow(due(), OutboxState.FAILED, ("bob",), has_ops=False) == []


def test_an_annotation_that_is_missing_is_no_page() -> None:
    assert follow(due(ActionKind.ANNOTATE, "acme"), OutboxState.FAILED, ("",)) == []


@pytest.mark.parametrize(("kind", "moment"), [(ActionKind.PAGE, Moment.PAGE), (ActionKind.HOLD, Moment.HOLD)])
def test_a_page_and_a_hold_are_marked_on_graphs(kind: ActionKind, moment: Moment) -> None:
    (mark,) = follow(due(kind), OutboxState.DELIVERED)
    assert (mark.action, mark.at_ms, notice(mark).moment) == (ActionKind.ANNOTATE, NOW_MS, moment)


def test_a_page_that_reached_only_some_is_marked_and_told() -> None:
    kinds = [each.action for each in follow(due(), OutboxState.PARTLY, ("bob",))]
    assert kinds == [ActionKind.PAGE, ActionKind.ANNOTATE]


@pytest.mark.parametrize("state", [OutboxState.RECORDED, OutboxState.FAILED])
def test_what_reached_nobody_is_not_marked(state: OutboxState) -> None:
    assert follow(due(), state) == []


def test_without_graphs_nothing_is_marked() -> None:
    assert follow(due(), OutboxState.DELIVERED, graphs=False) == []


def test_a_notice_is_not_marked() -> None:
    assert follow(due(ActionKind.NOTIFY), OutboxState.DELIVERED) == []


def test_the_ids_are_those_of_the_action_and_fit_the_store() -> None:
    long = "x" * 128
    first, again, other = (
        follow(due(action_id=each), OutboxState.PARTLY, ("bob",)) for each in (long, long, "another")
    )
    assert [each.id for each in first] == [each.id for each in again]
    assert not {each.id for each in first} & {each.id for each in other}
    assert all(len(each.id) <= 128 for each in first)
