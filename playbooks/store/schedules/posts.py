"""Posts found in schedulers, and the accounts they were found in.

A post is written down, with all that it takes to make it anew, before anything is done about it. Every change of where
one stands, and of an account's state, leaves a row in an append-only log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from playbooks.effects.plain_text import paragraph
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import Verdict
from playbooks.schedulers.kept import Kept, Stage, Wish
from playbooks.schedulers.post import Found
from playbooks.store.engine import reading, writing
from playbooks.store.schema import scheduled_posts, scheduler_accounts, scheduler_log

#: Who is written down for what the runner does.
RUNNER = "runner"
MAX_TEXT_CHARS = 10_000
#: Stages in which a post waits for a person's word.
WAITING = (Stage.STOPPED, Stage.DELETED)
#: Stages in which a post is looked at in every round.
LIVE = (Stage.FOUND, Stage.REFUSED, Stage.STOPPED, Stage.DELETED)


class Asked(StrEnum):
    """What came of a person's wish about a post."""

    DONE = "done"
    NO_SUCH_POST = "no_such_post"
    NOT_HELD_BACK = "not_held_back"
    NOT_IN_THE_ROLES = "not_in_the_roles"
    IS_PROTECTED = "is_protected"
    NOT_LOOKED = "not_looked"


class Logged(msgspec.Struct, frozen=True):
    """One row of the log; `post` is empty where it is about the account."""

    scheduler: str
    post: str
    hold: str | None
    entry: str
    detail: str
    actor: str
    recorded_ms: int


def accounts(engine: Engine) -> dict[str, Account]:
    """Every account that was ever looked at, by the name of its scheduler."""
    with reading(engine) as conn:
        rows = conn.execute(select(scheduler_accounts).order_by(scheduler_accounts.c.scheduler)).mappings().all()
    names = Account.__struct_fields__
    return {row["scheduler"]: msgspec.convert({name: row[name] for name in names}, Account) for row in rows}


def kept_posts(engine: Engine, scheduler: str, stages: Collection[Stage] = tuple(Stage)) -> dict[str, Kept]:
    """The posts found in a scheduler that stand in one of `stages`, the soonest first."""
    with reading(engine) as conn:
        return _kept(conn, scheduler, stages)


def posts_of_hold(engine: Engine, hold: str) -> list[Kept]:
    """Every post that was found under a hold, in whatever scheduler, the soonest first."""
    query = select(scheduled_posts).where(scheduled_posts.c.hold == hold)
    with reading(engine) as conn:
        rows = conn.execute(query.order_by(scheduled_posts.c.due_ms, scheduled_posts.c.post)).mappings().all()
    return [_post(row) for row in rows]


def keep(engine: Engine, scheduler: str, hold: str, found: Sequence[Found], now_ms: int) -> dict[str, Kept]:
    """Write down posts before they are touched; what of them is kept now.

    One that waits already keeps its time and words: what is read of it now is what became of it.
    """
    with writing(engine) as conn:
        known = _kept(conn, scheduler, tuple(Stage), [post.id for post in found])
        new = [_row(scheduler, hold, post, now_ms) for post in found if post.id not in known]
        if new:
            conn.execute(insert(scheduled_posts), new)
        for post in found:
            before = known.get(post.id)
            if before is not None and before.stage not in LIVE:
                _update(conn, scheduler, post.id, _row(scheduler, hold, post, now_ms))
            elif before is not None and before.stage.waits:
                _update(conn, scheduler, post.id, {"stage": Stage.FOUND.value, "hold": hold, "changed_ms": now_ms})
        fresh = [post.id for post in found if post.id not in known or known[post.id].stage not in LIVE]
        _log(conn, [Logged(scheduler, post, hold, Stage.FOUND, "", RUNNER, now_ms) for post in fresh])
        return _kept(conn, scheduler, LIVE)


def settle(
    conn: Connection, scheduler: str, kept: Mapping[str, Kept], verdicts: Mapping[str, Verdict], now_ms: int
) -> dict[str, Kept]:
    """Write down where posts stand; all of `kept` as it is then."""
    after = dict(kept)
    for post, verdict in verdicts.items():
        before = kept[post]
        put_off_ms = verdict.put_off_ms if verdict.stage is Stage.STOPPED else None
        if (before.stage, before.detail, before.put_off_ms) == (verdict.stage, verdict.detail, put_off_ms):
            continue
        values = {"stage": verdict.stage.value, "detail": verdict.detail, "put_off_ms": put_off_ms}
        _update(conn, scheduler, post, values | {"changed_ms": now_ms})
        after[post] = msgspec.structs.replace(
            before, stage=verdict.stage, detail=verdict.detail, put_off_ms=put_off_ms, changed_ms=now_ms
        )
        if before.stage is not verdict.stage:
            entry = Logged(scheduler, post, before.hold, verdict.stage, verdict.detail, RUNNER, now_ms)
            _log(conn, [entry])
    return after


def write_account(conn: Connection, account: Account, before: Account | None) -> None:
    """Write down how an account stands; a change of its state is logged."""
    row = msgspec.to_builtins(account)
    changed = conn.execute(
        update(scheduler_accounts).where(scheduler_accounts.c.scheduler == account.scheduler).values(row)
    )
    if not changed.rowcount:
        conn.execute(insert(scheduler_accounts).values(row))
    if before is None or (before.state, before.hold) != (account.state, account.hold):
        said = account.detail
        _log(conn, [Logged(account.scheduler, "", account.hold, account.state, said, RUNNER, account.checked_ms)])


def wish(
    engine: Engine,
    scheduler: str,
    posts: Mapping[str, int | None],
    wish: Wish,
    person: str,
    reason: str,
    now_ms: int,
) -> Asked:
    """Note what a person wants of posts that were held back; the runner does it, once no hold covers the account.

    `posts` has for each when it shall go out, for `Wish.SCHEDULE`; the runner keeps the spacing. Whether `person` may
    say so has been decided by the caller. Where one of them is not held back, nothing is noted of any.
    """
    with writing(engine) as conn:
        known = _kept(conn, scheduler, tuple(Stage), list(posts))
        if not posts.keys() <= known.keys():
            return Asked.NO_SUCH_POST
        if not all(known[post].stage.waits for post in posts):
            return Asked.NOT_HELD_BACK
        words = paragraph(reason).strip()
        said = {"wish": wish.value, "wish_by": person, "wish_reason": words, "changed_ms": now_ms}
        for post, at_ms in posts.items():
            _update(conn, scheduler, post, said | {"wish_ms": at_ms})
        conn.execute(
            update(scheduler_accounts).where(scheduler_accounts.c.scheduler == scheduler).values(next_ms=now_ms)
        )
        entry = f"wish_{wish.value}"
        _log(conn, [Logged(scheduler, post, known[post].hold, entry, words, person, now_ms) for post in posts])
    return Asked.DONE


def set_times(engine: Engine, scheduler: str, times: Mapping[str, int]) -> None:
    """Write down at which times posts will be given back, before they are."""
    if times:
        with writing(engine) as conn:
            for post, at_ms in times.items():
                _update(conn, scheduler, post, {"wish_ms": at_ms})


def fulfilled(conn: Connection, kept: Kept, stage: Stage, detail: str, now_ms: int, **values: object) -> None:
    """A wish is done (`stage` says how), or cannot be (the stage is as before, and the wish is gone)."""
    _update(conn, kept.scheduler, kept.post, {"stage": stage.value, "detail": detail, "changed_ms": now_ms, **values})
    actor = kept.wish_by or RUNNER
    _log(conn, [Logged(kept.scheduler, kept.post, kept.hold, stage, detail, actor, now_ms)])


def scheduler_history(engine: Engine, scheduler: str, limit: int = 500) -> list[Logged]:
    """The newest rows of a scheduler's log, in their order."""
    query = select(scheduler_log).where(scheduler_log.c.scheduler == scheduler)
    with reading(engine) as conn:
        rows = conn.execute(query.order_by(scheduler_log.c.seq.desc()).limit(limit)).mappings().all()
    return [Logged(**{name: row[name] for name in Logged.__struct_fields__}) for row in reversed(rows)]


def _is(scheduler: str, post: str) -> tuple[Any, Any]:
    return scheduled_posts.c.scheduler == scheduler, scheduled_posts.c.post == post


def _update(conn: Connection, scheduler: str, post: str, values: Mapping[str, object]) -> None:
    conn.execute(update(scheduled_posts).where(*_is(scheduler, post)).values(dict(values)))


def _kept(
    conn: Connection, scheduler: str, stages: Collection[Stage], only: Sequence[str] | None = None
) -> dict[str, Kept]:
    words = [stage.value for stage in stages]
    query = select(scheduled_posts).where(scheduled_posts.c.scheduler == scheduler, scheduled_posts.c.stage.in_(words))
    if only is not None and len(only) <= 500:  # more than that are not named one by one
        query = query.where(scheduled_posts.c.post.in_(only))
    rows = conn.execute(query.order_by(scheduled_posts.c.due_ms, scheduled_posts.c.post)).mappings()
    return {row["post"]: _post(row) for row in rows}


def _post(row: RowMapping) -> Kept:
    return msgspec.convert({name: row[name] for name in Kept.__struct_fields__}, Kept)


def _row(scheduler: str, hold: str, post: Found, now_ms: int) -> dict[str, Any]:
    known = Kept(
        scheduler=scheduler,
        post=post.id,
        hold=hold,
        stage=Stage.FOUND,
        due_ms=post.due_ms,
        text=paragraph(post.text)[:MAX_TEXT_CHARS],
        body=post.body,
        detail="",
        found_ms=now_ms,
        changed_ms=now_ms,
    )
    row: dict[str, Any] = msgspec.to_builtins(known)
    return row


def _log(conn: Connection, rows: Iterable[Logged]) -> None:
    found = [msgspec.to_builtins(row) for row in rows]
    if found:
        conn.execute(insert(scheduler_log), found)
