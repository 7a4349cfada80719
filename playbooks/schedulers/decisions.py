"""What to do about the posts of an account, and what is so, from what was read of it. No I/O, no clock.

Nothing is taken to be stopped because a scheduler said yes, nor to be sent because its time has passed: only what was
read back counts, by the scheduler's own clock. What cannot be read leaves the account `UNKNOWN`, never `HELD`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits

#: A post that is gone so shortly before its time, or after it, is taken to have gone out.
BELATED_MS = 120_000
#: Times of a scheduler's are to the second.
SAME_MS = 2_000
#: How often an account that no hold covers is looked at, so that a revoked token is known before it matters.
IDLE_S = 3_600.0
#: What passes by itself is tried again after this share of the scheduler's own interval.
AGAIN_SHARE = 0.25
SOONEST_S, LATEST_S = 5.0, 900.0


class AccountState(StrEnum):
    """What is known of an account: nothing to hold, or what the last read-back shows.

    `HELD`: all of it was read, and nothing would go out. `PARTIAL`: something would. `UNKNOWN`: not all could be read,
    or not lately. `LEAKED`: something went out since the hold began; that stays so, whatever else is held.
    """

    OPEN = "open"
    HELD = "held"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    LEAKED = "leaked"


class Canary(StrEnum):
    """What the gate said to a post that must be refused. `NOT_ASKED`: nothing is held, or no gate is set up here."""

    NOT_ASKED = "not_asked"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    ALLOWED = "allowed"


class Verdict(NamedTuple):
    """Where a post stands now, and why, for people; `why` is said where it would still go out.

    `put_off_ms` is when it would go out now, where it is only put off.
    """

    stage: Stage
    detail: str = ""
    why: Why | None = None
    put_off_ms: int | None = None


class Settled(NamedTuple):
    """What the read-back says of posts, and those it says nothing of: each of these has to be asked for by itself."""

    verdicts: dict[str, Verdict]
    unclear: list[str]


def to_stop(posts: Iterable[Found], until_ms: int) -> list[Found]:
    """The posts to stop while a hold covers the account: what would go out by `until_ms`, the soonest first.

    >>> posts = [Found("late", Spot.SCHEDULED, 9), Found("b", Spot.PENDING, 2), Found("a", Spot.SCHEDULED, 1)]
    >>> [post.id for post in to_stop(posts, until_ms=5)]
    ['a', 'b']
    """
    going = (post for post in posts if post.spot.goes and post.due_ms <= until_ms)
    return sorted(going, key=lambda post: (post.due_ms, post.id))


def to_put_off(posts: Iterable[Found], kept: Mapping[str, Kept], until_ms: int) -> list[Found]:
    """The posts to stop where no hold covers the account any more: what was put off, comes near, and is undecided.

    One with another time than it was put off to has got it from a person, and is theirs.
    """
    waiting = {post.post: post.put_off_ms for post in kept.values() if post.stage.waits and post.put_off_ms is not None}
    return [
        post
        for post in to_stop(posts, until_ms)
        if post.id in waiting and abs(post.due_ms - (waiting[post.id] or 0)) < SAME_MS
    ]


def let_go(kept: Iterable[Kept], look: Look, put_off: Collection[str]) -> dict[str, Verdict]:
    """What the end of all holds means: what was not stopped goes, what a person scheduled anew is theirs.

    What was stopped stays so until somebody decides. `put_off` are those that are put off again just now.
    """
    seen = {post.id: post for post in look.posts}
    found: dict[str, Verdict] = {}
    for post in kept:
        now = seen.get(post.post)
        if post.stage.goes:
            found[post.post] = Verdict(Stage.RESTORED, "let go before it was stopped")
        elif now is not None and now.spot.goes and post.post not in put_off and now.due_ms != post.put_off_ms:
            found[post.post] = Verdict(Stage.RESTORED, "scheduled again, in the scheduler itself")
        elif now is not None and now.spot is Spot.SENT:
            found[post.post] = Verdict(Stage.RESTORED, "sent, in the scheduler itself")
    return found


def settle(
    kept: Mapping[str, Kept], tried: Mapping[str, Stopped], look: Look, until_ms: int, their_now_ms: int
) -> Settled:
    """What `look`, read after trying, says of the posts that are `kept`. `their_now_ms` is by the scheduler's clock."""
    seen = {post.id: post for post in look.posts}
    settled = Settled({}, [])
    for post in kept.values():
        if (found := seen.get(post.post)) is not None:
            settled.verdicts[post.post] = standing(post, found, tried.get(post.post), until_ms, their_now_ms)
        elif look.trouble is not None or post.stage.waits:
            continue  # nothing is said of it; what was a draft before, and is not listed, is one
        elif isinstance(tried.get(post.post), Means) and post.due_ms > their_now_ms + BELATED_MS:
            settled.verdicts[post.post] = _stopped(tried[post.post])  # not its time yet, and it is not among what goes
        else:
            settled.unclear.append(post.post)
    return settled


def standing(kept: Kept, found: Found, tried: Stopped | None, until_ms: int, their_now_ms: int) -> Verdict:
    """Where a post stands that was read back as `found`."""
    match found.spot:
        case Spot.SENT:
            return Verdict(Stage.LEAKED, "it went out")
        case Spot.SENDING:
            return Verdict(Stage.REFUSED, "it is on its way out; nothing there stops it", Why.TOO_LATE)
        case Spot.STOPPED:
            return _stopped(tried)
        case Spot.GONE:
            return _gone(kept, tried, their_now_ms)
        case Spot.SCHEDULED | Spot.PENDING:
            return _goes(found, tried, until_ms)


def judge(
    stages: Collection[Stage], *, covered: bool, trouble: Trouble | None, unclear: bool, canary: Canary
) -> tuple[AccountState, Why | None]:
    """The account's state, and the reason where it is not what it should be.

    `stages` are those of its posts under the holds that cover it, `unclear` whether one of them could not be read.
    """
    why = trouble.why if trouble else None
    if not covered:
        return AccountState.OPEN, why
    if Stage.LEAKED in stages:
        return AccountState.LEAKED, why
    if trouble is not None or unclear:
        return AccountState.UNKNOWN, why or Why.NO_ANSWER
    if any(stage.goes for stage in stages):
        return AccountState.PARTIAL, None
    if canary is Canary.ALLOWED:
        return AccountState.PARTIAL, Why.GATE_OPEN
    return AccountState.HELD, None


def next_look_ms(
    traits: Traits, trouble: Trouble | None, now_ms: int, *, covered: bool, going: bool, check_s: float | None = None
) -> int:
    """When the account is looked at again: sooner where something goes or could not be read.

    `check_s` is the settings' interval, where they have one. What the scheduler asks for is kept to, within bounds.
    """
    usual_s = check_s or traits.check_s
    if not covered:
        wait_s = max(IDLE_S, usual_s)
    elif trouble is not None and trouble.after_s is not None:
        wait_s = min(LATEST_S, max(SOONEST_S, trouble.after_s))
    elif trouble is not None or going:
        wait_s = min(usual_s, max(SOONEST_S, usual_s * AGAIN_SHARE))
    else:
        wait_s = usual_s
    return now_ms + int(wait_s * 1000)


def _goes(found: Found, tried: Stopped | None, until_ms: int) -> Verdict:
    if found.due_ms > until_ms:
        return Verdict(Stage.STOPPED, "put off", put_off_ms=found.due_ms)
    match tried:
        case Means():
            return Verdict(Stage.REFUSED, "the scheduler said yes, and it is still scheduled", Why.NO_EFFECT)
        case Trouble(why=why, answer=answer):
            return Verdict(Stage.REFUSED, answer, why)
        case None:
            return Verdict(Stage.FOUND)


def _gone(kept: Kept, tried: Stopped | None, their_now_ms: int) -> Verdict:
    if tried is Means.DELETE or kept.stage is Stage.DELETED:
        return Verdict(Stage.DELETED, "kept here, and deleted there")
    if kept.due_ms <= their_now_ms + BELATED_MS:
        return Verdict(Stage.LEAKED, "the scheduler does not have it any more, at its time: taken to have gone out")
    if isinstance(tried, Trouble) and tried.why in (Why.NO_ANSWER, Why.SERVER_FAULT):
        return Verdict(Stage.DELETED, "kept here, and gone there after an answer that failed")
    return Verdict(Stage.GONE, "somebody took it away")


def _stopped(tried: Stopped | None) -> Verdict:
    match tried:
        case Means.DELETE:
            return Verdict(Stage.DELETED, "kept here, and deleted there")
        case Means.POSTPONE:
            return Verdict(Stage.STOPPED, "put off")
        case Means.REJECT:
            return Verdict(Stage.STOPPED, "rejected")
        case _:
            return Verdict(Stage.STOPPED, "a draft")
