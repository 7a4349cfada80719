"""The audit is kept as long as the settings say: what goes leaves a sealed cut, and what somebody takes is found."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, delete, func, insert, select, update

from playbooks.gate.audit import AuditFault, AuditFinding, Head, Seal, seal_with, verify
from playbooks.gate.audit_cut import Cut, begins
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.old_decisions import DAY_MS, forgetting
from playbooks.gate.service import Gate
from playbooks.holds.held_post import post_key
from playbooks.secret import Secret
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store, reading, writing
from playbooks.store.gate.audit import read_audit
from playbooks.store.gate.held_posts import read_post
from playbooks.store.gate.pruning import TEXTS_KNOWN_MS, cuts_in, prune
from playbooks.store.gate.texts import texts_in
from playbooks.store.incidents.erasing import Author, OnePost, erase
from playbooks.store.schema import gate_audit, gate_cuts, gate_texts
from streams.cli import main
from tests.parts.gate import rules
from tests.parts.holding import PLACED_MS, hold, put
from tests.parts.waiting import until

PLAIN = seal_with(None)
KEYED = seal_with(Secret("a-key-of-the-audit"))
LATER_MS = PLACED_MS + 40 * DAY_MS


class Days:
    """A gate and its clock."""

    def __init__(self, store: Engine, seal: Seal = PLAIN) -> None:
        self.now_ms, self._store, self.seal = PLACED_MS, store, seal
        self.gate = Gate(store, rules(), lambda: self.now_ms, seal)

    async def ask(self, *numbers: int, account: str = "acme_news") -> None:
        for number in numbers:
            post = OutgoingPost(id=f"post-{number}", text=f"Text {number}")
            await self.gate.decide(GateRequest(brand="acme", platform="x", account=account, post=post))

    def prune(self, before_ms: int, at_once: int = 100) -> int:
        return prune(self._store, before_ms, self.now_ms, self.seal, at_once)

    def findings(self, kept: tuple[Head, ...] = (), seal: Seal | None = None) -> list[AuditFinding]:
        heads, rows, cuts = read_audit(self._store)
        after, wrong = begins(cuts, seal or self.seal)
        return wrong + verify(rows, heads, seal or self.seal, kept, after)

    def rows(self) -> list[int]:
        return [row.n for row in read_audit(self._store)[1]]


@pytest.fixture(params=[PLAIN, KEYED], ids=["plain", "keyed"])
async def days(request: pytest.FixtureRequest, store: Engine) -> Days:
    made = Days(store, request.param)
    await made.ask(1, 2, 3)
    made.now_ms = LATER_MS
    await made.ask(4, 5)
    return made


async def test_what_is_old_goes_and_the_rest_verifies(days: Days) -> None:
    kept = tuple(read_audit(days._store)[0].values())
    assert days.prune(LATER_MS - DAY_MS) == 4  # the chain's beginning too
    assert days.rows() == [4, 5]
    assert days.findings(kept) == []
    await days.ask(6)
    assert days.rows() == [4, 5, 6]
    assert days.findings(kept) == []
    assert days.prune(LATER_MS - DAY_MS) == 0


async def test_it_goes_a_few_at_a_time_and_is_well_after_each(days: Days) -> None:
    for left in ([2, 3, 4, 5], [4, 5]):
        assert days.prune(LATER_MS - DAY_MS, at_once=2) == 2
        assert (days.rows(), days.findings()) == (left, [])


async def test_a_chain_that_is_old_as_a_whole_is_known_by_its_cut_alone(days: Days, store: Engine) -> None:
    assert days.prune(LATER_MS + 1) == 6
    assert (days.rows(), days.findings()) == ([], [])
    await days.ask(6)
    assert (days.rows(), days.findings()) == ([6], [])
    another = Days(store, days.seal)
    another.now_ms = LATER_MS
    await another.ask(7)
    assert another.findings() == []


async def test_heads_that_were_put_away_at_the_cut_are_held_against_it(days: Days) -> None:
    (head,) = read_audit(days._store)[0].values()
    days.prune(LATER_MS + 1)
    assert days.findings((head,)) == []
    other = Head(head.chain, head.n, "0" * 64)
    assert [one.fault for one in days.findings((other,))] == [AuditFault.CHANGED]


async def test_the_database_lets_nothing_go_that_is_not_behind_a_cut_and_moves_no_cut_back(days: Days) -> None:
    days.prune(LATER_MS - DAY_MS)
    with pytest.raises(Exception, match="append-only"), writing(days._store) as conn:
        conn.execute(delete(gate_audit))
    for deed in (delete(gate_cuts), update(gate_cuts).values(n=1)):
        with pytest.raises(Exception, match="only move on"), writing(days._store) as conn:
            conn.execute(deed)


@pytest.mark.parametrize("made", ["without a cut", "with a cut of their own", "with a cut that was moved on"])
async def test_rows_that_somebody_takes_by_hand_are_missed(days: Days, made: str) -> None:
    if made == "with a cut that was moved on":
        assert days.prune(LATER_MS - DAY_MS, at_once=1) == 1
    (head,) = read_audit(days._store)[0].values()
    row = list(read_audit(days._store)[1])[-3]
    with writing(days._store) as conn:
        if made == "without a cut":
            forged = Cut(head.chain, 3, row.hash, LATER_MS, "")
            conn.execute(insert(gate_cuts).values({**_plain(forged)}))
        elif made == "with a cut of their own":
            conn.execute(insert(gate_cuts).values(_plain(Cut(head.chain, 3, row.hash, LATER_MS, "f" * 64))))
        else:
            conn.execute(update(gate_cuts).values(n=3, hash=row.hash))
        conn.execute(delete(gate_audit).where(gate_audit.c.n <= 3))
    found = days.findings()
    assert [(one.fault, one.n) for one in found] == [(AuditFault.BAD_CUT, 3), (AuditFault.MISSING, 0)], found


async def test_rows_that_are_put_before_a_cut_are_found(days: Days) -> None:
    (first, *_) = read_audit(days._store)[1]
    days.prune(LATER_MS - DAY_MS)
    with writing(days._store) as conn:
        conn.execute(insert(gate_audit).values(_plain(first)))
    assert [(one.fault, one.n) for one in days.findings()] == [(AuditFault.INSERTED, 0)]


async def test_a_cut_that_another_key_sealed_is_no_cut(store: Engine) -> None:
    days = Days(store, KEYED)
    await days.ask(1, 2)
    days.prune(LATER_MS)
    assert AuditFault.BAD_CUT in {one.fault for one in days.findings(seal=PLAIN)}


async def test_texts_go_with_their_rows_but_for_those_of_posts_that_were_held(store: Engine) -> None:
    days = Days(store)
    await days.ask(1)
    put(store, hold())
    await days.ask(2)
    days.prune(PLACED_MS + TEXTS_KNOWN_MS + 1)
    with writing(store) as conn:
        held = read_post(conn, post_key("", "acme", "x", "post-2"))
        assert held is not None
        assert texts_in(conn, [held.text_ref]) == {held.text_ref: "Text 2"}
        assert conn.execute(select(func.count()).select_from(gate_texts)).scalar_one() == 1
    # The same text again is kept anew once the old one may have gone.
    days.now_ms += TEXTS_KNOWN_MS
    await days.ask(1)
    with reading(store) as conn:
        assert conn.execute(select(func.count()).select_from(gate_texts)).scalar_one() == 2


async def test_the_gate_lets_old_decisions_go_beside_its_answers_and_with_zero_days_none(days: Days) -> None:
    async with forgetting(days._store, 0, days.seal, lambda: LATER_MS + 1000 * DAY_MS):
        await asyncio.sleep(0)
    assert len(days.rows()) == 6
    async with forgetting(days._store, 30, days.seal, lambda: LATER_MS):
        await until(lambda: days.rows() == [4, 5], "what is old is gone")
    assert days.findings() == []


def test_verify_accepts_the_cut_and_says_what_went(tmp_path: Path, migrated_sqlite: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    (tmp_path / "firebreak.yaml").write_text(f"store: {{url: 'sqlite:///{path}'}}\n")
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    days = Days(engine)
    asyncio.run(days.ask(1, 2, 3))
    days.prune(PLACED_MS + 1, at_once=2)
    command = ["--config", str(tmp_path), "audit", "verify"]
    well = CliRunner().invoke(main, command)
    assert well.exit_code == 0, well.output
    assert "2 older rows went by gate.audit_days" in well.output
    with writing(engine) as conn:
        conn.execute(update(gate_cuts).values(n=3))
        conn.execute(delete(gate_audit).where(gate_audit.c.n <= 3))
    engine.dispose()
    wrong = CliRunner().invoke(main, command)
    assert wrong.exit_code == 1
    assert "does not bear the seal" in wrong.output


@pytest.mark.parametrize("what", [OnePost("x", "post-1"), Author("@Acme_News"), Author("acme_news", "x")])
async def test_erasing_a_post_or_an_author_reaches_the_texts_of_the_gate(store: Engine, what: OnePost | Author) -> None:
    days = Days(store)
    put(store, hold())
    await days.ask(1)
    await days.ask(2, account="acme_jobs")
    assert erase(store, what, "ada", "Asked for", PLACED_MS) == 1
    assert erase(store, what, "ada", "Asked for", PLACED_MS) == 0
    with reading(store) as conn:
        left = conn.execute(select(gate_texts.c.text, gate_texts.c.name).order_by(gate_texts.c.name)).all()
        assert [tuple(one) for one in left] == [(None, ""), ('"Text 2"', '"post-2"')]
        assert cuts_in(conn) == []
    assert days.findings() == []


def _plain(row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}  # type: ignore[attr-defined]
