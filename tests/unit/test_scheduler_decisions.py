"""What is done about posts in schedulers, and what an account's state is, from what was read back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from playbooks.schedulers.decisions import (
    IDLE_S,
    AccountState,
    Canary,
    Verdict,
    judge,
    let_go,
    next_look_ms,
    settle,
    to_put_off,
    to_stop,
)
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits

NOW, SOON, LATER, UNTIL = 1_000_000, 1_060_000, 9_000_000, 50_000_000
BUSY = Trouble(Why.BUSY, "X: HTTP 429", 7.0)
NO_ANSWER = Trouble(Why.NO_ANSWER, "X: no answer")


def kept(post: str = "a", stage: Stage = Stage.FOUND, due_ms: int = LATER) -> Kept:
    return Kept("ours", post, "hold-1", stage, due_ms, "Buy", {}, "", 0, 0)


def verdict(
    seen: Spot | None,
    tried: Stopped | None,
    *,
    due_ms: int = LATER,
    stage: Stage = Stage.FOUND,
    trouble: Trouble | None = None,
    read_due_ms: int | None = None,
) -> Verdict | str:
    """What is made of one post that is read back as `seen` (None: it is not in the list)."""
    posts = () if seen is None else (Found("a", seen, due_ms if read_due_ms is None else read_due_ms),)
    look = Look(posts, trouble)
    settled = settle({"a": kept("a", stage, due_ms)}, {"a": tried} if tried else {}, look, UNTIL, NOW)
    if settled.unclear:
        return "unclear"
    return settled.verdicts.get("a", "nothing said")


def stage(*asked: object, **named: object) -> Stage | str:
    found = verdict(*asked, **named)  # type: ignore[arg-type]
    return found.stage if isinstance(found, Verdict) else found


def test_a_post_that_is_still_scheduled_after_a_yes_was_refused() -> None:
    assert verdict(Spot.SCHEDULED, Means.DRAFT) == Verdict(
        Stage.REFUSED, "the scheduler said yes, and it is still scheduled", Why.NO_EFFECT
    )


def test_a_post_that_is_read_back_as_a_draft_is_stopped_whatever_was_answered() -> None:
    assert stage(Spot.STOPPED, Means.DRAFT) is Stage.STOPPED
    assert stage(Spot.STOPPED, NO_ANSWER) is Stage.STOPPED


def test_a_post_that_was_put_off_beyond_what_is_held_is_stopped() -> None:
    assert stage(Spot.SCHEDULED, Means.POSTPONE, read_due_ms=UNTIL + 1) is Stage.STOPPED
    assert stage(Spot.SCHEDULED, Means.POSTPONE, read_due_ms=UNTIL) is Stage.REFUSED


def test_what_comes_near_again_after_it_was_put_off_is_stopped_again() -> None:
    assert stage(Spot.SCHEDULED, None, stage=Stage.STOPPED) is Stage.FOUND
    assert [post.id for post in to_stop([Found("a", Spot.SCHEDULED, LATER)], UNTIL)] == ["a"]


def test_not_listed_any_more_after_a_yes_and_not_its_time_yet_is_stopped() -> None:
    assert stage(None, Means.DRAFT) is Stage.STOPPED


def test_not_listed_any_more_shortly_before_its_time_has_to_be_asked_for() -> None:
    assert stage(None, Means.DRAFT, due_ms=SOON) == "unclear"
    assert stage(None, NO_ANSWER) == "unclear"


def test_a_list_that_is_not_whole_says_nothing_of_what_is_not_in_it() -> None:
    assert stage(None, Means.DRAFT, trouble=BUSY) == "nothing said"
    assert stage(Spot.STOPPED, Means.DRAFT, trouble=BUSY) is Stage.STOPPED


def test_gone_at_its_time_is_taken_to_have_gone_out_and_gone_before_it_not() -> None:
    assert stage(Spot.GONE, Means.DRAFT, due_ms=SOON) is Stage.LEAKED
    assert stage(Spot.GONE, None, due_ms=LATER) is Stage.GONE


def test_what_we_deleted_is_no_leak_though_its_time_has_come() -> None:
    assert stage(Spot.GONE, Means.DELETE, due_ms=SOON) is Stage.DELETED
    assert stage(Spot.GONE, None, due_ms=SOON, stage=Stage.DELETED) is Stage.DELETED


def test_gone_long_before_its_time_after_an_answer_that_failed_was_deleted_by_us() -> None:
    assert stage(Spot.GONE, Trouble(Why.SERVER_FAULT, "X: HTTP 500"), due_ms=LATER) is Stage.DELETED


def test_what_is_sent_has_leaked_and_what_is_being_sent_cannot_be_stopped() -> None:
    assert stage(Spot.SENT, Means.DRAFT) is Stage.LEAKED
    assert verdict(Spot.SENDING, None) == Verdict(
        Stage.REFUSED, "it is on its way out; nothing there stops it", Why.TOO_LATE
    )


def test_the_soonest_is_stopped_first_and_what_is_far_ahead_is_left_alone() -> None:
    posts = [Found("c", Spot.SCHEDULED, UNTIL + 1), Found("b", Spot.SCHEDULED, 2), Found("a", Spot.PENDING, 1)]
    assert [post.id for post in to_stop([*posts, Found("d", Spot.SENDING, 0)], UNTIL)] == ["a", "b"]


def put_off(post: str, to_ms: int) -> Kept:
    return replace(kept(post, Stage.STOPPED), put_off_ms=to_ms)


def test_after_the_release_only_what_was_put_off_and_has_the_time_we_gave_it_is_put_off_again() -> None:
    ours, theirs, draft = put_off("a", LATER), put_off("b", LATER), kept("c", Stage.STOPPED)
    posts = [Found("a", Spot.SCHEDULED, LATER), Found("b", Spot.SCHEDULED, LATER + 60_000)]
    posts.append(Found("c", Spot.SCHEDULED, LATER))
    known = {each.post: each for each in (ours, theirs, draft)}
    assert [post.id for post in to_put_off(posts, known, UNTIL)] == ["a"]
    ended = let_go(known.values(), Look(tuple(posts)), {"a"})
    assert {post: verdict.stage for post, verdict in ended.items()} == {"b": Stage.RESTORED, "c": Stage.RESTORED}


def test_after_the_release_what_was_not_stopped_goes_and_what_waits_stays() -> None:
    known = [kept("a", Stage.REFUSED), kept("b", Stage.STOPPED), kept("c", Stage.DELETED)]
    assert {post: each.stage for post, each in let_go(known, Look(()), ()).items()} == {"a": Stage.RESTORED}


def state(*stages: Stage, covered: bool = True, trouble: Trouble | None = None, **more: object) -> AccountState:
    known = {"unclear": False, "canary": Canary.NOT_ASKED} | more
    return judge(stages, covered=covered, trouble=trouble, **known)[0]  # type: ignore[arg-type]


def test_held_is_said_only_where_all_of_it_was_read_and_nothing_goes() -> None:
    assert state(Stage.STOPPED, Stage.DELETED, Stage.GONE) is AccountState.HELD
    assert state() is AccountState.HELD
    assert state(Stage.STOPPED, Stage.REFUSED) is AccountState.PARTIAL
    assert state(Stage.STOPPED, trouble=BUSY) is AccountState.UNKNOWN
    assert state(Stage.STOPPED, unclear=True) is AccountState.UNKNOWN


def test_a_leak_stays_one_whatever_else_is_so() -> None:
    assert state(Stage.LEAKED, Stage.REFUSED, trouble=BUSY, unclear=True) is AccountState.LEAKED


def test_a_gate_that_lets_the_canary_go_is_not_held() -> None:
    assert state(canary=Canary.ALLOWED) is AccountState.PARTIAL
    assert state(canary=Canary.NO_ANSWER) is AccountState.HELD  # no answer is a no


def test_where_nothing_is_held_it_says_so_and_what_is_wrong_all_the_same() -> None:
    open_state = judge([], covered=False, trouble=BUSY, unclear=False, canary=Canary.NOT_ASKED)
    assert open_state == (AccountState.OPEN, Why.BUSY)


@pytest.mark.parametrize(
    ("covered", "going", "trouble", "wait_s"),
    [
        (True, False, None, 60),
        (True, True, None, 15),
        (True, False, NO_ANSWER, 15),
        (True, True, BUSY, 7),
        (True, False, Trouble(Why.BUSY, "", 86_400.0), 900),
        (False, False, None, IDLE_S),
        (False, False, BUSY, IDLE_S),
    ],
)
def test_when_it_is_looked_at_again(covered: bool, going: bool, trouble: Trouble | None, wait_s: float) -> None:
    at_ms = next_look_ms(Traits(check_s=60.0), trouble, NOW, covered=covered, going=going)
    assert at_ms == NOW + wait_s * 1000


def test_the_settings_interval_counts_before_the_schedulers_own() -> None:
    assert next_look_ms(Traits(check_s=600.0), None, 0, covered=True, going=False, check_s=2.0) == 2_000
