"""Whatever people say: nothing rejected goes, a broken policy lets nothing go, no editor's word opens a hold."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from playbooks.gate.callers import Caller
from playbooks.gate.decision import Circumstances, GateRequest, OutgoingPost, decide
from playbooks.gate.objection import objections
from playbooks.gate.service import Gate
from playbooks.holds.by_hand import ByHand
from playbooks.holds.held_post import hash_of_text
from playbooks.labels import EditorialWord, Verdict
from playbooks.policy.check import Checked, check
from playbooks.policy.finding import Finding, PolicyReason, found, worst
from playbooks.policy.override import Told, Word, after
from playbooks.policy.stopped import hash_of_post
from playbooks.policy.tone import ToneModel
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings, PolicySettings, TopicSettings
from playbooks.settings.people import Person
from playbooks.store.engine import open_store
from playbooks.store.gate.editorial import approve, let_go
from playbooks.store.gate.policy_posts import newest
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import HoldTold
from playbooks.store.holds.holds import agree_release
from tests.parts.gate import a_gate, rules
from tests.parts.holding import PLACED_MS, hold

MODEL = ToneModel()
TEXTS = ("Good morning", "It is damn cold", "Our tea cures colds", "My card is 4111111111111111", "x" * 300)
POLICY = PolicySettings(topics={"health": TopicSettings(words=("cures*",), approvers=("leo",))}, editors=("ada", "bo"))
PEOPLE = ("ada", "bo", "leo")
SETTINGS = PlaybookSettings(
    people={key: Person(name=key.title()) for key in PEOPLE},
    roles={"on-call": PEOPLE},
    brands={"acme": BrandSettings(policy=POLICY)},
)
FINDINGS = st.lists(
    st.builds(found, st.sampled_from(PolicyReason), st.sampled_from((Verdict.HOLD, Verdict.REJECT)))
    | st.builds(lambda topic: found(PolicyReason.TOPIC_NOT_APPROVED, Verdict.HOLD, topic=topic), st.just("health")),
    max_size=4,
)
WORDS = st.lists(
    st.builds(
        Word,
        st.sampled_from(EditorialWord),
        st.sampled_from(PEOPLE),
        st.just("Somebody"),
        st.just("fine"),
        st.lists(st.sampled_from([reason.value for reason in PolicyReason]), max_size=20).map(tuple),
        st.sampled_from(("", "health")),
    ),
    max_size=4,
)
CALLERS = st.sampled_from((Caller("scheduler"), Caller("newsroom", crisis_team=True)))


def checked_of(findings: list[Finding]) -> Checked:
    return Checked(worst(findings), tuple(findings))


@given(
    text=st.text(max_size=60), bad=st.sampled_from(TEXTS[3:]), caller=CALLERS, glass=st.booleans(), held=st.booleans()
)
def test_nothing_that_the_policy_rejects_is_allowed_to_anybody(
    text: str, bad: str, caller: Caller, glass: bool, held: bool
) -> None:
    said = f"{text} {bad}"
    checked = check(said, "x", MODEL, 0)
    request = GateRequest(
        brand="acme", platform="x", post=OutgoingPost("1", said), automated=False, actor="ada", account="a"
    )
    around = Circumstances(caller=caller, glass="glass-1" if glass else None)
    answer = decide(request, [hold()] if held else [], {"acme"}, 0, around, objections(checked))
    assert (answer.decision is Verdict.REJECT) is (checked.verdict is Verdict.REJECT)
    assert answer.decision is not Verdict.ALLOW or checked.verdict is Verdict.ALLOW


@given(findings=FINDINGS, words=WORDS, author=st.none() | st.sampled_from(PEOPLE))
def test_no_words_open_a_rejection_a_secret_or_a_topic_that_nobody_approved(
    findings: list[Finding], words: list[Word], author: str | None
) -> None:
    checked = checked_of(findings)
    left = after(checked, words, author)
    if checked.verdict is Verdict.REJECT or "secret" in checked.reasons:
        assert left.verdict is checked.verdict
    if left.verdict is Verdict.ALLOW and checked.findings:
        given_by = {word.person for word in words if word.person != author}
        assert given_by
    topics = {finding.topic for finding in left.findings if finding.reason is PolicyReason.TOPIC_NOT_APPROVED}
    approved = {word.topic for word in words if word.kind is EditorialWord.APPROVE and word.person != author}
    was = {finding.topic for finding in checked.findings if finding.reason is PolicyReason.TOPIC_NOT_APPROVED}
    assert topics == was - approved


class Editors(RuleBasedStateMachine):
    """A store, its gate, a hold now and then, and what editors said."""

    empty: Path

    @initialize()
    def begin(self) -> None:
        """Everything is new."""
        self.folder = tempfile.mkdtemp(prefix="firebreak-editors-")
        shutil.copyfile(self.empty, f"{self.folder}/store.db")
        self.store = open_store(StoreSettings(url=f"sqlite:///{self.folder}/store.db"))
        self.now_ms = PLACED_MS
        self.broken = False
        self.gate = self.new_gate()
        self.holds: list[str] = []
        self.held: set[str] = set()
        self.let_go: dict[str, set[str]] = {}
        self.approved: set[str] = set()

    def new_gate(self) -> Gate:
        def check_or_break(request: GateRequest) -> Checked:
            if self.broken:
                raise RuntimeError("a fault of the policy")
            return check(request.post.text, request.platform, MODEL, 0, rules=POLICY)

        return a_gate(self.store, lambda: self.now_ms, rules(("acme",), policy=POLICY), check_or_break)

    @rule()
    def place(self) -> None:
        """A hold."""
        self.now_ms += 1
        told, id = place_by_hand(self.store, ByHand("acme", ("on-call",)), "ada", "A recall", SETTINGS, self.now_ms)
        assert told is HoldTold.DONE
        self.holds.append(id)

    @rule()
    def release(self) -> None:
        """All holds are released."""
        for one in self.holds:
            agree_release(self.store, one, "ada", "calm", self.now_ms, 10_000)
        self.holds = []

    @rule(broken=st.booleans())
    def breaks(self, broken: bool) -> None:
        """The policy breaks, or is mended."""
        self.broken = broken

    @rule()
    def restart(self) -> None:
        """The gate ends, and another begins."""
        self.gate.close()
        self.gate = self.new_gate()

    @rule()
    def look(self) -> None:
        """The gate looks at the store, as it does every two seconds."""
        asyncio.run(self.gate.look())

    @rule(which=st.integers(0, 9), person=st.sampled_from(PEOPLE), topic=st.booleans())
    def say(self, which: int, person: str, topic: bool) -> None:
        """Somebody says a word about a post that was stopped."""
        waiting = newest(self.store, 10)
        if not waiting:
            return
        stopped, _ = waiting[which % len(waiting)]
        if topic:
            told = approve(self.store, stopped.id, "health", person, "so", SETTINGS, {}, self.now_ms)
        else:
            told = let_go(self.store, stopped.id, person, "so", SETTINGS, {}, self.now_ms)
        if told is Told.DONE:
            assert person == "leo" if topic else person in ("ada", "bo")
            (text,) = (one for one in TEXTS if hash_of_post(one, ()) == stopped.text_hash)
            if topic:
                self.approved.add(text)
            else:
                self.let_go.setdefault(text, set()).add(person)

    @rule(text=st.sampled_from(TEXTS), actor=st.none() | st.sampled_from(("ada", "bo")), number=st.integers(0, 1))
    def ask(self, text: str, actor: str | None, number: int) -> None:
        """A scheduler asks."""
        self.now_ms += 1
        post = OutgoingPost(id=f"post-{number}-{hash_of_text(text)[:6]}", text=text)
        asked = GateRequest(brand="acme", platform="x", post=post, actor=actor)
        answer = asyncio.run(self.gate.decide(asked))
        if self.holds:
            self.held.add(text)
        if answer.decision is not Verdict.ALLOW:
            return
        assert not self.holds
        assert not self.broken
        assert text not in self.held, "a crisis's hold is opened by people's words about it, and none was said"
        found_now = check(text, "x", MODEL, 0, rules=POLICY)
        assert found_now.verdict is not Verdict.REJECT
        if "topic_not_approved" in found_now.reasons:
            assert text in self.approved
        elif found_now.verdict is Verdict.HOLD:
            assert self.let_go.get(text, set()) - {actor}

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "store"):
            self.gate.close()
            self.store.dispose()
            shutil.rmtree(self.folder)


@pytest.mark.timeout(280)
def test_no_word_of_an_editor_opens_more_than_what_it_was_said_about(
    migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playbooks.gate.service.STORE_TIMEOUT_S", 60.0)

    class Here(Editors):
        empty = migrated_sqlite

    run_state_machine_as_test(
        Here, settings=settings(max_examples=25, stateful_step_count=30, deadline=None, print_blob=True)
    )
