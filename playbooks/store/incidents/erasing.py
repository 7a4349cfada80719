"""Posts erased for good, by somebody and for a reason: by post, by who wrote them, or by age."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from sqlalchemy import ColumnElement, Engine, and_, func, insert, select, update

from detectors.signal import TakenDown
from playbooks.store.engine import reading, writing
from playbooks.store.gate import texts as gate_texts
from playbooks.store.incidents.posts import storable
from playbooks.store.schedules.erasing import Which, ended_before, erase_ended, named, naming, needed
from playbooks.store.schema import erasures, posts


class By(StrEnum):
    """What posts were erased by. What it was in particular is not kept: that would be the handle again."""

    POST = "post"
    AUTHOR = "author"
    AGE = "age"
    PLATFORM = "platform"


class OnePost(msgspec.Struct, frozen=True):
    """The post with this id on this platform."""

    platform: str
    post: str


class Author(msgspec.Struct, frozen=True):
    """Everything this handle wrote, on one platform or (None) on all; case and a leading ``@`` do not count."""

    handle: str
    platform: str | None = None


class Before(msgspec.Struct, frozen=True):
    """Everything written before this moment."""

    at_ms: int


What = OnePost | Author | Before | TakenDown

#: Who had posts erased that are gone from their platform, and why.
_PLATFORM: Final = "its platform"
_GONE: Final = "It was deleted there."


def take_down(engine: Engine, gone: TakenDown, now_ms: int) -> int:
    """Erase what is quoted of posts that are gone from their platform; how many they were."""
    with reading(engine) as conn:
        quoted = conn.execute(select(posts.c.ref).where(posts.c.salt.is_not(None), _which(gone)).limit(1)).first()
    # Most posts that are deleted were never quoted: they shall wait for nobody, and nobody for them.
    return erase(engine, gone, _PLATFORM, _GONE, now_ms) if quoted else 0


def erase(engine: Engine, what: What, person: str, reason: str, now_ms: int) -> int:
    """Empty the rows of the posts that `what` names, and note who had it done and why; how many they were.

    The texts that the gate was asked about go too: of a post, of an account (`Author`), by age; and those of your own
    posts in schedulers whose end has come (`schedules/erasing.py`). Where there is none, nothing is noted. Log, audit,
    ledger and outbox never had more than the reference.
    """
    with writing(engine) as conn:
        here = and_(posts.c.salt.is_not(None), _which(what))
        refs = conn.execute(select(posts.c.ref).where(here).order_by(posts.c.ref).with_for_update()).scalars().all()
        asked = _asked_about(what)
        number = len(refs) + (gate_texts.erase_texts(conn, asked, now_ms) if asked is not None else 0)
        if (scheduled := _scheduled(what)) is not None:
            number += erase_ended(conn, scheduled)
        if not number:
            return 0
        act = {"at_ms": now_ms, "person": person, "reason": reason, "by": _by(what).value, "posts": number}
        seq = conn.execute(insert(erasures).values(act).returning(erasures.c.seq)).scalar_one()
        gone = {"salt": None, "post": None, "handle": None, "text": None, "erasure": seq}
        conn.execute(update(posts).where(here).values(gone))
    return number


def not_erased(engine: Engine, what: What) -> list[tuple[str, str]]:
    """Your own posts that `what` names and that are kept, since they wait in a scheduler: its name, and the post's."""
    which = _scheduled(what)
    if which is None:
        return []
    with reading(engine) as conn:
        return needed(conn, which)


def _which(what: What) -> ColumnElement[bool]:
    match what:
        case OnePost():
            return and_(posts.c.platform == what.platform, posts.c.post == what.post)
        case Author(platform=None):
            return _wrote(what.handle)
        case Author():
            return and_(posts.c.platform == what.platform, _wrote(what.handle))
        case Before():
            return posts.c.at_ms < what.at_ms
        case TakenDown():
            mine = and_(posts.c.run == what.run, posts.c.brand == what.brand, posts.c.platform == what.platform)
            return and_(mine, posts.c.post.in_([storable(post) for post in what.posts]))
        case _:
            assert_never(what)


def _asked_about(what: What) -> ColumnElement[bool] | None:
    """Which texts of the gate's `what` names; what is gone from its platform is no post that anybody asked about."""
    match what:
        case OnePost():
            return gate_texts.of_post(what.platform, what.post)
        case Author():
            return gate_texts.of_account(what.handle, what.platform)
        case Before():
            return gate_texts.kept_before(what.at_ms)
        case TakenDown():
            return None
        case _:
            assert_never(what)


def _scheduled(what: What) -> Which | None:
    """Which of your own posts in schedulers `what` names: by the scheduler's name, by who is named in them, by age.

    A handle of one platform is not looked for: a scheduler's post is not known by its platform.
    """
    match what:
        case OnePost():
            return named(what.platform, what.post)
        case Author(platform=None):
            return naming(what.handle)
        case Before():
            return ended_before(what.at_ms)
        case Author() | TakenDown():
            return None
        case _:
            assert_never(what)


def _wrote(handle: str) -> ColumnElement[bool]:
    plain = handle.strip().removeprefix("@").lower()
    return func.lower(posts.c.handle).in_([plain, f"@{plain}"])


def _by(what: What) -> By:
    match what:
        case OnePost():
            return By.POST
        case Author():
            return By.AUTHOR
        case Before():
            return By.AGE
        case TakenDown():
            return By.PLATFORM
        case _:
            assert_never(what)
