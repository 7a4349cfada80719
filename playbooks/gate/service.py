"""The gate: what a scheduler asks before it posts.

Contract: a post may go only after a 200 whose decision is ``allow``, before its ``valid_until``. Every decision reads
the store and is written into its audit before the answer leaves, and no answer is remembered for the next, so a hold
counts from its commit on; where the store does not answer the gate refuses, which means: do not post.
`reader` reads posts for the policy, `decision` decides, `http` speaks HTTP, `store.gate.answering` reads and writes,
this module puts them together: questions that come while others are written down are answered in one commit.

In the flow: respond and people write holds into the store, people release them, the gate reads them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from detectors.run import run_of
from playbooks import telemetry
from playbooks.gate.audit import Seal, seal_with
from playbooks.gate.callers import TOKEN_CHARS, Caller, callers_of
from playbooks.gate.decision import AUTOMATION, CHECK_TEXT, GateAnswer, GateRequest
from playbooks.gate.http import gate_app
from playbooks.gate.listing import HoldsQuery
from playbooks.gate.objection import Objection, Reason
from playbooks.gate.old_decisions import forgetting
from playbooks.gate.reader import Check, Reader
from playbooks.gate.refusal import Refused
from playbooks.gate.rules import GateRules, rules_of
from playbooks.holds.blind import told_of_blindness
from playbooks.holds.hold import Hold
from playbooks.labels import GateReason, Role, Verdict, run_kind
from playbooks.listening import listening
from playbooks.readiness.pulse import Said, pulsing
from playbooks.settings import PlaybookSettings
from playbooks.store import aside
from playbooks.store.delivery import outbox
from playbooks.store.engine import StoreUnreachable, migrate, open_store, reading, writing
from playbooks.store.gate.answering import Answering
from playbooks.store.gate.decisions import Asked, seen_until_ms
from playbooks.store.gate.moods import moods_now
from playbooks.store.gate.policy_posts import any_unaudited
from playbooks.store.holds.holds import holds_for, holds_in_force
from playbooks.store.same_file import SameFile
from playbooks.wall_clock import Clock, now_ms

log = logging.getLogger(__name__)

STORE_TIMEOUT_S = 2.0
#: How many questions are answered by one commit at the most.
AT_ONCE = 200
#: After so long a thread lets the other one go on.
YIELD_S = 0.000_2
#: How long moods under hashtags are gone by before they are read anew.
MOODS_MS = 10_000

Found = TypeVar("Found")


async def run_gate(
    settings: PlaybookSettings, stop: asyncio.Event, on_listening: Callable[[int], None] = lambda port: None
) -> None:
    """Answer schedulers until `stop` is set; `on_listening` is told the bound port.

    Raises `MissingSecret` where there is no token or a short one, `StoreUnreachable`, and `PortTaken`.
    """
    # Answers are made in a thread beside the one that speaks HTTP; by default each waits 5 ms for the other to yield.
    sys.setswitchinterval(YIELD_S)
    callers = callers_of(settings.gate)
    key = settings.gate.audit_key
    seal = seal_with(key.read("gate.audit_key", at_least=TOKEN_CHARS) if key else None)
    engine = await asyncio.to_thread(_open, settings)
    gate: Gate | None = None
    try:
        telemetry.start([Role.GATE], brands=settings.brands)
        gate = Gate(engine, rules_of(settings), seal=seal)
        app = gate_app(gate, callers, settings.gate.without_text)
        async with listening(app, settings.gate.host, settings.gate.port, "gate.port") as port:
            log.info("the gate listens on %s port %d", settings.gate.host, port)
            on_listening(port)
            async with pulsing(Said(Role.GATE, gate.not_ready, lambda: gate.asked_ms), engine):
                async with forgetting(engine, settings.gate.audit_days, seal, now_ms):
                    await stop.wait()
    finally:
        if gate is not None:
            gate.close()
        engine.dispose()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A question that waits for its answer."""

    asked: Asked
    answer: asyncio.Future[GateAnswer]


class Gate:
    """Reads the store for each question, decides, and writes it down; knows whether the store could be read lately.

    `seal` is what the rows of its audit are sealed with, `check` reads posts in place of the policy.
    """

    def __init__(
        self,
        engine: Engine,
        rules: GateRules,
        clock: Clock = now_ms,
        seal: Seal = seal_with(None),  # noqa: B008
        check: Check | None = None,
    ) -> None:
        self._reader = Reader(rules.policy, clock, check)
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._same_file = SameFile(engine)
        #: When somebody last asked about a post of life, by this process's clock; None while nobody has.
        self.asked_ms: int | None = None
        self._not_ready: list[str] = ["the store has not been read yet"]
        chain = f"{socket.gethostname()[:24]}-{os.getpid()}-{uuid.uuid4().hex[:16]}"
        self._answering = Answering(engine, rules, chain, seal)
        self._told_blind: int | None = -1
        self._moods_ms = -MOODS_MS
        self._waiting: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None
        #: The chain has one writer at a time.
        self._writing = asyncio.Lock()

    async def decide(
        self, request: GateRequest, caller: Caller = AUTOMATION, against: Sequence[Reason] = ()
    ) -> GateAnswer:
        """The answer to one question; `against` is what is known against the post already.

        Raises `Refused` where the store does not answer.
        """
        # Before the store is asked: no lock is held while a post is read, and a hold that is placed meanwhile counts.
        read = await self._reader.read(request)
        known = (*(Objection(reason, Verdict.HOLD) for reason in against), *read.unread)
        asked = Asked(request, caller, self._clock(), known, read.checked)
        if not request.run and request.post.text != CHECK_TEXT:
            self.asked_ms = asked.at_ms
        waiting = _Waiting(asked, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer_waiting(), name="gate-answers")
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                return await waiting.answer
        except TimeoutError:
            raise _refused(_too_long()) from None

    async def holds(self, query: HoldsQuery) -> list[Hold]:
        """The holds that would cover a post of this kind; raises `Refused` as `decide` does."""
        return await self._read(lambda: holds_for(self._engine, query.brand, query.platform, query.run))

    async def look(self) -> None:
        """Read the store once for the gauges and for readiness, and see that ops hear of it when detection is dead."""
        try:
            found = await self._read(lambda: holds_in_force(self._engine))
            await self._read(self._look_at_detection)
            await self._look_at_moods()
            await self._take_words()
            await self._read(lambda: aside.to_disk(self._engine))
        except Refused as refused:
            self._not_ready = [refused.message]
            return
        except Exception as fault:
            # The rim: it looks again, and says meanwhile that it is not well.
            log.exception("a fault of the gate's own while it looks at the store")
            self._not_ready = [f"a fault in the gate: {type(fault).__name__}"]
            return
        counts = Counter((run_kind(run_of(hold.run)), hold.brand) for hold in found)
        telemetry.show_counts(telemetry.HOLDS_IN_FORCE, counts)
        self._not_ready = []

    def not_ready(self) -> list[str]:
        """Why the gate could not answer just now; empty where it could."""
        return self._not_ready

    def close(self) -> None:
        """Read nothing more."""
        self._reader.close()

    async def _look_at_moods(self) -> None:
        now_ms = self._clock()
        if not 0 <= now_ms - self._moods_ms < MOODS_MS:
            self._reader.moods = await self._read(lambda: moods_now(self._engine, now_ms))
            self._moods_ms = now_ms

    async def _take_words(self) -> None:
        """Take what people said of stopped posts into the audit: from then on it counts."""
        if await self._read(lambda: any_unaudited(self._engine)):
            async with self._writing:
                words = await self._read(lambda: self._answering.take_words(self._clock()))
            for word in words:
                telemetry.EDITORIAL_WORDS.labels(word=word).inc()

    async def _answer_waiting(self) -> None:
        """Answer what waits, until nothing does."""
        while self._waiting:
            taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            # Whoever has given up waiting was told no already.
            batch = [one for one in taken if not one.answer.done()]
            if not await self._answer(batch) and len(batch) > 1:
                for one in batch:  # one of them may be what the store does not take, or what breaks the gate
                    await self._answer([one])

    async def _answer(self, batch: list[_Waiting]) -> bool:
        """Answer a batch; False where it should be tried one by one."""
        if not batch:
            return True
        try:
            async with self._writing:
                answers = await asyncio.to_thread(self._in_the_store, [one.asked for one in batch])
        except StoreUnreachable as wrong:
            _fail(batch, _refused(str(wrong)))
        except SQLAlchemyError as wrong:
            if len(batch) > 1:
                return False
            _fail(batch, _refused(f"the store cannot be read: {type(wrong).__name__}"))
        except Exception as fault:
            # The rim: whoever asks gets a no, and every other question is answered.
            if len(batch) > 1:
                return False
            _fail(batch, fault)
        else:
            for one, answer in zip(batch, answers, strict=True):
                if not one.answer.done():
                    one.answer.set_result(answer)
        return True

    def _in_the_store(self, asked: Sequence[Asked]) -> list[GateAnswer]:
        self._same_file.check()
        return self._answering.answer(asked)

    def _look_at_detection(self) -> None:
        now_ms = self._clock()
        with reading(self._engine) as conn:
            seen_ms = seen_until_ms(conn, now_ms)
        dead = self._rules.is_dead(seen_ms, now_ms)
        telemetry.DETECTION_DEAD.set(1 if dead else 0)
        if dead and seen_ms != self._told_blind:
            with writing(self._engine) as conn:
                outbox.add(conn, told_of_blindness(seen_ms, self._rules.brands, now_ms))
            self._told_blind = seen_ms

    async def _read(self, query: Callable[[], Found]) -> Found:
        def read() -> Found:
            self._same_file.check()
            return query()

        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                return await asyncio.to_thread(read)
        except TimeoutError:
            raise _refused(_too_long()) from None
        except StoreUnreachable as wrong:
            raise _refused(str(wrong)) from None
        except SQLAlchemyError as wrong:
            raise _refused(f"the store cannot be read: {type(wrong).__name__}") from None


def _too_long() -> str:
    return f"the store did not answer within {STORE_TIMEOUT_S:g} s"


def _refused(message: str) -> Refused:
    log.warning("no decision, so nothing may be posted: %r", message)
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, GateReason.STORE_UNREACHABLE, f"{message}; do not post")


def _fail(batch: list[_Waiting], fault: Exception) -> None:
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(fault)


def _open(settings: PlaybookSettings) -> Engine:
    engine = open_store(settings.store)
    migrate(engine)
    aside.look_after(engine)
    return engine
