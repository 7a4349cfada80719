"""Giving back what was held: only what a person asked for, one by one, at times that keep their distance, read back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import Engine

from playbooks.schedulers.decisions import SAME_MS
from playbooks.schedulers.kept import Kept, Stage, Wish
from playbooks.schedulers.post import Found, Look, Spot, Trouble
from playbooks.schedulers.scheduler import Scheduler
from playbooks.schedulers.slots import slots
from playbooks.store.engine import writing
from playbooks.store.patient_store import PatientStore
from playbooks.store.schedules import posts as scheduled_posts
from playbooks.wall_clock import Clock


async def give_back(
    scheduler: Scheduler, store: PatientStore, name: str, look: Look, clock: Clock, spacing_ms: int
) -> None:
    """Do what people wish for the account's posts. `look` is what it has scheduled: what is given back keeps off it.

    What fails for a reason that passes is tried again in the next pass; anything else ends the wish, and says why.
    """
    waiting = (Stage.STOPPED, Stage.DELETED)
    kept = await store.do(lambda engine: scheduled_posts.kept_posts(engine, name, waiting))
    wished = [post for post in kept.values() if post.wish is not None]
    made = {post.post: there for post in wished if (there := _twin(post, look)) is not None}
    times = _times(
        [post for post in wished if post.post not in made],
        look,
        clock() + (look.ahead_ms or 0) + int(scheduler.traits.lead_s * 1000),
        spacing_ms,
    )
    # Written down before it is asked for: what was made and not answered well is known by its time.
    await store.do(lambda engine: scheduled_posts.set_times(engine, name, times))
    for post in wished:
        twin = made.get(post.post)
        done = (
            _restored(twin.id, twin.due_ms) if twin else await _fulfil(scheduler, post, times.get(post.post), clock())
        )
        if done is not None:
            await store.do(partial(_write, post=post, done=done, now_ms=clock()))


def _twin(post: Kept, look: Look) -> Found | None:
    """The post as an earlier try has scheduled it, though no answer said so."""
    if post.wish is not Wish.SCHEDULE or post.wish_ms is None:
        return None
    at_ms = post.wish_ms
    twins = (each for each in look.posts if each.spot.goes and abs(each.due_ms - at_ms) < SAME_MS)
    return next((each for each in twins if each.id == post.post or _same_words(each, post)), None)


def _same_words(found: Found, post: Kept) -> bool:
    return found.text in (post.text, post.body.get("text"))


def _times(wished: Sequence[Kept], look: Look, earliest_ms: int, spacing_ms: int) -> dict[str, int]:
    wanted = [(post.post, post.wish_ms or 0) for post in wished if post.wish is Wish.SCHEDULE]
    waiting = {post.post for post in wished}
    taken = [post.due_ms for post in look.posts if post.spot.goes and post.id not in waiting]
    return slots(wanted, taken, earliest_ms, spacing_ms)


class Done(NamedTuple):
    """What follows from a wish: the post's stage, why, and what else changes."""

    stage: Stage
    detail: str
    values: dict[str, object]


async def _fulfil(scheduler: Scheduler, post: Kept, due_ms: int | None, now_ms: int) -> Done | None:
    """What came of a wish; None: it is tried again."""
    no_wish: dict[str, object] = {"wish": None, "wish_ms": None}
    if post.wish is Wish.DROP:
        wrong = await scheduler.drop(post.as_found())
        return Done(Stage.DROPPED, "dropped", no_wish) if wrong is None else _failed(post, wrong)
    if due_ms is None and not scheduler.traits.drafts:
        return Done(post.stage, "this scheduler has no drafts: it stays as it is; say a time, or drop it", no_wish)
    made = await scheduler.restore(post.as_found(), due_ms, now_ms)
    if isinstance(made, Trouble):
        return _failed(post, made)
    if due_ms is None:
        return Done(Stage.RESTORED, "a draft, from here on theirs", no_wish | {"new_post": made})
    (found,) = (await scheduler.where([made])).values()
    return _restored(made, due_ms) if _is_at(found, due_ms) else None


def _restored(made: str, due_ms: int) -> Done:
    values: dict[str, object] = {"wish": None, "wish_ms": None, "new_post": made, "due_ms": due_ms, "put_off_ms": None}
    return Done(Stage.RESTORED, "scheduled again", values)


def _failed(post: Kept, wrong: Trouble) -> Done | None:
    """What fails for a reason that passes is tried again; anything else ends the wish, and says why."""
    return None if wrong.why.passes else Done(post.stage, wrong.answer, {"wish": None, "wish_ms": None})


def _is_at(found: Found | Trouble, due_ms: int) -> bool:
    return isinstance(found, Found) and found.spot is Spot.SCHEDULED and abs(found.due_ms - due_ms) < SAME_MS


def _write(engine: Engine, *, post: Kept, done: Done, now_ms: int) -> None:
    with writing(engine) as conn:
        scheduled_posts.fulfilled(conn, post, done.stage, done.detail, now_ms, **done.values)
