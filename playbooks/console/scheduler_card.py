"""An account in a scheduler on a page: how far it is held, by its last read-back, and which posts are not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import assert_never

import msgspec
from sqlalchemy import Engine

from detectors.run import Live, run_of
from playbooks.console.values import Tone
from playbooks.holds.hold import Hold
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import AccountState, Canary
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.naming import account_called
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.store.schedules import posts as scheduled_posts

#: Posts shown of each list; how many there are is said.
SHOWN = 20
_NOT_HELD = (Stage.FOUND, Stage.REFUSED, Stage.LEAKED)
_WAITING = (Stage.STOPPED, Stage.DELETED)


class PostRow(msgspec.Struct, frozen=True):
    """A post in a list. `text` is from outside."""

    id: str
    due_ms: int
    text: str
    why: str


class SchedulerCard(msgspec.Struct, frozen=True):
    """An account. `sentence` says what the state means; the lists are the soonest of each kind."""

    name: str
    title: str
    state: str
    tone: Tone
    sentence: str
    trouble: str
    gate: str
    leaked: tuple[PostRow, ...]
    going: tuple[PostRow, ...]
    waiting: tuple[PostRow, ...]
    stopped: int
    checked_ms: int
    proven_ms: int | None


def scheduler_cards(
    engine: Engine, schedulers: Mapping[str, SchedulerSettings], holds: Collection[Hold]
) -> list[SchedulerCard]:
    """The accounts that `holds` are about: covered by one now, or with posts that wait since one of them."""
    known = scheduled_posts.accounts(engine)
    ours = {hold.id for hold in holds if isinstance(run_of(hold.run), Live)}
    found = []
    for name, settings in schedulers.items():
        if name not in known:
            continue
        posts = scheduled_posts.kept_posts(engine, name, (*_NOT_HELD, *_WAITING))
        since = [post for post in posts.values() if post.hold in ours]
        if since or known[name].hold in ours:
            found.append(scheduler_card(name, settings, known[name], since))
    return found


def scheduler_card(name: str, settings: SchedulerSettings, account: Account, posts: Collection[Kept]) -> SchedulerCard:
    """One account with the posts that were found in it under the holds in question."""
    state, tone = _word(account.state)
    waiting = [post for post in posts if post.stage in _WAITING]
    return SchedulerCard(
        name=name,
        title=f"Scheduled posts of {account_called(name, settings)}",
        state=state,
        tone=tone,
        sentence=_sentence(account, len(waiting)),
        trouble=account.detail,
        gate="The gate allowed a check that it had to refuse." if account.canary is Canary.ALLOWED else "",
        leaked=_rows(post for post in posts if post.stage is Stage.LEAKED),
        going=_rows(post for post in posts if post.stage.goes and account.state is not AccountState.OPEN),
        waiting=_rows(waiting),
        stopped=len(waiting),
        checked_ms=account.checked_ms,
        proven_ms=account.proven_ms,
    )


def _rows(posts: Iterable[Kept]) -> tuple[PostRow, ...]:
    found = sorted(posts, key=lambda post: (post.due_ms, post.post))
    return tuple(PostRow(post.post, post.due_ms, post.text, post.detail) for post in found[:SHOWN])


def _word(state: AccountState) -> tuple[str, Tone]:
    match state:
        case AccountState.OPEN:
            return "not held", Tone.PLAIN
        case AccountState.HELD:
            return "held", Tone.HELD
        case AccountState.PARTIAL:
            return "held in part", Tone.ALARM
        case AccountState.UNKNOWN:
            return "unknown", Tone.ALARM
        case AccountState.LEAKED:
            return "leaked", Tone.ALARM
        case _:
            assert_never(state)


def _sentence(account: Account, stopped: int) -> str:
    kept = "1 post is" if stopped == 1 else f"{stopped} posts are"
    match account.state:
        case AccountState.OPEN if stopped:
            return f"No hold covers it any more. {kept} still held back, until a person says what becomes of each."
        case AccountState.OPEN:
            return "No hold covers it."
        case AccountState.HELD:
            return f"All of it was read back: nothing that is scheduled there goes out. {kept} held back."
        case AccountState.PARTIAL:
            return f"Something that is scheduled there still goes out: stop it there by hand. {kept} held back."
        case AccountState.UNKNOWN:
            return "Not all of it could be read back, so nobody can say what goes out. Look there."
        case AccountState.LEAKED:
            return f"Something went out although it was held. {kept} held back."
        case _:
            assert_never(account.state)
