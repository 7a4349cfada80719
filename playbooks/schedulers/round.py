"""One pass over one account: read, keep, stop, read back, judge, write down, tell. What it decides is elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.holds.hold import Hold
from playbooks.incidents.log_entry import RUNNER
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import (
    Canary,
    Verdict,
    judge,
    let_go,
    next_look_ms,
    settle,
    standing,
    to_put_off,
    to_stop,
)
from playbooks.schedulers.giving_back import give_back
from playbooks.schedulers.kept import Kept, Stage
from playbooks.schedulers.logged import news_for_the_log
from playbooks.schedulers.post import Found, Look, Trouble
from playbooks.schedulers.scheduler import Scheduler, Stopped
from playbooks.schedulers.telling import leaked_since, news, telling, urgent
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.incidents.log import Said, append_all, lock
from playbooks.store.patient_store import PatientStore
from playbooks.store.schedules import posts as scheduled_posts
from playbooks.wall_clock import Clock

HOUR_MS = 3_600_000
KNOWN = (*scheduled_posts.LIVE, Stage.LEAKED)


@dataclass(frozen=True, slots=True)
class Read:
    """What a pass has found: what is kept, what was last read, and what that says."""

    kept: Mapping[str, Kept]
    look: Look
    verdicts: Mapping[str, Verdict]
    unclear: bool


class Round:
    """Passes over one account. `canary` asks the gate about a post that it must refuse."""

    def __init__(
        self,
        name: str,
        settings: SchedulerSettings,
        scheduler: Scheduler,
        store: PatientStore,
        clock: Clock,
        canary: Callable[[SchedulerSettings], Awaitable[Canary]],
        spacing_ms: int,
    ) -> None:
        self._name = name
        self._settings = settings
        self._scheduler = scheduler
        self._store = store
        self._clock = clock
        self._canary = canary
        self._spacing_ms = spacing_ms

    async def go(self, holds: Sequence[Hold], before: Account | None) -> Account:
        """One pass. `holds` are those of life that cover the account, the oldest first; none: what waits is kept so.

        Raises `StoreUnreachable` only while the process stops.
        """
        kept = await self._store.do(lambda engine: scheduled_posts.kept_posts(engine, self._name, KNOWN))
        until_ms = self._clock() + int(self._settings.ahead_h * HOUR_MS) + ((before and before.ahead_ms) or 0)
        look = await self._scheduler.look(until_ms)
        if holds:
            read = await self._held(holds[0].id, kept, look, until_ms)
            canary = await self._canary(self._settings)
        else:
            read = await self._let_go(kept, look, until_ms)
            canary = Canary.NOT_ASKED
        account = await self._store.do(lambda engine: self._write(engine, holds, before, read, canary))
        if not holds and read.look.trouble is None:
            await give_back(self._scheduler, self._store, self._name, read.look, self._clock, self._spacing_ms)
        return account

    async def _held(self, hold: str, kept: Mapping[str, Kept], look: Look, until_ms: int) -> Read:
        kept, look, tried = await self._stop(hold, kept, look, to_stop(look.posts, until_ms), until_ms)
        live = {post: each for post, each in kept.items() if each.stage is not Stage.LEAKED}
        their_ms = self._clock() + (look.ahead_ms or 0)
        settled = settle(live, tried, look, until_ms, their_ms)
        verdicts = dict(settled.verdicts)
        answers = await self._scheduler.where(settled.unclear) if settled.unclear else {}
        for post, found in answers.items():
            if isinstance(found, Found):
                verdicts[post] = standing(live[post], found, tried.get(post), until_ms, their_ms)
        unclear = any(isinstance(found, Trouble) for found in answers.values())
        if new := [post for post in to_stop(look.posts, until_ms) if post.id not in live]:
            # Scheduled while the others were being stopped: kept now, so that a leak of theirs is known.
            kept = {**kept, **await self._keep(hold, new)}
        return Read(kept, look, verdicts, unclear)

    async def _let_go(self, kept: Mapping[str, Kept], look: Look, until_ms: int) -> Read:
        again = to_put_off(look.posts, kept, until_ms)
        hold = next((kept[post.id].hold for post in again), "")
        ended = let_go(kept.values(), look, {post.id for post in again})
        kept, look, tried = await self._stop(hold, kept, look, again, until_ms)
        live = {post: kept[post] for post in tried}
        settled = settle(live, tried, look, until_ms, self._clock() + (look.ahead_ms or 0))
        return Read(kept, look, {**ended, **settled.verdicts}, False)

    async def _stop(
        self, hold: str, kept: Mapping[str, Kept], look: Look, posts: Sequence[Found], until_ms: int
    ) -> tuple[Mapping[str, Kept], Look, Mapping[str, Stopped]]:
        """Keep `posts`, stop them, and read back: what is kept, what is read, what was answered."""
        if not posts:
            return kept, look, {}
        kept = {**kept, **await self._keep(hold, posts)}
        tried = await self._scheduler.stop(posts, self._clock())
        return kept, await self._scheduler.look(until_ms), tried

    async def _keep(self, hold: str, posts: Sequence[Found]) -> dict[str, Kept]:
        return await self._store.do(lambda engine: scheduled_posts.keep(engine, self._name, hold, posts, self._clock()))

    def _write(
        self, engine: Engine, holds: Sequence[Hold], before: Account | None, read: Read, canary: Canary
    ) -> Account:
        """Write down where every post and the account stand, and what follows, in one transaction."""
        now_ms = self._clock()
        since_ms = holds[0].recorded_ms if holds else None
        with writing(engine) as conn:
            logs = [incident for incident in sorted({hold.incident for hold in holds}) if lock(conn, incident)]
            kept = scheduled_posts.settle(conn, self._name, read.kept, read.verdicts, now_ms).values()
            leaked = leaked_since(kept, since_ms)
            going = [post for post in kept if post.stage.goes] if holds else []
            account = self._judged(holds, before, read, canary, kept, now_ms)
            pressing = urgent(going, read.verdicts, account.next_ms)
            told = news(account, pressing, leaked)
            fresh = bool(set(told) - set(before.told if before else ()))
            told_ms = now_ms if fresh else before.told_ms if before else None
            account = replace(account, told=told, told_ms=told_ms)
            incident = holds[0].incident if holds else ""
            said = telling(self._name, self._settings, before, account, pressing, leaked, incident)
            outbox.add(conn, said)
            scheduled_posts.write_account(conn, account, before)
            entries = news_for_the_log(self._name, self._settings, before, account, read.kept, leaked)
            append_all(conn, [Said(incident, entries, RUNNER, now_ms) for incident in logs], now_ms)
        return account

    def _judged(
        self,
        holds: Sequence[Hold],
        before: Account | None,
        read: Read,
        canary: Canary,
        kept: Collection[Kept],
        now_ms: int,
    ) -> Account:
        since_ms, covered, trouble = holds[0].recorded_ms if holds else None, bool(holds), read.look.trouble
        leaked, waiting = leaked_since(kept, since_ms), [post for post in kept if post.stage.waits]
        going = [post for post in kept if post.stage.goes] if covered else []
        stages = [post.stage for post in (*leaked, *waiting, *going)]
        state, why = judge(stages, covered=covered, trouble=trouble, unclear=read.unclear, canary=canary)
        traits, check_s, again = self._scheduler.traits, self._settings.check_s, bool(going) or read.unclear
        proven = trouble is None and not read.unclear
        ahead_ms = read.look.ahead_ms
        return Account(
            scheduler=self._name,
            state=state,
            hold=holds[0].id if holds else None,
            since_ms=since_ms,
            why=why,
            detail=trouble.answer if trouble else "a post could not be read" if read.unclear else "",
            checked_ms=now_ms,
            proven_ms=now_ms if proven else before.proven_ms if before else None,
            next_ms=next_look_ms(traits, trouble, now_ms, covered=covered, going=again, check_s=check_s),
            ahead_ms=ahead_ms if ahead_ms is not None else before.ahead_ms if before else None,
            going=len(going),
            stopped=len(waiting),
            leaked=len(leaked),
            canary=canary,
        )
