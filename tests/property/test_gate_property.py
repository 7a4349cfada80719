"""In no order of holds, releases, leases, words, restarts and time does anything go that people have not let go."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from playbooks.content.catalog import Library
from playbooks.content.hold_scope import EVERY_BRAND, Narrowing
from playbooks.gate.audit import seal_with, verify
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.holds.by_hand import ByHand
from playbooks.holds.held_post import MINUTE_MS, post_key
from playbooks.labels import PostWord, Verdict
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store import timers
from playbooks.store.engine import open_store
from playbooks.store.gate.audit import read_audit
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import HoldTold, PostSaid, say_of_post
from playbooks.store.holds.holds import agree_release
from playbooks.store.incidents.incidents import wake
from tests.parts.gate import SPACING_MS, a_gate, rules
from tests.parts.holding import PLACED_MS

PEOPLE = ("ada", "bo", "cy")
BRANDS = ("acme", "other")
PLATFORMS = ("x",)
ACCOUNTS = ("acme_news", "acme_jobs")
ROLES = {"on-call": PEOPLE}
SETTINGS = PlaybookSettings(
    people={key: Person(name=key.title()) for key in PEOPLE},
    roles={role: tuple(people) for role, people in ROLES.items()},
    brands={brand: BrandSettings() for brand in BRANDS},
)

posts = st.integers(0, 1)
people = st.sampled_from(PEOPLE)
brands = st.sampled_from(BRANDS)
platforms = st.sampled_from(PLATFORMS)


class Gates(RuleBasedStateMachine):
    """A store, the gates before it, and what a person with a pencil would say of each post."""

    empty: Path

    @initialize()
    def begin(self) -> None:
        """Everything is new."""
        self.folder = tempfile.mkdtemp(prefix="firebreak-gate-")
        shutil.copyfile(self.empty, f"{self.folder}/store.db")
        self.now_ms = PLACED_MS
        self.store = self.open()
        self.gate = a_gate(self.store, lambda: self.now_ms, rules(BRANDS))
        self.holds: dict[str, ByHand] = {}
        self.agreed: dict[str, set[str]] = {}
        self.words: dict[tuple[Any, ...], PostWord] = {}
        self.held: dict[tuple[Any, ...], str] = {}
        self.gone: dict[tuple[Any, ...], int] = {}
        #: Under which account each post was first held.
        self.of: dict[tuple[Any, ...], str | None] = {}

    def open(self) -> Engine:
        return open_store(StoreSettings(url=f"sqlite:///{self.folder}/store.db"))

    @rule(
        brand=st.sampled_from([*BRANDS, EVERY_BRAND]),
        platform=st.none() | st.sampled_from(PLATFORMS),
        accounts=st.lists(st.sampled_from(ACCOUNTS), max_size=1).map(tuple),
        needed=st.integers(1, 2),
        protects=st.sampled_from(["", *PEOPLE]),
        person=people,
    )
    def place(
        self, brand: str, platform: str | None, accounts: tuple[str, ...], needed: int, protects: str, person: str
    ) -> None:
        """A person holds posts."""
        about = ByHand(brand, ("on-call",), platform, Narrowing(accounts=accounts), needed, protects)
        self.now_ms += 1
        told, hold = place_by_hand(self.store, about, person, "A recall", SETTINGS, self.now_ms)
        assert told is HoldTold.DONE
        self.holds[hold], self.agreed[hold] = about, set()

    @rule(which=st.integers(0, 9), person=people, looks=st.booleans())
    def one_agrees(self, which: int, person: str, looks: bool) -> None:
        """A person agrees to a release, with a look at what was held or without."""
        self.agree(which, person, looks)

    def agree(self, which: int, person: str, looks: bool) -> None:
        """What the store does with a person's word, and what the model expects of it."""
        if not self.holds:
            return
        hold = list(self.holds)[which % len(self.holds)]
        agree_release(self.store, hold, person, "calm", self.now_ms, 10_000 if looks else 0)
        held_any = any(by == hold for by in self.held.values())
        if person != self.holds[hold].protects and (looks or not held_any):
            self.agreed[hold].add(person)

    @rule(
        number=posts, platform=st.sampled_from(PLATFORMS), brand=st.sampled_from(BRANDS), word=st.sampled_from(PostWord)
    )
    def say(self, number: int, platform: str, brand: str, word: PostWord) -> None:
        """A person says what becomes of a held post."""
        key = (brand, platform, number)
        said = PostSaid(word, "Another text", self.now_ms + 30 * MINUTE_MS)
        told = say_of_post(
            self.store,
            post_key("", brand, platform, f"post-{number}"),
            said,
            "ada",
            "it fits",
            SETTINGS,
            ROLES,
            self.now_ms,
        )
        if told is HoldTold.DONE:
            self.words[key] = word

    @rule(minutes=st.integers(0, 600))
    def pass_time(self, minutes: int) -> None:
        """Time goes by, and what falls due is woken: leases end, people are asked."""
        self.now_ms += minutes * MINUTE_MS
        for timer in timers.due(self.store, self.now_ms, 100):
            wake(self.store, timer, Library([]), list(BRANDS), lambda role: frozenset(), self.now_ms)

    @rule()
    def restart(self) -> None:
        """The gate ends without a word, and another one begins."""
        self.store.dispose()
        self.store = self.open()
        self.gate = a_gate(self.store, lambda: self.now_ms, rules(BRANDS))

    @rule(brand=brands, platform=platforms, account=st.none() | st.sampled_from(ACCOUNTS))
    def ask_for_all(self, brand: str, platform: str, account: str | None) -> None:
        """A scheduler asks for each of its posts."""
        for number in range(2):
            self.ask(number, brand, platform, account)

    def ask(self, number: int, brand: str, platform: str, account: str | None) -> None:
        """What the scheduler is told must follow from what people did."""
        key = (brand, platform, number)
        post = OutgoingPost(id=f"post-{number}", text=f"{brand} {platform} {number}")
        asked = GateRequest(brand=brand, platform=platform, account=account, post=post)
        answer = asyncio.run(self.gate.decide(asked))
        covering = [hold for hold in self.in_force() if self.covers(hold, brand, platform, account)]
        if answer.decision is Verdict.ALLOW:
            assert not covering, answer
            if key in self.held:
                assert self.words.get(key) in (PostWord.PASS, PostWord.RESCHEDULE), answer
                self.note_gone(key)
        elif covering:
            assert answer.hold in covering
            self.held.setdefault(key, covering[0])
            self.of.setdefault(key, account)

    def note_gone(self, key: tuple[Any, ...]) -> None:
        """What had been held goes one after another."""
        if key not in self.gone:
            same = [
                at_ms for other, at_ms in self.gone.items() if other[:2] == key[:2] and self.of[other] == self.of[key]
            ]
            assert all(self.now_ms - at_ms >= SPACING_MS for at_ms in same)
            self.gone[key] = self.now_ms

    @invariant()
    def the_audit_is_whole(self) -> None:
        """Whatever happened, the chains verify."""
        if hasattr(self, "store"):
            heads, rows, _ = read_audit(self.store)
            assert verify(list(rows), heads, seal_with(None)) == []

    def in_force(self) -> list[str]:
        return [hold for hold, about in self.holds.items() if len(self.agreed[hold]) < about.releasers]

    def covers(self, hold: str, brand: str, platform: str, account: str | None) -> bool:
        about = self.holds[hold]
        right = about.brand in (brand, EVERY_BRAND) and about.platform in (None, platform)
        return right and (not about.only.accounts or account is None or account in about.only.accounts)

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "store"):
            self.store.dispose()
            shutil.rmtree(self.folder)


@pytest.mark.timeout(280)
def test_nothing_goes_that_people_have_not_let_go(migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playbooks.gate.service.STORE_TIMEOUT_S", 60.0)

    class Here(Gates):
        empty = migrated_sqlite

    run_state_machine_as_test(
        Here, settings=settings(max_examples=30, stateful_step_count=30, deadline=None, print_blob=True)
    )
