"""Who is in two roles gets one message of one thing: which of two goes out, and when nobody waits any longer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from playbooks.delivery.one_message import LOOKS, Beside, told_twice
from playbooks.delivery.standing import Entry
from playbooks.effects.message import Notice, Stage
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from tests.parts.signals import a_signal

MAIL = ("ada", Channel.EMAIL)
THERE = {("on-call", "ada")}
SAID = Notice("s", "t", signal=a_signal())


def due(action: ActionKind = ActionKind.NOTIFY, id: str = "inc-1:tell:1", step: str = "tell") -> DueAction:
    return DueAction(
        id=id, incident="inc-1", run="", step=step, action=action, target="executives", body={}, at_ms=5, due_ms=1_000,
        attempt=1, owner="r", lease_until_ms=9_000,
    )  # fmt: skip


def page(*outcomes: DeliveryOutcome, notice: Notice = SAID, ended: bool = False, **changes: object) -> Beside:
    entries = tuple(Entry("inc-1:page:1", 1, 1, *MAIL, outcome, "") for outcome in outcomes)
    made = Beside("inc-1:page:1", ActionKind.PAGE, "page", "on-call", notice, ended, entries)
    return replace(made, **changes)


def twice(other: Beside, mine: DueAction | None = None, notice: Notice = SAID) -> str:
    found = told_twice(mine or due(), notice, [MAIL], [other], THERE)
    return "not sent" if found.notes else "waits" if found.waiting else "sent"


def test_who_has_the_page_is_not_sent_the_notice_and_the_ledger_says_why() -> None:
    found = told_twice(due(), SAID, [MAIL], [page(DeliveryOutcome.SENDING, DeliveryOutcome.ACCEPTED)], THERE)
    (note,) = found.notes
    assert (note.point, note.outcome) == (MAIL, DeliveryOutcome.RECORDED)
    assert note.detail == "not sent twice: has the page to on-call by the same road"
    assert found.points == {MAIL}


@pytest.mark.parametrize(
    ("other", "becomes"),
    [
        (page(), "waits"),
        (page(DeliveryOutcome.SENDING), "waits"),
        (page(DeliveryOutcome.SENDING, DeliveryOutcome.RETRY), "waits"),
        (page(DeliveryOutcome.SENDING, DeliveryOutcome.FAILED), "sent"),
        (page(ended=True), "sent"),
        (page(target="second"), "sent"),
        (page(DeliveryOutcome.ACCEPTED, target="executives"), "sent"),
        (page(DeliveryOutcome.ACCEPTED, notice=replace(SAID, signal=a_signal("sig-2"))), "sent"),
        (page(DeliveryOutcome.ACCEPTED, notice=replace(SAID, own_words=True)), "sent"),
        (page(DeliveryOutcome.ACCEPTED, notice=replace(SAID, stage=Stage.RESOLVED)), "sent"),
        (page(notice=replace(SAID, spared=("ada",))), "sent"),
        (page(DeliveryOutcome.ACCEPTED, action=ActionKind.NOTIFY), "sent"),
    ],
)
def test_a_notice_gives_way_to_a_page_of_the_same_signal_that_arrives(other: Beside, becomes: str) -> None:
    assert twice(other) == becomes


def test_nobody_waits_for_long_for_what_does_not_become_known() -> None:
    assert twice(page(), replace(due(), attempt=LOOKS)) == "waits"
    assert twice(page(), replace(due(), attempt=LOOKS + 1)) == "sent"


def test_a_page_never_gives_way_to_a_notice() -> None:
    told = page(DeliveryOutcome.ACCEPTED, action=ActionKind.NOTIFY)
    assert twice(told, due(ActionKind.PAGE, "inc-1:z:1")) == "sent"


def test_what_says_something_of_its_own_goes_out_all_the_same() -> None:
    assert twice(page(DeliveryOutcome.ACCEPTED), notice=replace(SAID, own_words=True)) == "sent"


def test_of_two_pages_the_one_that_asks_each_of_several_goes_out() -> None:
    each = replace(SAID, each=True)
    got = DeliveryOutcome.ACCEPTED
    mine = due(ActionKind.PAGE, "inc-1:board:1", "board")
    assert twice(page(got), mine, each) == "sent"
    other = page(got, id="inc-1:z:1", notice=each)
    assert twice(other, due(ActionKind.PAGE, "inc-1:a:1", "a")) == "not sent"
    assert twice(page(got), mine) == "sent", "the first by its id"
    assert twice(page(got), due(ActionKind.PAGE, "inc-1:second:1", "second")) == "not sent"


def test_an_all_clear_to_several_roles_is_one() -> None:
    clear = Notice("All clear", "t", stage=Stage.RESOLVED)
    other = page(DeliveryOutcome.ACCEPTED, notice=clear, action=ActionKind.NOTIFY, step="over", id="inc-1:over:1:1")
    assert twice(other, due(id="inc-1:over:1:2", step="over"), clear) == "not sent"
    assert twice(other, due(id="inc-1:over:1:0", step="over"), clear) == "sent"


def test_of_two_levels_that_fall_due_together_one_goes_out_also_to_one_role() -> None:
    each, got = replace(SAID, each=True), DeliveryOutcome.ACCEPTED
    on_call = due(ActionKind.PAGE, "inc-1:page-on-call:1:up2", "page-on-call")
    board = due(ActionKind.PAGE, "inc-1:page-board:1:up1", "page-board")
    other = replace(page(got, notice=each, target="executives"), id=board.id, step=board.step)
    assert twice(other, on_call) == "not sent"
    mine_first = replace(page(got, target="executives"), id=on_call.id, step=on_call.step)
    assert twice(mine_first, board, each) == "not sent", "it was there before the one that asks each was planned"
    begun = replace(page(DeliveryOutcome.SENDING, target="executives"), id=on_call.id, step=on_call.step)
    assert twice(begun, board, each) == "waits"
    to_come = replace(page(target="executives"), id=on_call.id, step=on_call.step)
    assert twice(to_come, board, each) == "sent", "the other one waits for this"
    failed = replace(page(DeliveryOutcome.FAILED, target="executives"), id=on_call.id, step=on_call.step)
    assert twice(failed, board, each) == "sent"


def test_who_hears_that_an_incident_is_over_hears_no_second_end_of_what_was_merged_into_it() -> None:
    got = DeliveryOutcome.ACCEPTED
    into = Notice("All clear", "t", incident="inc-1", stage=Stage.RESOLVED)
    gone = replace(into, incident="inc-2")
    other = page(got, notice=into, action=ActionKind.NOTIFY, step="over", id="inc-1:over:1:1", target="executives")
    with_it = due(id="inc-2:over-with:inc-1:1:1", step="over-with")
    assert twice(other, with_it, gone) == "not sent"
    assert twice(replace(other, id=with_it.id, step="over-with", notice=gone), due(id="inc-1:over:1:1"), into) == "sent"
    pager = ("ada", Channel.PAGERDUTY)
    closed = replace(other, entries=(Entry("inc-1:over:1:1", 1, 1, *pager, got, ""),))
    assert not told_twice(with_it, gone, [pager], [closed], THERE).points, "an alert of each incident is closed"
