"""Several gates, a console and a runner over one store, each cut off for a while, killed, and by a clock of its own.

In no order of that does a hold open without its people, and from the commit of a hold on no gate lets anything go that
it covers, whether or not whoever placed it was ever told that it stands.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import PoolProxiedConnection, event
from sqlalchemy.exc import OperationalError

from detectors.mention import to_ms
from playbooks.content.catalog import Library
from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.gate.audit import seal_with, verify
from playbooks.gate.decision import GateAnswer, GateRequest, OutgoingPost
from playbooks.gate.refusal import Refused
from playbooks.gate.service import Gate
from playbooks.holds.by_hand import ByHand
from playbooks.holds.held_post import MINUTE_MS, post_key
from playbooks.holds.hold import Hold
from playbooks.labels import GateReason, PostWord, Verdict
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.gate import BreakGlassSettings, GateSettings
from playbooks.settings.people import Person
from playbooks.store import timers
from playbooks.store.engine import StoreUnreachable, open_store, reading
from playbooks.store.gate import held_posts
from playbooks.store.gate.audit import read_audit
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import PostSaid, ThisPost, break_glass, say_of_post
from playbooks.store.holds.holds import agree_release, holds_in_force, read_hold
from playbooks.store.incidents.incidents import wake
from tests.parts.gate import a_gate, rules
from tests.parts.holding import PLACED_MS

PEOPLE = ("ada", "bo", "cy")
BRANDS = ("acme", "other")
ROLES = {"on-call": PEOPLE, "crisis": ("bo",)}
SETTINGS = PlaybookSettings(
    people={key: Person(name=key.title()) for key in PEOPLE},
    roles={role: tuple(people) for role, people in ROLES.items()},
    brands={brand: BrandSettings() for brand in BRANDS},
    gate=GateSettings(break_glass=BreakGlassSettings(roles=("crisis",))),
)
#: How far clocks may be apart.
APART_MS = 90_000
Done = TypeVar("Done")


class Fault(StrEnum):
    """How a process has lost the store: nothing gets there, or a commit does not, or the word of a commit gets lost."""

    AWAY = "away"
    BEFORE = "before"
    AFTER = "after"


class Process:
    """A process with a way to the store that can be cut, and a clock of its own."""

    def __init__(self, folder: str, true_ms: Callable[[], int]) -> None:
        self._folder, self._true_ms = folder, true_ms
        self.fault: Fault | None = None
        self.ahead_ms = 0
        self.begin()

    def begin(self) -> None:
        """As a process begins: nothing is remembered."""
        self.store = open_store(StoreSettings(url=f"sqlite:///{self._folder}/store.db"))
        event.listen(self.store, "engine_connect", self._connecting)
        commit = self.store.dialect.do_commit

        def committing(connection: PoolProxiedConnection) -> None:
            if self.fault is Fault.BEFORE:
                raise _lost()
            commit(connection)
            if self.fault is Fault.AFTER:
                raise _lost()

        self.store.dialect.do_commit = committing  # type: ignore[assignment,method-assign]

    def clock(self) -> int:
        """The time as this process has it."""
        return self._true_ms() + self.ahead_ms

    def does(self, deed: Callable[[], Done]) -> Done | None:
        """What a deed comes to; None where the store was lost in it, and nobody knows."""
        try:
            return deed()
        except (StoreUnreachable, OperationalError):
            return None

    def _connecting(self, _: object) -> None:
        if self.fault is Fault.AWAY:
            raise _lost()


def _lost() -> OperationalError:
    return OperationalError("cut", None, OSError("the store is gone"))


posts = st.integers(0, 1)
people = st.sampled_from(PEOPLE)
brands = st.sampled_from(BRANDS)
#: What befalls a process in what it does next.
faults = st.none() | st.sampled_from(Fault)


class Partitions(RuleBasedStateMachine):
    """The processes, and of each hold who may ever have said that it may go."""

    empty: Path

    @initialize()
    def begin(self) -> None:
        """Everything is new, and everybody reaches the store."""
        self.folder = tempfile.mkdtemp(prefix="firebreak-cut-")
        shutil.copyfile(self.empty, f"{self.folder}/store.db")
        self.now_ms = PLACED_MS
        self.console, self.runner, *self.at = (Process(self.folder, lambda: self.now_ms) for _ in range(4))
        self.gates = [self.gate_of(each) for each in self.at]
        self.truth = open_store(StoreSettings(url=f"sqlite:///{self.folder}/store.db"))
        #: Each hold that was ever in force, with whoever may have agreed; whose word was lost may have been heard.
        self.agreed: dict[str, set[str]] = {}
        self.passed: set[str] = set()
        self.glass: Counter[str] = Counter()

    def gate_of(self, process: Process) -> Gate:
        return a_gate(process.store, process.clock, rules(BRANDS))

    @rule(which=st.integers(0, 3), ahead_ms=st.integers(-APART_MS, APART_MS))
    def clock_goes_wrong(self, which: int, ahead_ms: int) -> None:
        """A process's clock is set."""
        self.processes[which].ahead_ms = ahead_ms

    @rule(which=st.integers(0, 3))
    def restart(self, which: int) -> None:
        """A process ends without a word, and another one begins in its place."""
        process = self.processes[which]
        process.store.dispose()
        process.begin()
        self.gates = [
            self.gate_of(each) if each is process else gate for each, gate in zip(self.at, self.gates, strict=True)
        ]

    @rule(brand=st.sampled_from([*BRANDS, EVERY_BRAND]), needed=st.integers(1, 2), protects=st.booleans(), fault=faults)
    def place(self, brand: str, needed: int, protects: bool, fault: Fault | None) -> None:
        """A person holds posts, by a console that may lose the store over it."""
        self.console.fault = fault
        self.now_ms += 1
        about = ByHand(brand, ("on-call",), releasers=needed, protects="ada" if protects else "")
        at_ms = self.console.clock()
        self.console.does(lambda: place_by_hand(self.console.store, about, "cy", "A recall", SETTINGS, at_ms))
        self.know()

    @rule(which=st.integers(0, 9), person=people, fault=faults)
    def agree(self, which: int, person: str, fault: Fault | None) -> None:
        """A person agrees to a release, after a look."""
        self.console.fault = fault
        if self.agreed:
            hold = list(self.agreed)[which % len(self.agreed)]
            self.agreed[hold].add(person)
            at_ms = self.console.clock()
            self.console.does(lambda: agree_release(self.console.store, hold, person, "calm", at_ms, 10_000))

    @rule(number=posts, brand=brands)
    def let_pass(self, number: int, brand: str) -> None:
        """A person says that a held post may go."""
        key = post_key("", brand, "x", f"post-{number}")
        self.passed.add(key)
        said, at_ms = PostSaid(PostWord.PASS), self.console.clock()
        self.console.does(lambda: say_of_post(self.console.store, key, said, "bo", "fits", SETTINGS, ROLES, at_ms))

    @rule(number=posts, brand=brands)
    def break_the_glass(self, number: int, brand: str) -> None:
        """A person who may lets one post go."""
        self.glass[post_key("", brand, "x", f"post-{number}")] += 1
        this, at_ms = ThisPost(brand, "x", f"post-{number}", f"{brand} {number}"), self.console.clock()
        self.console.does(lambda: break_glass(self.console.store, this, "bo", "safety", SETTINGS, ROLES, at_ms))

    @rule(minutes=st.integers(1, 600), fault=faults)
    def leases_run_out(self, minutes: int, fault: Fault | None) -> None:
        """Time goes by, and the runner wakes what is due."""
        self.runner.fault = fault
        self.now_ms += minutes * MINUTE_MS
        store, at_ms = self.runner.store, self.runner.clock()
        for timer in self.runner.does(lambda: timers.due(store, at_ms, 100)) or ():
            self.runner.does(lambda: wake(store, timer, Library([]), list(BRANDS), lambda _: frozenset(), at_ms))  # noqa: B023

    @rule(at=st.tuples(faults, faults), brand=brands, account=st.none() | st.just("acme_news"))
    def ask_all(self, at: tuple[Fault | None, Fault | None], brand: str, account: str | None) -> None:
        """A scheduler asks each gate for each of its posts."""
        for which, fault in enumerate(at):
            self.at[which].fault = fault
            for number in range(2):
                self.ask(which, number, brand, account)

    def ask(self, which: int, number: int, brand: str, account: str | None) -> None:
        """What the scheduler is told follows from what stands in the store, or it is a no."""
        post, process = OutgoingPost(id=f"post-{number}", text=f"{brand} {number}"), self.at[which]
        key = post_key("", brand, "x", post.id)
        covering = [hold for hold in self.standing() if hold.covers(brand, "x", "")]
        with reading(self.truth) as conn:
            was_held = bool(held_posts.known(conn, [key]))
        answer = self.answer(which, GateRequest(brand=brand, platform="x", account=account, post=post))
        if answer is None:
            assert process.fault is not None, "who reaches the store answers"
            return
        assert process.fault is not Fault.AWAY
        if answer.decision is not Verdict.ALLOW:
            return
        assert to_ms(datetime.fromisoformat(answer.valid_until)) <= process.clock() + 1_000
        reason = answer.reasons[0].code
        if reason is GateReason.BREAK_GLASS:
            self.glass[key] -= 1
            assert self.glass[key] >= 0, "once for each word"
            return
        assert not covering, answer
        assert not was_held or key in self.passed, answer

    def answer(self, which: int, request: GateRequest) -> GateAnswer | None:
        """What a gate says; None where it refuses to say anything."""
        try:
            return asyncio.run(self.gates[which].decide(request))
        except (Refused, OperationalError):
            return None

    @invariant()
    def a_hold_opens_by_its_people_alone(self) -> None:
        """Whatever is released was agreed to by enough people who may, and by nobody it protects."""
        if not hasattr(self, "truth"):
            return
        for id, agreed in self.agreed.items():
            hold = read_hold(self.truth, id)
            assert hold is not None, "a hold never goes away"
            assert {one.person for one in hold.agreements} <= agreed - {hold.protects}
            assert hold.in_force is (len(hold.agreements) < hold.releasers_needed)

    @property
    def processes(self) -> list[Process]:
        """All of them."""
        return [self.console, self.runner, *self.at]

    def standing(self) -> list[Hold]:
        """The holds in force, as the store has them."""
        return holds_in_force(self.truth)

    def know(self) -> None:
        """Take note of a hold that has come, whether or not anybody was told."""
        for hold in self.standing():
            self.agreed.setdefault(hold.id, set())

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "truth"):
            heads, rows, _ = read_audit(self.truth)
            assert verify(list(rows), heads, seal_with(None)) == [], "a decision is in it or not, and nothing is torn"
            for process in self.processes:
                process.store.dispose()
            self.truth.dispose()
            shutil.rmtree(self.folder)


@pytest.mark.timeout(280)
def test_in_no_order_of_partitions_does_a_hold_open_or_a_post_slip(
    migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playbooks.gate.service.STORE_TIMEOUT_S", 60.0)

    class Here(Partitions):
        empty = migrated_sqlite

    run_state_machine_as_test(
        Here, settings=settings(max_examples=25, stateful_step_count=30, deadline=None, print_blob=True)
    )
