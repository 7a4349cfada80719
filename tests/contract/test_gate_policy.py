"""The policy at the gate: every post is read, what is wrong is told beside each hold, a word is of one text."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, select

from detectors.signal import Term
from playbooks.gate.audit import Word, seal_with, verify
from playbooks.gate.decision import CHECK_TEXT, GateAnswer, GateRequest, OutgoingPost
from playbooks.gate.rules import rules_of
from playbooks.gate.service import Gate
from playbooks.labels import GateReason, Verdict
from playbooks.policy.check import Checked
from playbooks.policy.override import Told
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings, PolicySettings, TopicSettings
from playbooks.settings.people import Person
from playbooks.store import schema
from playbooks.store.engine import reading, writing
from playbooks.store.gate import texts as gate_texts
from playbooks.store.gate.audit import read_audit
from playbooks.store.gate.editorial import approve, let_go
from playbooks.store.gate.policy_posts import newest
from playbooks.store.holds.holds import agree_release
from tests.parts.console import crisis
from tests.parts.gate import a_gate, rules
from tests.parts.holding import PLACED_MS, hold, put, signal

NOW_MS = PLACED_MS + 60_000
SWEARING = "It is damn cold out there"
REJECTED = "Call me, my number is 123-45-6789"
SECRET = "The wifi password: Gr8!coffee"
POLICY = PolicySettings(
    topics={"health": TopicSettings(words=("cures*",), approvers=("legal",))},
    editors=("ada", "desk"),
)
SETTINGS = PlaybookSettings(
    people={
        "ada": Person(name="Ada Lovelace", email="ada@acme.example"),
        "bo": Person(name="Bo"),
        "leo": Person(name="Leo"),
    },
    roles={"desk": ("bo",), "legal": ("leo",)},
    brands={"acme": BrandSettings(policy=POLICY), "other": BrandSettings()},
)
ROLES = {"desk": ["bo"], "legal": ["leo"]}


@pytest.fixture
async def gate(store: Engine) -> AsyncIterator[Gate]:
    made = a_gate(store, lambda: NOW_MS, rules(policy=POLICY))
    yield made
    made.close()


async def ask(
    gate: Gate, text: str = SWEARING, post: str = "1", links: tuple[str, ...] = (), **more: Any
) -> GateAnswer:
    asked = {"brand": "acme", "platform": "x", **more}
    return await gate.decide(GateRequest(post=OutgoingPost(id=post, text=text, links=links), **asked))


def codes(answer: GateAnswer) -> list[str]:
    return [reason.code.value for reason in answer.reasons]


async def stopped(store: Engine) -> str:
    """The id of the only post that waits for an editor."""
    ((one, _),) = await asyncio.to_thread(newest, store, 10)
    return one.id


async def says(store: Engine, person: str = "ada", reason: str = "our tone", id: str = "") -> Told:
    of = id or await stopped(store)
    return await asyncio.to_thread(let_go, store, of, person, reason, SETTINGS, ROLES, NOW_MS)


async def test_a_post_is_held_or_rejected_for_what_it_says_though_nothing_is_held(gate: Gate) -> None:
    held, rejected = await ask(gate), await ask(gate, REJECTED)
    assert (held.decision, codes(held), held.hold) == (Verdict.HOLD, ["obscenity"], None)
    assert "swearing" in held.reasons[0].text
    assert (rejected.decision, codes(rejected)) == (Verdict.REJECT, ["personal_data"])
    assert codes(await ask(gate, "Good morning")) == ["no_hold"]


async def test_what_a_hold_and_the_policy_have_against_a_post_is_told_together_and_the_worst_counts(
    gate: Gate, store: Engine
) -> None:
    put(store, hold())
    both = await ask(gate)
    assert (both.decision, codes(both), both.hold) == (Verdict.HOLD, ["hold_in_force", "obscenity"], "hold-1")
    worse = await ask(gate, REJECTED)
    assert (worse.decision, codes(worse), worse.hold) == (
        Verdict.REJECT,
        ["hold_in_force", "personal_data"],
        "hold-1",
    )


async def test_an_editor_lets_exactly_this_text_go_under_whatever_id(gate: Gate, store: Engine) -> None:
    await ask(gate)
    assert await says(store) is Told.DONE
    assert (await ask(gate)).decision is Verdict.HOLD, "not before it stands in the audit"
    await gate.look()
    after = await ask(gate, post="another id")
    assert (after.decision, codes(after)) == (Verdict.ALLOW, ["no_hold", "overridden"])
    assert after.reasons[1].text == "Ada Lovelace let it go all the same: our tone"
    for other in (
        await ask(gate, SWEARING + "!"),
        await ask(gate, links=("https://elsewhere.example",)),
        await ask(gate, platform="bluesky"),
        await ask(gate, brand="other"),
        await ask(gate, run="drill-1"),
    ):
        assert other.decision is Verdict.HOLD, other


async def test_an_editors_word_stands_in_the_audit_before_it_opens_anything(gate: Gate, store: Engine) -> None:
    await ask(gate)
    await says(store)
    await gate.look()
    await ask(gate)
    heads, rows, _ = read_audit(store)
    kept = list(rows)
    assert verify(kept, heads, seal_with(None)) == []
    told = [msgspec.json.decode(row.body, type=Word) for row in kept if '"row":"word"' in row.body]
    assert [(one.person, one.word, one.reason, one.found) for one in told] == [
        ("ada", "let_go", "our tone", ("obscenity",))
    ]
    assert '"overridden"' in kept[-1].body
    assert SWEARING not in "".join(row.body for row in kept)
    await gate.look()
    assert len(list(read_audit(store)[1])) == len(kept), "each word once"


async def test_a_word_that_counted_is_still_good_at_another_gate_and_after_a_restart(gate: Gate, store: Engine) -> None:
    await ask(gate)
    await says(store)
    another = a_gate(store, lambda: NOW_MS, rules(policy=POLICY))
    await another.look()
    assert codes(await ask(another)) == ["no_hold", "overridden"]
    assert codes(await ask(gate)) == ["no_hold", "overridden"]
    another.close()


async def test_an_editors_word_opens_no_hold_and_no_hold_opens_by_it_later(gate: Gate, store: Engine) -> None:
    put(store, hold())
    await ask(gate)
    await says(store)
    await gate.look()
    assert codes(await ask(gate)) == ["hold_in_force"]
    await asyncio.to_thread(agree_release, store, "hold-1", "ada", "calm", NOW_MS, 10)
    assert codes(await ask(gate)) == ["was_held"], "the crisis's own word is still wanted"


@pytest.mark.parametrize(
    ("text", "actor", "person", "reason", "told"),
    [
        (SWEARING, None, "leo", "fine", Told.NOT_ALLOWED),
        (SWEARING, None, "nobody", "fine", Told.NO_PERSON),
        (SWEARING, None, "ada", " ", Told.NO_REASON),
        (SWEARING, "Ada@Acme.example", "ada", "fine", Told.OWN_POST),
        (SWEARING, "ada", "bo", "fine", Told.DONE),
        (REJECTED, None, "ada", "fine", Told.REJECTED),
        (SECRET, None, "ada", "fine", Told.SECRET),
        ("It cures colds", None, "ada", "fine", Told.NOTHING_TO_SAY),
    ],
)
async def test_whose_word_counts(
    gate: Gate, store: Engine, text: str, actor: str | None, person: str, reason: str, told: Told
) -> None:
    await ask(gate, text, actor=actor)
    assert await says(store, person, reason) is told
    await gate.look()
    assert ((await ask(gate, text, actor=actor)).decision is Verdict.ALLOW) is (told is Told.DONE)


@pytest.mark.parametrize(
    "actor", ["ada", "Ada Lovelace", "ada@acme.example", "ADA@Acme.Example", " @ADA ", "a\u200bda@acme.example"]
)
async def test_nobody_passes_a_post_of_their_own_whatever_they_are_called_in_it(store: Engine, actor: str) -> None:
    gate = a_gate(store, lambda: NOW_MS, replace(rules(policy=POLICY), called=rules_of(SETTINGS).called))
    await ask(gate)
    assert await says(store) is Told.DONE
    await gate.look()
    assert "obscenity" in codes(await ask(gate, actor=actor))
    assert "overridden" in codes(await ask(gate, actor="leo"))


async def test_whoever_wrote_a_post_is_remembered_when_it_is_asked_about_without_a_name(
    gate: Gate, store: Engine
) -> None:
    await ask(gate, actor="ada")
    await ask(gate)
    assert await says(store) is Told.OWN_POST


async def test_a_rejected_post_goes_by_an_editor_only_where_the_brand_says_so(store: Engine) -> None:
    policy = replace(POLICY, override_rejected=True)
    settings = replace(SETTINGS, brands={"acme": BrandSettings(policy=policy)})
    gate = a_gate(store, lambda: NOW_MS, rules(policy=policy))
    await ask(gate, REJECTED)
    told = await asyncio.to_thread(let_go, store, await stopped(store), "ada", "an example", settings, ROLES, NOW_MS)
    assert told is Told.DONE
    await gate.look()
    assert (await ask(gate, REJECTED)).decision is Verdict.ALLOW
    gate.close()


async def test_a_topic_is_approved_by_its_approvers_and_by_no_editor(gate: Gate, store: Engine) -> None:
    text = "Our tea cures colds"
    assert codes(await ask(gate, text)) == ["topic_not_approved"]
    id = await stopped(store)
    no = await asyncio.to_thread(approve, store, id, "health", "ada", "so", SETTINGS, ROLES, NOW_MS)
    yes = await asyncio.to_thread(approve, store, id, "health", "leo", "study 12", SETTINGS, ROLES, NOW_MS)
    assert (no, yes) == (Told.NOT_ALLOWED, Told.DONE)
    await gate.look()
    after = await ask(gate, text)
    assert (after.decision, codes(after)) == (Verdict.ALLOW, ["no_hold", "topic_approved"])
    assert after.reasons[1].text == "Leo approved health: study 12"


async def test_a_text_that_is_erased_is_asked_about_anew(gate: Gate, store: Engine) -> None:
    await ask(gate)
    id = await stopped(store)
    await says(store)
    await gate.look()
    with writing(store) as conn:
        gate_texts.erase_texts(conn, gate_texts.kept_before(NOW_MS + 1), NOW_MS + 1)
    assert (await ask(gate)).decision is Verdict.HOLD
    assert await says(store, id=id) is Told.ERASED
    with reading(store) as conn:
        row = conn.execute(select(schema.policy_posts).where(schema.policy_posts.c.id == id)).mappings().one()
    assert (row["text_hash"], row["links"], row["findings"]) == (None, None, None)


async def test_a_post_that_rides_on_the_anger_of_an_incident_is_held_for_it(gate: Gate, store: Engine) -> None:
    angry = replace(signal().evidence, terms=(Term("#acmefail", 40, 0.0),))
    crisis(store, brand="other", evidence=angry, at_ms=NOW_MS - 1_000)
    assert (await ask(gate, "Umbrellas, half the price! #AcmeFail")).decision is Verdict.ALLOW
    await gate.look()
    after = await ask(gate, "Umbrellas, half the price! #AcmeFail")
    assert (after.decision, codes(after)) == (Verdict.HOLD, ["tragedy"])
    assert "73 % are angry" in after.reasons[0].text


async def test_a_fault_of_the_policy_holds_and_the_next_post_is_read(store: Engine) -> None:
    def check(request: GateRequest) -> Checked:
        if request.post.id == "1":
            raise ValueError("a fault")
        return Checked(Verdict.ALLOW, ())

    gate = a_gate(store, lambda: NOW_MS, check=check)
    held = await ask(gate)
    assert (held.decision, codes(held)) == (Verdict.HOLD, ["policy_fault"])
    assert (await ask(gate, "x" * 5_000)).decision is Verdict.HOLD
    assert (await ask(gate, post="2")).decision is Verdict.ALLOW
    gate.close()


async def test_a_long_post_that_is_not_read_in_time_is_held_and_nobody_else_waits(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playbooks.gate.reader.READ_S", 0.2)
    go_on = threading.Event()

    def check(request: GateRequest) -> Checked:
        if request.post.id == "slow":
            go_on.wait(20)
        return Checked(Verdict.ALLOW, ())

    gate = a_gate(store, lambda: NOW_MS, check=check)
    slow = asyncio.create_task(ask(gate, "x" * 5_000, post="slow"))
    assert (await ask(gate, "short", post="2")).decision is Verdict.ALLOW
    held = await slow
    assert (held.decision, codes(held)) == (Verdict.HOLD, ["policy_too_slow"])
    go_on.set()
    gate.close()


async def test_the_canary_is_no_post_that_waits_for_an_editor(store: Engine) -> None:
    def check(request: GateRequest) -> Checked:
        return Checked(Verdict.HOLD, ())

    gate = a_gate(store, lambda: NOW_MS, check=check)
    await ask(gate, CHECK_TEXT)
    assert newest(store, 10) == []
    gate.close()


async def test_a_post_that_is_asked_about_again_and_again_is_one_row_with_what_was_found_last(
    gate: Gate, store: Engine
) -> None:
    answers = await asyncio.gather(*(ask(gate, post=str(number), actor=f"a{number}") for number in range(5)))
    assert {answer.decision for answer in answers} == {Verdict.HOLD}
    ((one, _),) = newest(store, 10)
    assert (one.times, set(one.authors)) == (5, {f"a{number}" for number in range(5)})
    assert GateReason(one.reasons[0]) is GateReason.OBSCENITY
