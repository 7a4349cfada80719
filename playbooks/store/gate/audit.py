"""The gate's audit in the store: a chain is begun, rows are appended with its head, everything can be read back.

The database refuses every UPDATE of a row, and every DELETE but behind a cut (`pruning.py`). Row and head are written
in one transaction, which is that of the decision itself: no answer leaves before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from playbooks.gate.audit import Begun, Head, Row, Seal, linked
from playbooks.gate.audit_cut import Cut
from playbooks.gate.audit_head import SealedHead, head_seal
from playbooks.store.engine import reading
from playbooks.store.gate.pruning import cuts_in
from playbooks.store.schema import gate_audit, gate_chains

#: Rows are read so many at a time: an audit may have millions.
_AT_ONCE = 10_000
#: Made once: the gate runs them for every answer, and making them costs more than running them.
_APPEND = insert(gate_audit)
_MOVE = (
    update(gate_chains)
    .where(gate_chains.c.chain == bindparam("mine"))
    .where(gate_chains.c.n == bindparam("was_n"), gate_chains.c.hash == bindparam("was_hash"))
    .values(n=bindparam("n"), hash=bindparam("hash"), at_ms=bindparam("at_ms"), seal=bindparam("seal"))
)


class NotAsLeft(Exception):
    """The chain does not reach where its writer left it: a backup was put in the store's place meanwhile."""

    def __init__(self, left: Head) -> None:
        super().__init__(f"the audit's chain {left.chain} does not reach row {left.n} any more")
        self.left = left


def heads_in(conn: Connection) -> dict[str, Head]:
    """How far each chain reaches, by chain."""
    rows = conn.execute(select(gate_chains).order_by(gate_chains.c.chain)).mappings()
    return {row["chain"]: Head(row["chain"], row["n"], row["hash"]) for row in rows}


def sealed_heads(engine: Engine) -> list[SealedHead]:
    """How far each chain reaches, with the seal that its head bears, by chain."""
    columns = (gate_chains.c.chain, gate_chains.c.n, gate_chains.c.hash, gate_chains.c.seal)
    with reading(engine) as conn:
        rows = conn.execute(select(*columns).order_by(gate_chains.c.chain)).mappings()
        return [SealedHead(**row) for row in rows]


def head_of(conn: Connection, chain: str) -> Head | None:
    """How far one chain reaches, None where it has not begun."""
    row = conn.execute(select(gate_chains).where(gate_chains.c.chain == chain)).mappings().first()
    return Head(chain, row["n"], row["hash"]) if row else None


def begin(conn: Connection, chain: str, now_ms: int, seal: Seal, left: Head | None = None) -> Head:
    """Begin a chain, whose first row names how far all others reach; `left` is how far its writer's last one did."""
    body = msgspec.json.encode(Begun(now_ms, tuple(heads_in(conn).values()), sealed=True, left=left)).decode()
    (row,) = linked(chain, 0, "", [body], seal)
    conn.execute(insert(gate_audit), msgspec.structs.asdict(row))
    head = Head(chain, 0, row.hash)
    values = {**msgspec.structs.asdict(head), "begun_ms": now_ms, "at_ms": now_ms, "seal": head_seal(head, seal)}
    conn.execute(insert(gate_chains).values(values))
    return head


def append(conn: Connection, head: Head, bodies: Sequence[str], now_ms: int, seal: Seal) -> Head:
    """Append rows and move the head; its new place. The chain is the caller's own: nobody else appends to it.

    Raises `NotAsLeft` where the store does not have the chain as far as `head`; the caller's transaction ends with it.
    """
    if not bodies:
        return head
    rows = list(linked(head.chain, head.n + 1, head.hash, bodies, seal))
    last = Head(head.chain, rows[-1].n, rows[-1].hash)
    was = {"mine": head.chain, "was_n": head.n, "was_hash": head.hash}
    moved = {"n": last.n, "hash": last.hash, "at_ms": now_ms, "seal": head_seal(last, seal)}
    if conn.execute(_MOVE, was | moved).rowcount != 1:
        raise NotAsLeft(head)
    conn.execute(_APPEND, [msgspec.structs.asdict(row) for row in rows])
    return last


def touch(conn: Connection, chain: str, now_ms: int) -> None:
    """Write something to a chain's head: its commit takes along what was written before."""
    conn.execute(update(gate_chains).where(gate_chains.c.chain == chain).values(at_ms=now_ms))


def read_audit(engine: Engine) -> tuple[dict[str, Head], Iterator[Row], list[Cut]]:
    """The heads, every row by chain and number, and the cuts, as they were at one moment.

    The rows must be read to their end, or closed: they hold a connection meanwhile.
    """
    rows = _rows(engine)
    first = next(rows)
    assert isinstance(first, tuple)
    heads, cuts = first
    return heads, (row for row in rows if isinstance(row, Row)), cuts


def _rows(engine: Engine) -> Iterator[tuple[dict[str, Head], list[Cut]] | Row]:
    with reading(engine) as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield heads_in(conn), cuts_in(conn)
        query = select(gate_audit).order_by(gate_audit.c.chain, gate_audit.c.n)
        for row in conn.execution_options(yield_per=_AT_ONCE).execute(query).mappings():
            yield Row(**row)
