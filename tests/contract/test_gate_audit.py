"""The gate's audit: every decision is in it before its answer leaves, and whatever is done to it is found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, delete, insert, select, update

from playbooks.gate.audit import AuditFault, AuditFinding, Decision, Head, Row, linked, seal_with, verify
from playbooks.gate.audit_cut import begins
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.service import Gate
from playbooks.labels import Verdict
from playbooks.secret import Secret
from playbooks.settings import StoreSettings
from playbooks.store.backups.backup import backup
from playbooks.store.backups.restore import restore
from playbooks.store.engine import open_store, writing
from playbooks.store.gate import texts as gate_texts
from playbooks.store.gate.audit import read_audit
from playbooks.store.incidents.erasing import Before, erase
from playbooks.store.schema import gate_audit, gate_chains
from streams.cli import main
from tests.parts.gate import CRISIS_TEAM, a_gate, rules
from tests.parts.holding import PLACED_MS, hold, put

PLAIN = seal_with(None)
KEYED = seal_with(Secret("a-key-of-the-audit"))


def asked(number: int, brand: str = "acme") -> GateRequest:
    return GateRequest(brand=brand, platform="x", post=OutgoingPost(id=f"post-{number}", text=f"Text {number}"))


async def ask(gate: Gate, *numbers: int) -> None:
    await asyncio.gather(*(gate.decide(asked(number)) for number in numbers))


def findings(engine: Engine, kept: tuple[Head, ...] = ()) -> list[AuditFinding]:
    heads, rows, cuts = read_audit(engine)
    after, wrong = begins(cuts, PLAIN)
    return wrong + verify(rows, heads, PLAIN, kept, after)


def rows_of(engine: Engine) -> list[Row]:
    return list(read_audit(engine)[1])


def tamper(engine: Engine, deed: Callable[[Connection], object]) -> None:
    """As somebody does who owns the database: the triggers are taken away first."""
    with writing(engine) as conn:
        if conn.dialect.name == "sqlite":
            for change in ("update", "delete"):
                conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS gate_audit_refuses_{change}")
        else:
            for change in ("change", "delete"):
                conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS gate_audit_refuses_{change} ON gate_audit")
        deed(conn)


async def test_every_decision_is_a_row_the_allowed_ones_too(store: Engine) -> None:
    gate = a_gate(store)
    assert (await gate.decide(asked(1))).decision is Verdict.ALLOW
    put(store, hold())
    await gate.decide(asked(2), CRISIS_TEAM)
    rows = rows_of(store)
    decisions = [msgspec.json.decode(row.body, type=Decision) for row in rows[1:]]
    assert [(one.caller, one.decision, one.asked.post, one.hold) for one in decisions] == [
        ("scheduler", "allow", "post-1", None),
        ("newsroom", "hold", "post-2", "hold-1"),
    ]
    assert findings(store) == []
    assert not any("Text" in row.body for row in rows), "texts are kept apart"


async def test_questions_that_come_together_are_written_in_one_commit_and_all_are_there(store: Engine) -> None:
    gate = a_gate(store)
    await ask(gate, *range(40))
    rows = rows_of(store)
    assert [row.n for row in rows] == list(range(41))
    assert findings(store) == []


async def test_a_decision_that_was_not_written_is_no_answer(store: Engine) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the row is not written")

    gate = a_gate(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playbooks.store.gate.audit.linked", refuse)
        with pytest.raises(RuntimeError):
            await gate.decide(asked(1))
    assert (await gate.decide(asked(1))).decision is Verdict.ALLOW
    assert findings(store) == []


async def test_a_gate_that_runs_on_over_a_restored_store_begins_a_new_chain(store: Engine, tmp_path: Path) -> None:
    gate, path = a_gate(store), tmp_path / "store.backup"
    await ask(gate, 1, 2)
    backup(store, path, PLACED_MS)
    await ask(gate, 3, 4, 5)
    restore(store, path, replace=True)
    put(store, hold())
    assert (await gate.decide(asked(3))).decision is Verdict.HOLD
    await ask(gate, 4)
    assert findings(store) == []
    old, new = (sorted(row.n for row in rows_of(store) if row.chain == chain) for chain in read_audit(store)[0])
    assert (old, new) == ([0, 1, 2], [0, 1, 2])
    (begun,) = (row.body for row in rows_of(store) if row.n == 0 and '"left":{' in row.body)
    assert '"n":5' in begun, "how far it had come before is in the audit, under its seal"


async def test_a_gate_that_could_not_write_while_the_store_was_restored_begins_a_new_chain_too(
    store: Engine, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the store is away")

    gate, path = a_gate(store), tmp_path / "store.backup"
    backup(store, path, PLACED_MS)
    await ask(gate, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playbooks.store.gate.audit.linked", refuse)
        with pytest.raises(RuntimeError):
            await gate.decide(asked(2))
    restore(store, path, replace=True)
    await ask(gate, 3)
    assert findings(store) == []
    assert next(iter(read_audit(store)[0]))[-2:] == "-2"


async def test_the_database_refuses_to_change_a_row(store: Engine) -> None:
    await ask(a_gate(store), 1)
    for change in (delete(gate_audit), update(gate_audit).values(body="{}")):
        with pytest.raises(Exception, match="append-only"), writing(store) as conn:
            conn.execute(change)


def _change(conn: Connection) -> None:
    row = conn.execute(select(gate_audit.c.body).where(gate_audit.c.n == 2)).scalar_one()
    other = row.replace('"allow"', '"hold"')
    conn.execute(update(gate_audit).where(gate_audit.c.n == 2).values(body=other))


def _change_and_seal(conn: Connection) -> None:
    _change(conn)
    row = Row(**conn.execute(select(gate_audit).where(gate_audit.c.n == 2)).mappings().one())
    (sealed,) = linked(row.chain, 2, row.prev, [row.body], PLAIN)
    conn.execute(update(gate_audit).where(gate_audit.c.n == 2).values(hash=sealed.hash))


def _take_out(conn: Connection) -> None:
    conn.execute(delete(gate_audit).where(gate_audit.c.n == 3))


def _take_out_and_close_up(conn: Connection) -> None:
    _take_out(conn)
    for n in (4, 5):
        conn.execute(update(gate_audit).where(gate_audit.c.n == n).values(n=n - 1))
    conn.execute(update(gate_chains).values(n=4))


def _put_in(conn: Connection) -> None:
    for n in (5, 4, 3):
        conn.execute(update(gate_audit).where(gate_audit.c.n == n).values(n=n + 1))
    before = Row(**conn.execute(select(gate_audit).where(gate_audit.c.n == 2)).mappings().one())
    (row,) = linked(before.chain, 3, before.hash, [before.body], PLAIN)
    conn.execute(insert(gate_audit).values(msgspec.structs.asdict(row)))
    conn.execute(update(gate_chains).values(n=6))


def _put_behind(conn: Connection) -> None:
    before = Row(**conn.execute(select(gate_audit).where(gate_audit.c.n == 5)).mappings().one())
    (row,) = linked(before.chain, 6, before.hash, [before.body], PLAIN)
    conn.execute(insert(gate_audit).values(msgspec.structs.asdict(row)))


def _cut_off(conn: Connection) -> None:
    conn.execute(delete(gate_audit).where(gate_audit.c.n >= 4))


def _take_all(conn: Connection) -> None:
    conn.execute(delete(gate_audit))


@pytest.mark.parametrize(
    ("deed", "fault", "n"),
    [
        (_change, AuditFault.CHANGED, 2),
        (_change_and_seal, AuditFault.BROKEN, 3),
        (_take_out, AuditFault.MISSING, 3),
        (_take_out_and_close_up, AuditFault.BROKEN, 3),
        (_put_in, AuditFault.INSERTED, 3),
        (_put_behind, AuditFault.INSERTED, 6),
        (_cut_off, AuditFault.CUT_OFF, 4),
        (_take_all, AuditFault.CUT_OFF, 0),
    ],
)
async def test_what_was_done_to_the_rows_is_found_and_said_where(
    store: Engine, deed: Callable[[Connection], object], fault: AuditFault, n: int
) -> None:
    await ask(a_gate(store), 1, 2, 3, 4, 5)
    assert findings(store) == []
    tamper(store, deed)
    found = findings(store)
    assert [(one.fault, one.n) for one in found] == [(fault, n)], found


async def test_a_whole_chain_that_is_gone_is_named_by_one_that_began_after_it(store: Engine) -> None:
    await ask(a_gate(store), 1)
    first = rows_of(store)[0].chain
    await ask(a_gate(store), 2)

    def take_chain(conn: Connection) -> None:
        conn.execute(delete(gate_audit).where(gate_audit.c.chain == first))
        conn.execute(delete(gate_chains).where(gate_chains.c.chain == first))

    tamper(store, take_chain)
    assert [(one.chain, one.fault) for one in findings(store)] == [(first, AuditFault.CHAIN_GONE)]


async def test_an_audit_that_was_written_anew_is_found_by_heads_that_were_put_away(store: Engine) -> None:
    await ask(a_gate(store), 1, 2, 3)
    kept = tuple(read_audit(store)[0].values())

    def write_anew(conn: Connection) -> None:
        rows = [Row(**row) for row in conn.execute(select(gate_audit).order_by(gate_audit.c.n)).mappings()]
        conn.execute(delete(gate_audit))
        bodies = [row.body.replace('"allow"', '"hold"') for row in rows]
        anew = list(linked(rows[0].chain, 0, "", bodies, PLAIN))
        conn.execute(insert(gate_audit), [msgspec.structs.asdict(row) for row in anew])
        conn.execute(update(gate_chains).values(hash=anew[-1].hash))

    tamper(store, write_anew)
    assert findings(store) == [], "the store alone cannot tell"
    assert [(one.fault, one.n) for one in findings(store, kept)] == [(AuditFault.CHANGED, 3)]


async def test_with_a_key_nobody_who_has_the_store_alone_can_seal_a_row(store: Engine) -> None:
    await ask(Gate(store, rules(), seal=KEYED), 1, 2)
    heads, rows, _ = read_audit(store)
    read = list(rows)
    assert verify(read, heads, KEYED) == []
    assert {one.fault for one in verify(read, heads, PLAIN)} == {AuditFault.CHANGED}


async def test_a_gate_that_begins_anew_begins_a_chain_that_names_the_others(store: Engine) -> None:
    await ask(a_gate(store), 1)
    await ask(a_gate(store), 2)
    assert len(read_audit(store)[0]) == 2
    assert findings(store) == []


async def test_texts_can_be_erased_and_the_audit_still_verifies(store: Engine) -> None:
    put(store, hold())
    await ask(a_gate(store, lambda: PLACED_MS), 1)
    decision = msgspec.json.decode(rows_of(store)[1].body, type=Decision)
    assert gate_texts.read_text(store, decision.asked.text_ref) == "Text 1"
    with writing(store) as conn:
        assert gate_texts.erase_texts(conn, gate_texts.of_post("x", "another"), PLACED_MS) == 0
    assert erase(store, Before(PLACED_MS + 1), "ada", "90 days are over", PLACED_MS + 2) == 1
    assert gate_texts.read_text(store, decision.asked.text_ref) is None
    assert findings(store) == []


def test_the_command_says_which_row_was_changed_and_ends_with_one(tmp_path: Path, migrated_sqlite: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    (tmp_path / "firebreak.yaml").write_text(f"store: {{url: 'sqlite:///{path}'}}\n")
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    asyncio.run(ask(a_gate(engine), 1, 2, 3))
    command = ["--config", str(tmp_path), "audit"]
    well = CliRunner().invoke(main, [*command, "verify"])
    assert (well.exit_code, "nothing was changed" in well.output) == (0, True), well.output
    heads = CliRunner().invoke(main, [*command, "heads"])
    (tmp_path / "heads").write_text(heads.output)
    tamper(engine, _change)
    engine.dispose()
    for more in ([], ["--heads", str(tmp_path / "heads")]):
        wrong = CliRunner().invoke(main, [*command, "verify", *more])
        assert wrong.exit_code == 1
        assert "changed" in wrong.output
        assert "row 2 was changed" in wrong.output


def _verified(tmp_path: Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["--config", str(tmp_path), "audit", "verify"])
    return done.exit_code, done.output


@pytest.fixture
def sealed(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The store of a gate with a key, which has answered five questions."""
    path = tmp_path / "store.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setenv("AUDIT_KEY", "a-key-of-the-audit")
    key = "gate: {audit_key: {env: AUDIT_KEY}}"
    (tmp_path / "firebreak.yaml").write_text(f"store: {{url: 'sqlite:///{path}'}}\n{key}\n")
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    asyncio.run(ask(Gate(engine, rules(), seal=KEYED), 1, 2, 3, 4, 5))
    return engine


def test_a_tail_that_was_cut_off_with_its_head_is_found_by_the_heads_seal(sealed: Engine, tmp_path: Path) -> None:
    assert _verified(tmp_path)[0] == 0, _verified(tmp_path)

    def cut_with_head(conn: Connection) -> None:
        conn.execute(delete(gate_audit).where(gate_audit.c.n > 3))
        last = conn.execute(select(gate_audit.c.hash).where(gate_audit.c.n == 3)).scalar_one()
        conn.execute(update(gate_chains).values(n=3, hash=last))

    tamper(sealed, cut_with_head)
    code, said = _verified(tmp_path)
    assert (code, "bad_head" in said, "does not bear the seal" in said) == (1, True, True), said
    tamper(sealed, lambda conn: conn.execute(update(gate_chains).values(seal="")))
    assert _verified(tmp_path)[0] == 1


def test_an_audit_that_was_emptied_is_not_called_good(sealed: Engine, tmp_path: Path) -> None:
    def empty(conn: Connection) -> None:
        conn.execute(delete(gate_audit))
        conn.execute(delete(gate_chains))

    tamper(sealed, empty)
    code, said = _verified(tmp_path)
    assert (code, "nothing to verify" in said, "nothing was changed" in said) == (1, True, False), said


def test_a_chain_of_an_older_version_is_good_where_a_later_one_names_its_head(sealed: Engine, tmp_path: Path) -> None:
    def as_before_seals(conn: Connection) -> None:
        row = Row(**conn.execute(select(gate_audit).where(gate_audit.c.n == 0)).mappings().one())
        conn.execute(delete(gate_audit))
        (first,) = linked(row.chain, 0, "", [row.body.replace(',"sealed":true', "")], KEYED)
        conn.execute(insert(gate_audit).values(msgspec.structs.asdict(first)))
        conn.execute(update(gate_chains).values(n=0, hash=first.hash, seal=""))

    tamper(sealed, as_before_seals)
    assert _verified(tmp_path)[0] == 1, "nobody vouches for it yet"
    asyncio.run(ask(Gate(sealed, rules(), seal=KEYED), 6))
    assert _verified(tmp_path)[0] == 0, _verified(tmp_path)
