"""What the ledger of an action comes to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playbooks.delivery.standing import Entry, OutboxState, Point, Standing, in_doubt, settled, stands
from playbooks.labels import Channel, DeliveryOutcome

ADA, BOB = ("ada", Channel.EMAIL), ("bob", Channel.EMAIL)
ADA_HOOK = ("ada", Channel.WEBHOOK)
SENDING, DELIVERED, PERHAPS = DeliveryOutcome.SENDING, DeliveryOutcome.DELIVERED, DeliveryOutcome.PERHAPS
RETRY, FAILED, RECORDED = DeliveryOutcome.RETRY, DeliveryOutcome.FAILED, DeliveryOutcome.RECORDED


def entry(point: Point, outcome: DeliveryOutcome, attempt: int = 1) -> Entry:
    return Entry("act-1", attempt, 0, *point, outcome, "")


def standing(*entries: Entry, most: int = 3, repeats: bool = True) -> Standing:
    return stands(entries, {ADA, BOB, ADA_HOOK}, max_attempts=most, repeats=repeats)


def test_a_send_without_an_end_is_in_doubt() -> None:
    begun = entry(ADA, SENDING)
    assert in_doubt([begun, entry(BOB, SENDING), entry(BOB, DELIVERED)]) == [begun]


def test_an_end_of_another_attempt_does_not_end_the_doubt() -> None:
    second = entry(ADA, SENDING, 2)
    assert in_doubt([entry(ADA, SENDING), entry(ADA, RETRY), second]) == [second]


def test_everybody_reached_is_delivered() -> None:
    ledger = (entry(ADA, SENDING), entry(BOB, SENDING), entry(ADA, DELIVERED), entry(BOB, DELIVERED))
    assert standing(*ledger) == Standing(frozenset(), frozenset(), (), OutboxState.DELIVERED)


def test_who_is_not_reached_yet_is_tried_again_and_the_others_are_not() -> None:
    found = standing(entry(ADA, SENDING), entry(BOB, SENDING), entry(ADA, DELIVERED), entry(BOB, RETRY))
    assert (found.again, found.given_up) == (frozenset({BOB}), frozenset())


def test_a_point_in_doubt_is_tried_again_for_people_and_not_for_graphs() -> None:
    ledger = (entry(ADA, SENDING), entry(ADA, PERHAPS))
    assert standing(*ledger).again == {ADA}
    assert standing(*ledger, repeats=False) == Standing(frozenset(), frozenset(), (), OutboxState.DELIVERED)


def test_a_point_is_given_up_after_so_many_sends() -> None:
    ledger = [entry(ADA, outcome, attempt) for attempt in (1, 2, 3) for outcome in (SENDING, RETRY)]
    assert standing(*ledger) == Standing(frozenset(), frozenset({ADA}), ("ada",), OutboxState.FAILED)


def test_claims_that_never_came_to_a_send_are_no_tries() -> None:
    assert standing(entry(ADA, SENDING, 9), entry(ADA, RETRY, 9)).again == {ADA}


def test_somebody_who_left_the_role_is_not_tried_again() -> None:
    found = stands([entry(ADA, SENDING), entry(ADA, RETRY)], [BOB], max_attempts=3, repeats=True)
    assert found == Standing(frozenset(), frozenset({ADA}), ("ada",), OutboxState.FAILED)


def test_one_channel_is_enough_to_have_reached_a_person() -> None:
    found = standing(entry(ADA, SENDING), entry(ADA_HOOK, SENDING), entry(ADA, FAILED), entry(ADA_HOOK, DELIVERED))
    assert (found.missed, found.state) == ((), OutboxState.DELIVERED)


def test_some_reached_and_some_not_is_partly() -> None:
    found = standing(entry(ADA, SENDING), entry(BOB, SENDING), entry(ADA, DELIVERED), entry(BOB, FAILED))
    assert (found.missed, found.state) == (("bob",), OutboxState.PARTLY)


def test_what_reached_nobody_because_it_should_not_is_recorded() -> None:
    assert standing(entry(ADA, RECORDED), entry(BOB, RECORDED)).state is OutboxState.RECORDED
    assert standing().state is OutboxState.RECORDED


def test_a_drill_that_reached_those_who_agreed_is_delivered() -> None:
    found = standing(entry(BOB, RECORDED), entry(ADA, SENDING), entry(ADA, DELIVERED))
    assert (found.missed, found.state) == ((), OutboxState.DELIVERED)


ENTRIES = st.lists(
    st.builds(entry, st.sampled_from([ADA, BOB, ADA_HOOK]), st.sampled_from(DeliveryOutcome), st.integers(1, 5)),
    max_size=30,
)


@given(ENTRIES, st.integers(1, 5), st.booleans())
def test_every_point_is_settled_tried_again_or_given_up(entries: list[Entry], most: int, repeats: bool) -> None:
    found = standing(*entries, most=most, repeats=repeats)
    done = settled(entries, repeats=repeats)
    assert {*done, *found.again, *found.given_up} == {each.point for each in entries}
    assert not found.again & found.given_up
    assert not done & (found.again | found.given_up)


@given(ENTRIES)
def test_who_was_reached_is_never_sent_to_again(entries: list[Entry]) -> None:
    reached = {each.point for each in entries if each.outcome is DELIVERED}
    assert not reached & standing(*entries).again
